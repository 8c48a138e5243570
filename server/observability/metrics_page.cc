// SPDX-License-Identifier: Apache-2.0
#include "server/observability/metrics_page.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <exception>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr absl::Duration kBetweenKnocks = absl::Milliseconds(2);

// Connects and closes, if somebody listens there. An unspecified address is this host.
void Knock(const addrinfo& address) {
  const int connection = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (connection < 0) return;
  // Its outcome does not matter: civetweb has seen it, or is gone.
  static_cast<void>(connect(connection, address.ai_addr, address.ai_addrlen));
  close(connection);
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsPage>> MetricsPage::Open(const std::string& host, int port) {
  const std::string address =
      host.find(':') == std::string::npos ? StrCat(host, ":", port) : StrCat("[", host, "]:", port);
  try {
    return std::unique_ptr<MetricsPage>(
        new MetricsPage(std::make_unique<prometheus::Exposer>(address, /*num_threads=*/1), host));
  } catch (const std::exception& error) {
    return absl::UnavailableError(
        StrCat("cannot serve metrics on ", address, ": ", std::string(error.what())));
  }
}

MetricsPage::MetricsPage(std::unique_ptr<prometheus::Exposer> exposer, std::string host)
    : exposer_(std::move(exposer)),
      host_(std::move(host)),
      port_(exposer_->GetListeningPorts().front()) {}

MetricsPage::~MetricsPage() {
  absl::Notification stopped;
  std::thread stopping([&] {
    exposer_.reset();
    stopped.Notify();
  });
  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* address = nullptr;
  if (getaddrinfo(host_.c_str(), StrCat(port_).c_str(), &hints, &address) == 0) {
    // More than once: civetweb may take one before it knows that it is to stop.
    do {
      Knock(*address);
    } while (!stopped.WaitForNotificationWithTimeout(kBetweenKnocks));
    freeaddrinfo(address);
  }
  stopping.join();
}

}  // namespace sta
