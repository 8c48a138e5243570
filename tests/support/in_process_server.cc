// SPDX-License-Identifier: Apache-2.0
#include "tests/support/in_process_server.h"

#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <sstream>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr absl::Duration kLoadLimit = absl::Seconds(60);

absl::Status WaitUntilReady(const std::string& address) {
  const auto health = grpc::health::v1::Health::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kLoadLimit));
  const auto watch = health->Watch(&context, {});
  grpc::health::v1::HealthCheckResponse response;
  while (watch->Read(&response)) {
    if (response.status() != grpc::health::v1::HealthCheckResponse::SERVING) continue;
    context.TryCancel();
    watch->Finish();
    return absl::OkStatus();
  }
  return absl::DeadlineExceededError("the models do not become ready");
}

// The page, headers and all; empty where there is none.
std::string Fetch(const Address& address) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in server = {.sin_family = AF_INET,
                        .sin_port = htons(static_cast<uint16_t>(address.port)),
                        .sin_addr = {},
                        .sin_zero = {}};
  inet_pton(AF_INET, address.host.c_str(), &server.sin_addr);
  constexpr std::string_view kRequest = "GET /metrics HTTP/1.0\r\n\r\n";
  std::string page;
  if (connect(connection, reinterpret_cast<const sockaddr*>(&server), sizeof(server)) == 0 &&
      send(connection, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) == std::ssize(kRequest)) {
    std::array<char, 4096> part;
    for (ssize_t size = 0; (size = recv(connection, part.data(), part.size(), 0)) > 0;) {
      page.append(part.data(), static_cast<size_t>(size));
    }
  }
  close(connection);
  return page;
}

}  // namespace

absl::StatusOr<std::unique_ptr<InProcessServer>> InProcessServer::Start(Settings settings) {
  settings.listen = {{"127.0.0.1", 0}};
  settings.http_listen = {{"127.0.0.1", 0}};
  settings.metrics = {"127.0.0.1", 0};
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(settings);
  if (!server.ok()) return server.status();
  auto started = std::unique_ptr<InProcessServer>(new InProcessServer(*std::move(server)));
  if (absl::Status ready = WaitUntilReady(started->address()); !ready.ok()) return ready;
  return started;
}

absl::StatusOr<double> InProcessServer::Metric(const std::string& name) const {
  std::istringstream page(Fetch(server_->metrics_address()));
  double sum = 0;
  bool is_there = false;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with(name) || line.size() == name.size()) continue;
    if (const char next = line[name.size()]; next != '{' && next != ' ') continue;
    double value = 0;
    if (!absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &value)) continue;
    is_there = true;
    sum += value;
  }
  if (is_there) return sum;
  return absl::UnavailableError(StrCat("the metrics page has no ", name));
}

}  // namespace sta
