// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_error.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/time/time.h"
#include "server/batching/retry_after.h"
#include "server/services/status_mapping.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

struct HttpCode {
  absl::StatusCode code;
  int status;
};

constexpr std::array kHttpCodes = {
    HttpCode{absl::StatusCode::kOk, 200},
    HttpCode{absl::StatusCode::kCancelled, 499},
    HttpCode{absl::StatusCode::kInvalidArgument, 400},
    HttpCode{absl::StatusCode::kDeadlineExceeded, 504},
    HttpCode{absl::StatusCode::kNotFound, 404},
    HttpCode{absl::StatusCode::kAlreadyExists, 409},
    HttpCode{absl::StatusCode::kPermissionDenied, 403},
    HttpCode{absl::StatusCode::kUnauthenticated, 401},
    HttpCode{absl::StatusCode::kResourceExhausted, 429},
    HttpCode{absl::StatusCode::kFailedPrecondition, 400},
    HttpCode{absl::StatusCode::kAborted, 409},
    HttpCode{absl::StatusCode::kOutOfRange, 400},
    HttpCode{absl::StatusCode::kUnimplemented, 501},
    HttpCode{absl::StatusCode::kUnavailable, 503},
};

// The response but for its body.
HttpResponse StatusResponse(const absl::Status& status) {
  HttpResponse response{.status = HttpStatusOf(status.code())};
  if (const std::optional<absl::Duration> wait = RetryAfterOf(status)) {
    const int64_t seconds = absl::ToInt64Seconds(absl::Ceil(*wait, absl::Seconds(1)));
    response.headers.emplace_back("Retry-After", StrCat(std::max<int64_t>(seconds, 1)));
    response.headers.emplace_back("retry-after-ms", StrCat(absl::ToInt64Milliseconds(*wait)));
  }
  if (absl::IsUnauthenticated(status)) {
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
  }
  return response;
}

}  // namespace

int HttpStatusOf(absl::StatusCode code) {
  const auto found = std::ranges::find(kHttpCodes, code, &HttpCode::code);
  return found == kHttpCodes.end() ? 500 : found->status;
}

std::string JsonString(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

HttpResponse ErrorResponse(const absl::Status& status) {
  HttpResponse response = StatusResponse(status);
  response.body = StrCat("{\"error\":", JsonString(ToGrpcStatus(status).error_message()), "}");
  return response;
}

}  // namespace sta
