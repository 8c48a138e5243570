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

std::string_view OpenAiType(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 429:
      return "rate_limit_error";
    default:
      return status < 500 ? "invalid_request_error" : "server_error";
  }
}

// The member of an embeddings request that a message is about; empty: of none.
std::string_view ParamOf(std::string_view message) {
  for (const std::string_view param : {"dimensions", "encoding_format", "input", "model"}) {
    if (!message.starts_with(param)) continue;
    const std::string_view rest = message.substr(param.size());
    if (rest.starts_with(": ") || rest.starts_with("[")) return param;
  }
  return "";
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

HttpResponse OpenAiErrorResponse(const absl::Status& status) {
  HttpResponse response = StatusResponse(status);
  const std::string message = ToGrpcStatus(status).error_message();
  const std::string_view param = ParamOf(message);
  response.body =
      StrCat("{\"error\":{\"message\":", JsonString(message),
             ",\"type\":", JsonString(OpenAiType(response.status)),
             ",\"param\":", param.empty() ? "null" : JsonString(param),
             ",\"code\":", response.status == 404 ? "\"model_not_found\"" : "null", "}}");
  return response;
}

}  // namespace sta
