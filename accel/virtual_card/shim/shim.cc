// SPDX-License-Identifier: Apache-2.0
//
// What happens when libsta_virtual_xrt.so is loaded, and what it exports.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "accel/virtual_card/shim/card_rack.h"
#include "accel/virtual_card/shim/card_spec.h"
#include "accel/virtual_card/shim/control_channel.h"
#include "accel/virtual_card/shim/virtual_system.h"
#include "accel/virtual_card/shim/xrt_tables.h"
#include "strings/str_cat.h"

namespace sta::virtual_xrt {
namespace {

// What this process has of virtual cards.
class Shim {
 public:
  Shim() : status_(Start()) {}

  std::string Control(std::string_view line) {
    if (!status_.ok()) return StrCat("error ", StdView(status_.message()));
    return rack_->Control(line);
  }

 private:
  absl::Status Start();
  absl::Status MakeCards();
  absl::StatusOr<std::vector<VirtualCard*>> CardsUnless(const absl::Status& status) const {
    if (!status.ok()) return status;
    return rack_->cards();
  }

  std::unique_ptr<CardRack> rack_;
  std::unique_ptr<ControlChannel> channel_;
  std::unique_ptr<VirtualSystem> system_;
  const absl::Status status_;  // last: it is made of the others
};

absl::Status Shim::Start() {
  // Nothing of another XRT may be called, not even to say so.
  if (absl::Status status = CheckXrtTables(); !status.ok()) {
    std::fprintf(stderr, "libsta_virtual_xrt.so: %s\n", std::string(status.message()).c_str());
    return status;
  }
  absl::Status status = MakeCards();
  try {
    system_ = std::make_unique<VirtualSystem>(CardsUnless(status));
  } catch (const std::exception& exception) {
    return absl::FailedPreconditionError(
        StrCat("XRT has cards of another kind already: ", exception.what()));
  }
  return status;
}

absl::Status Shim::MakeCards() {
  const absl::StatusOr<SystemSpec> spec = ReadSystemSpec(std::getenv("STA_VIRTUAL_CARDS"));
  if (!spec.ok()) return spec.status();
  std::error_code error;
  std::filesystem::create_directories(spec->directory, error);
  if (error) {
    return absl::UnavailableError(
        StrCat("cannot make the directory ", spec->directory, ": ", error.message()));
  }
  rack_ = std::make_unique<CardRack>(*spec);
  absl::StatusOr<std::unique_ptr<ControlChannel>> channel = ControlChannel::Listen(
      spec->directory + "/control", [this](std::string_view line) { return rack_->Control(line); });
  // Where another process has these cards too, the channel is that of the first.
  if (absl::IsFailedPrecondition(channel.status())) return absl::OkStatus();
  if (!channel.ok()) return channel.status();
  channel_ = *std::move(channel);
  return absl::OkStatus();
}

// Never destroyed: programs may hold devices until after static objects are.
Shim& shim = *new Shim;

}  // namespace
}  // namespace sta::virtual_xrt

// One line of the control channel. Returns 0 for "ok" and 1 for "error"; `reply` is cut to `size`
// bytes, a zero at their end.
extern "C" __attribute__((visibility("default"))) int sta_virtual_card_control(const char* line,
                                                                               char* reply,
                                                                               size_t size) {
  const std::string answer = sta::virtual_xrt::shim.Control(line);
  if (size > 0) {
    const size_t length = std::min(size - 1, answer.size());
    std::memcpy(reply, answer.data(), length);
    reply[length] = '\0';
  }
  return answer.starts_with("ok") ? 0 : 1;
}
