// SPDX-License-Identifier: Apache-2.0
//
// Times as the status page tells them: "2026-11-30 10:31:07 UTC". Pure.
#ifndef SERVER_STATUS_PAGE_STATUS_TIME_H_
#define SERVER_STATUS_PAGE_STATUS_TIME_H_

#include <string>

#include "absl/time/time.h"

namespace sta {

inline std::string StatusTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

}  // namespace sta

#endif  // SERVER_STATUS_PAGE_STATUS_TIME_H_
