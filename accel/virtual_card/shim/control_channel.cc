// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/control_channel.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "strings/str_cat.h"

namespace sta::virtual_xrt {
namespace {

// A client that sends more without an end of line is no client of ours.
constexpr size_t kLongestLine = 4096;

// False when the client has gone.
bool SendAll(int client, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = send(client, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ControlChannel>> ControlChannel::Listen(const std::string& path,
                                                                       Handler handler) {
  sockaddr_un address = {.sun_family = AF_UNIX};
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(StrCat("the path of the control socket, ", path,
                                             ", is longer than ", sizeof(address.sun_path) - 1,
                                             " bytes"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  absl::StatusOr<std::unique_ptr<FileLock>> lock = FileLock::Acquire(path + ".lock");
  if (!lock.ok()) return lock.status();
  unlink(path.c_str());  // left by a process that was killed
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int stop = eventfd(0, EFD_CLOEXEC);
  std::unique_ptr<ControlChannel> channel(
      new ControlChannel(path, std::move(handler), *std::move(lock), listener, stop));
  constexpr int kWaitingClients = 8;
  if (listener < 0 || stop < 0 ||
      bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener, kWaitingClients) != 0) {
    return absl::UnavailableError(StrCat("cannot listen at ", path, ": ", std::strerror(errno)));
  }
  channel->thread_ = std::thread([channel = channel.get()] { channel->Loop(); });
  return channel;
}

ControlChannel::ControlChannel(std::string path, Handler handler, std::unique_ptr<FileLock> lock,
                               int listener, int stop)
    : path_(std::move(path)),
      handler_(std::move(handler)),
      lock_(std::move(lock)),
      listener_(listener),
      stop_(stop) {}

ControlChannel::~ControlChannel() {
  if (thread_.joinable()) {
    eventfd_write(stop_, 1);
    thread_.join();
    unlink(path_.c_str());
  }
  if (listener_ >= 0) close(listener_);
  if (stop_ >= 0) close(stop_);
}

bool ControlChannel::WaitFor(int descriptor) const {
  pollfd waits[] = {{.fd = descriptor, .events = POLLIN}, {.fd = stop_, .events = POLLIN}};
  while (poll(waits, std::size(waits), -1) < 0) {
  }
  return waits[1].revents == 0;
}

void ControlChannel::Loop() {
  while (WaitFor(listener_)) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;  // it has left already
    Serve(client);
    close(client);
  }
}

void ControlChannel::Serve(int client) {
  std::string received;
  while (received.size() <= kLongestLine && WaitFor(client)) {
    char buffer[512];
    const ssize_t size = recv(client, buffer, sizeof(buffer), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    received.append(buffer, static_cast<size_t>(size));
    for (size_t end; (end = received.find('\n')) != std::string::npos;) {
      const std::string answer = handler_(std::string_view(received).substr(0, end));
      if (!SendAll(client, answer + "\n")) return;
      received.erase(0, end + 1);
    }
  }
}

}  // namespace sta::virtual_xrt
