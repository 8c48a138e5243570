// SPDX-License-Identifier: Apache-2.0
//
// A Status of what a call of XRT throws. Internal to accel/xrt.
//
//   absl::Status status = Catch("start a run", [&] { run.start(); });
#ifndef ACCEL_XRT_EXCEPTION_STATUS_H_
#define ACCEL_XRT_EXCEPTION_STATUS_H_

#include <cerrno>
#include <exception>
#include <new>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "strings/str_cat.h"

namespace sta {

// RESOURCE_EXHAUSTED where memory is short, else UNAVAILABLE; with `action` and XRT's words.
template <typename Call>
absl::Status Catch(std::string_view action, const Call& call) {
  try {
    call();
    return absl::OkStatus();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(StrCat(action, ": the card's memory is full"));
  } catch (const std::system_error& error) {
    if (error.code().value() == ENOMEM) {
      return absl::ResourceExhaustedError(StrCat(action, ": ", error.what()));
    }
    return absl::UnavailableError(
        StrCat(action, ": ", error.what(), " (error ", error.code().value(), ")"));
  } catch (const std::exception& error) {
    return absl::UnavailableError(StrCat(action, ": ", error.what()));
  } catch (...) {
    return absl::UnavailableError(StrCat(action, ": XRT threw something unknown"));
  }
}

}  // namespace sta

#endif  // ACCEL_XRT_EXCEPTION_STATUS_H_
