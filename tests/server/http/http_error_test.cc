// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/batching/retry_after.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(HttpErrorTest, EveryCodeHasItsStatus) {
  const std::vector<std::pair<StatusCode, int>> cases = {
      {StatusCode::kOk, 200},
      {StatusCode::kCancelled, 499},
      {StatusCode::kUnknown, 500},
      {StatusCode::kInvalidArgument, 400},
      {StatusCode::kDeadlineExceeded, 504},
      {StatusCode::kNotFound, 404},
      {StatusCode::kAlreadyExists, 409},
      {StatusCode::kPermissionDenied, 403},
      {StatusCode::kResourceExhausted, 429},
      {StatusCode::kFailedPrecondition, 400},
      {StatusCode::kAborted, 409},
      {StatusCode::kOutOfRange, 400},
      {StatusCode::kUnimplemented, 501},
      {StatusCode::kInternal, 500},
      {StatusCode::kUnavailable, 503},
      {StatusCode::kDataLoss, 500},
      {StatusCode::kUnauthenticated, 401},
  };
  for (const auto& [code, status] : cases) EXPECT_EQ(HttpStatusOf(code), status) << code;
}

TEST(HttpErrorTest, TheMessageIsAJsonString) {
  const HttpResponse response = ErrorResponse(absl::NotFoundError("no \"x\"\n"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, R"({"error":"no \"x\"\n"})");
  EXPECT_THAT(response.headers, IsEmpty());
  EXPECT_EQ(ErrorResponse(absl::NotFoundError("\xff")).body, "{\"error\":\"\xEF\xBF\xBD\"}");
  EXPECT_LT(ErrorResponse(absl::NotFoundError(std::string(5000, 'x'))).body.size(), 1100U);
}

TEST(HttpErrorTest, SaysWhenToTryAgain) {
  absl::Status status = absl::ResourceExhaustedError("full");
  SetRetryAfter(absl::Milliseconds(1200), status);
  EXPECT_THAT(ErrorResponse(status).headers,
              ElementsAre(Pair("Retry-After", "2"), Pair("retry-after-ms", "1200")));
  absl::Status soon = absl::ResourceExhaustedError("full");
  SetRetryAfter(absl::ZeroDuration(), soon);
  EXPECT_THAT(ErrorResponse(soon).headers,
              ElementsAre(Pair("Retry-After", "1"), Pair("retry-after-ms", "1")));
}

TEST(HttpErrorTest, OpenAisFormHasTypeAndMember) {
  struct Case {
    absl::Status status;
    std::string body;
  };
  const std::vector<Case> cases = {
      {absl::InvalidArgumentError("input[3]: is no text"),
       R"({"error":{"message":"input[3]: is no text","type":"invalid_request_error",)"
       R"("param":"input","code":null}})"},
      {absl::InvalidArgumentError("dimensions: 7"),
       R"({"error":{"message":"dimensions: 7","type":"invalid_request_error",)"
       R"("param":"dimensions","code":null}})"},
      {absl::InvalidArgumentError("inputs"),
       R"({"error":{"message":"inputs","type":"invalid_request_error","param":null,"code":null}})"},
      {absl::NotFoundError("no"),
       R"({"error":{"message":"no","type":"invalid_request_error","param":null,)"
       R"("code":"model_not_found"}})"},
      {absl::UnauthenticatedError("no"),
       R"({"error":{"message":"no","type":"authentication_error","param":null,"code":null}})"},
      {absl::PermissionDeniedError("no"),
       R"({"error":{"message":"no","type":"permission_error","param":null,"code":null}})"},
      {absl::ResourceExhaustedError("no"),
       R"({"error":{"message":"no","type":"rate_limit_error","param":null,"code":null}})"},
      {absl::UnavailableError("no"),
       R"({"error":{"message":"no","type":"server_error","param":null,"code":null}})"},
  };
  for (const Case& c : cases) EXPECT_EQ(OpenAiErrorResponse(c.status).body, c.body);
}

TEST(HttpErrorTest, SaysHowToShowWhoOneIs) {
  EXPECT_THAT(ErrorResponse(absl::UnauthenticatedError("")).headers,
              ElementsAre(Pair("WWW-Authenticate", "Bearer")));
}

}  // namespace
}  // namespace sta
