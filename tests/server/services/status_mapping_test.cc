// SPDX-License-Identifier: Apache-2.0
#include "server/services/status_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sta {
namespace {

TEST(StatusMappingTest, MapsEveryCodeAndLetsNoUnknownOut) {
  struct Case {
    absl::StatusCode ours;
    grpc::StatusCode theirs;
    std::string_view name;
  };
  for (const Case& c : {
           Case{absl::StatusCode::kOk, grpc::OK, "OK"},
           Case{absl::StatusCode::kCancelled, grpc::CANCELLED, "CANCELLED"},
           Case{absl::StatusCode::kUnknown, grpc::INTERNAL, "INTERNAL"},
           Case{absl::StatusCode::kInvalidArgument, grpc::INVALID_ARGUMENT, "INVALID_ARGUMENT"},
           Case{absl::StatusCode::kDeadlineExceeded, grpc::DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"},
           Case{absl::StatusCode::kNotFound, grpc::NOT_FOUND, "NOT_FOUND"},
           Case{absl::StatusCode::kAlreadyExists, grpc::ALREADY_EXISTS, "ALREADY_EXISTS"},
           Case{absl::StatusCode::kPermissionDenied, grpc::PERMISSION_DENIED, "PERMISSION_DENIED"},
           Case{absl::StatusCode::kResourceExhausted, grpc::RESOURCE_EXHAUSTED,
                "RESOURCE_EXHAUSTED"},
           Case{absl::StatusCode::kFailedPrecondition, grpc::FAILED_PRECONDITION,
                "FAILED_PRECONDITION"},
           Case{absl::StatusCode::kAborted, grpc::ABORTED, "ABORTED"},
           Case{absl::StatusCode::kOutOfRange, grpc::OUT_OF_RANGE, "OUT_OF_RANGE"},
           Case{absl::StatusCode::kUnimplemented, grpc::UNIMPLEMENTED, "UNIMPLEMENTED"},
           Case{absl::StatusCode::kInternal, grpc::INTERNAL, "INTERNAL"},
           Case{absl::StatusCode::kUnavailable, grpc::UNAVAILABLE, "UNAVAILABLE"},
           Case{absl::StatusCode::kDataLoss, grpc::DATA_LOSS, "DATA_LOSS"},
           Case{absl::StatusCode::kUnauthenticated, grpc::UNAUTHENTICATED, "UNAUTHENTICATED"},
           Case{static_cast<absl::StatusCode>(77), grpc::INTERNAL, "INTERNAL"},
       }) {
    const grpc::Status mapped = ToGrpcStatus(absl::Status(c.ours, "why"));
    EXPECT_EQ(mapped.error_code(), c.theirs) << static_cast<int>(c.ours);
    EXPECT_EQ(mapped.error_message(), c.theirs == grpc::OK ? "" : "why");
    EXPECT_EQ(GrpcCodeName(c.theirs), c.name);
  }
  EXPECT_EQ(GrpcCodeName(grpc::UNKNOWN), "INTERNAL");
}

TEST(StatusMappingTest, CutsLongMessagesAtACharacter) {
  const std::string fits(kMaxStatusMessageBytes, 'x');
  EXPECT_EQ(ToGrpcStatus(absl::InternalError(fits)).error_message(), fits);
  EXPECT_EQ(ToGrpcStatus(absl::InternalError(fits + "y")).error_message(),
            std::string(kMaxStatusMessageBytes - 3, 'x') + "...");

  // Two-byte characters, one across the cut: 1 + 2 * 510 = 1021 bytes would fit, 1 + 2 * 511 not.
  std::string umlauts = "x";
  for (int i = 0; i < 600; ++i) umlauts += "\xc3\xa4";
  const std::string message = ToGrpcStatus(absl::InternalError(umlauts)).error_message();
  EXPECT_EQ(message, umlauts.substr(0, 1021) + "...");
  const std::string shifted = ToGrpcStatus(absl::InternalError("x" + umlauts)).error_message();
  EXPECT_EQ(shifted, ("x" + umlauts).substr(0, 1020) + "...");
}

}  // namespace
}  // namespace sta
