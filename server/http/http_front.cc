// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_front.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/config/build_version.h"

namespace sta {
namespace {

HttpServiceOptions ServiceOptions(const Settings& settings) {
  return {.server_version = std::string(kBuildVersion),
          .limits = {.max_rows_per_request = settings.max_rows_per_request,
                     .max_reply_bytes = settings.max_message_bytes,
                     .max_shared_bytes = settings.max_message_bytes},
          .serving_limits = {.max_rows_per_request = settings.max_rows_per_request,
                             .max_queue_requests = settings.max_queue_requests,
                             .max_queue_delay = settings.max_queue_delay}};
}

}  // namespace

HttpFront::HttpFront(const Settings& settings, const HttpFrontParts& parts)
    : listen_(settings.http_listen),
      limits_({.max_body_bytes = settings.max_message_bytes}),
      metrics_(parts.backend.metrics),
      memory_(std::max(settings.request_memory / 2, 2 * settings.max_message_bytes)),
      service_({.backend = parts.backend,
                .access = parts.access,
                .draining = parts.draining,
                .memory = memory_},
               ServiceOptions(settings)) {}

absl::Status HttpFront::Open(const TlsIdentityStore* tls) {
  if (listen_.empty()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<HttpServer>> server =
      HttpServer::Start(listen_, {.tls = tls, .memory = memory_, .metrics = metrics_}, limits_,
                        [this](const std::shared_ptr<HttpCall>& call) { service_.Handle(call); });
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  return absl::OkStatus();
}

std::vector<Address> HttpFront::addresses() const {
  return server_ != nullptr ? server_->addresses() : std::vector<Address>();
}

void HttpFront::Shutdown(absl::Time deadline) {
  if (server_ != nullptr) server_->Shutdown(deadline);
}

}  // namespace sta
