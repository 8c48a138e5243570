// SPDX-License-Identifier: Apache-2.0
#include "client/commands/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sta::client {
namespace {

using testing::EndsWith;

TEST(FailureTest, SaysWhatToTry) {
  const FailureContext remote{
      .command = "embed", .is_remote = true, .server = "host:1", .timeout = absl::Seconds(3)};
  struct Case {
    absl::Status status;
    const char* ending;
  };
  const Case cases[] = {
      {absl::UnavailableError("failed to connect to all addresses"),
       "cannot reach a server at host:1; is sta-server running there? try --server HOST:PORT"},
      {absl::UnavailableError(
           "failed to connect to all addresses; last error: Ssl handshake failed"),
       "the TLS handshake with host:1 failed; see --tls-ca, --tls-cert and the server's "
       "certificate"},
      {absl::UnavailableError("model is loading"), "try again in a moment"},
      {absl::DeadlineExceededError("Deadline Exceeded"),
       "the limit was 3s; try a longer --timeout"},
      {absl::NotFoundError("model 'x' is not known"), "NOT_FOUND: model 'x' is not known"},
      {absl::UnimplementedError(""), "is it an sta-server?"},
      {absl::InvalidArgumentError("bad shape"), "INVALID_ARGUMENT: bad shape"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(DescribeFailure(c.status, remote), EndsWith(c.ending)) << c.status;
  }
}

TEST(FailureTest, IsOneLineAndGivesNoAdviceAboutServersOffline) {
  EXPECT_EQ(DescribeFailure(absl::NotFoundError("no\nmanifest"), {.command = "verify"}),
            "stactl verify: NOT_FOUND: no manifest");
}

}  // namespace
}  // namespace sta::client
