// SPDX-License-Identifier: Apache-2.0
//
// ControlChannel: a Unix socket through which other processes control the cards of this one: a line
// in, a line out, as often as the client likes.
//
//   ControlChannel channel("/run/cards/control", [&](std::string_view line) { return ...; });
//
// Serves one client at a time on a thread of its own. The destructor closes the connection, if any.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_CONTROL_CHANNEL_H_
#define ACCEL_VIRTUAL_CARD_SHIM_CONTROL_CHANNEL_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/statusor.h"
#include "accel/virtual_card/shim/file_lock.h"

namespace sta::virtual_xrt {

class ControlChannel {
 public:
  // The answer to a line, both without their end. Called on the channel's thread.
  using Handler = std::function<std::string(std::string_view line)>;

  // Listens at `path`, in the place of a process that has ended and left its socket there.
  // FAILED_PRECONDITION: another process listens there; INVALID_ARGUMENT: the path is too long for
  // a socket; UNAVAILABLE: it cannot be made.
  static absl::StatusOr<std::unique_ptr<ControlChannel>> Listen(const std::string& path,
                                                                Handler handler);
  ~ControlChannel();
  ControlChannel(const ControlChannel&) = delete;
  ControlChannel& operator=(const ControlChannel&) = delete;

 private:
  ControlChannel(std::string path, Handler handler, std::unique_ptr<FileLock> lock, int listener,
                 int stop);

  void Loop();
  // Answers lines until the client leaves, or the channel closes.
  void Serve(int client);
  // Blocks until `descriptor` can be read; false when the channel closes.
  bool WaitFor(int descriptor) const;

  const std::string path_;
  const Handler handler_;
  const std::unique_ptr<FileLock> lock_;
  const int listener_;
  const int stop_;  // an eventfd
  std::thread thread_;
};

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_CONTROL_CHANNEL_H_
