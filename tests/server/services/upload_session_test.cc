// SPDX-License-Identifier: Apache-2.0
#include "server/services/upload_session.h"

#include <string>

#include "model_store/store/upload_status.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using Step = UploadSession::Step;
using Action = UploadSession::Action;

const absl::Time kStart = absl::FromUnixSeconds(1'000'000);

v1::UploadRequest Chunk(const std::string& upload_id, const std::string& file,
                        const std::string& data) {
  v1::UploadRequest message;
  message.set_upload_id(upload_id);
  message.set_file(file);
  message.set_data(data);
  return message;
}

class UploadSessionTest : public testing::Test {
 protected:
  static UploadProgress Progress(int64_t received) {
    return {.received_bytes = received, .size_bytes = 1'000'000};
  }

  // To where the next message is read, with `received` bytes stored.
  void Open(int64_t received = 0) {
    ASSERT_EQ(session_.Begin(kStart).step, Step::kRead);
    ASSERT_EQ(session_.OnMessage(Chunk("u", "", ""), kStart).step, Step::kOpen);
    ASSERT_EQ(session_.OnOpened(Progress(received), kStart).step, Step::kRead);
  }

  static void ExpectFinish(const Action& action, StatusCode code, const std::string& part) {
    EXPECT_EQ(action.step, Step::kFinish);
    EXPECT_THAT(action.status, StatusIs(code, HasSubstr(part)));
  }

  UploadSession session_{{.patience = absl::Seconds(60), .least_bytes = 100}};
};

TEST_F(UploadSessionTest, StoresChunkAfterChunkAndCommitsWhenAllIsThere) {
  EXPECT_EQ(session_.Begin(kStart).step, Step::kRead);
  EXPECT_EQ(session_.OnMessage(Chunk("u", "a", "xy"), kStart).step, Step::kOpen);
  EXPECT_EQ(session_.upload_id(), "u");
  EXPECT_EQ(session_.OnOpened(UploadProgress{0, 3}, kStart).step, Step::kAppend);
  EXPECT_EQ(session_.OnAppended(UploadProgress{2, 3}, kStart).step, Step::kRead);
  EXPECT_EQ(session_.OnMessage(Chunk("", "a", "z"), kStart).step, Step::kAppend);
  EXPECT_EQ(session_.OnAppended(UploadProgress{3, 3}, kStart).step, Step::kCommit);
  EXPECT_FALSE(session_.is_finished());
  const Action end = session_.OnCommitted(absl::OkStatus());
  EXPECT_EQ(end.step, Step::kFinish);
  EXPECT_THAT(end.status, IsOk());
  EXPECT_TRUE(session_.is_finished());
}

TEST_F(UploadSessionTest, CommitsAtOnceWhereNothingIsMissing) {
  session_.Begin(kStart);
  EXPECT_EQ(session_.OnMessage(Chunk("u", "", ""), kStart).step, Step::kOpen);
  EXPECT_EQ(session_.OnOpened(UploadProgress{3, 3}, kStart).step, Step::kCommit);
  ExpectFinish(session_.OnCommitted(absl::DataLossError("bad hash")), StatusCode::kDataLoss,
               "bad hash");
}

TEST_F(UploadSessionTest, RefusesAFirstMessageWithoutAGoodUploadId) {
  for (const auto& [id, part] : {std::pair<std::string, std::string>{"", "upload_id: is empty"},
                                 {std::string(129, 'x'), "129 bytes are over the limit of 128"}}) {
    UploadSession session({});
    session.Begin(kStart);
    ExpectFinish(session.OnMessage(Chunk(id, "a", "x"), kStart), StatusCode::kInvalidArgument,
                 part);
  }
}

TEST_F(UploadSessionTest, RefusesAStreamWithoutAMessage) {
  session_.Begin(kStart);
  ExpectFinish(session_.OnEndOfStream(), StatusCode::kInvalidArgument, "without a message");
}

TEST_F(UploadSessionTest, RefusesChunksThatAreNone) {
  struct Case {
    std::string name;
    v1::UploadRequest message;
    std::string part;
  };
  for (const Case& bad :
       {Case{"no file", Chunk("", "", "x"), "file: is empty"},
        Case{"no data", Chunk("", "a", ""), "data: is empty"},
        Case{"nothing at all", Chunk("", "", ""), "file: is empty"},
        Case{"too much", Chunk("", "a", std::string(static_cast<size_t>(kMaxChunkBytes) + 1, 'x')),
             "4194305 bytes are over the limit of 4194304"}}) {
    SCOPED_TRACE(bad.name);
    UploadSession session({});
    session.Begin(kStart);
    session.OnMessage(Chunk("u", "", ""), kStart);
    session.OnOpened(Progress(0), kStart);
    EXPECT_EQ(session.OnMessage(bad.message, kStart).step, Step::kSync);  // keeps what came before
    ExpectFinish(session.OnSynced(absl::OkStatus()), StatusCode::kInvalidArgument, bad.part);
  }
}

// Nothing is asked of the disk for a stream whose first message is bad.
TEST_F(UploadSessionTest, RefusesABadChunkInTheFirstMessage) {
  session_.Begin(kStart);
  ExpectFinish(session_.OnMessage(Chunk("u", "a", ""), kStart), StatusCode::kInvalidArgument,
               "data: is empty");
}

TEST_F(UploadSessionTest, TakesTheLargestChunk) {
  Open();
  EXPECT_EQ(
      session_
          .OnMessage(Chunk("", "a", std::string(static_cast<size_t>(kMaxChunkBytes), 'x')), kStart)
          .step,
      Step::kAppend);
}

TEST_F(UploadSessionTest, EndsWithWhatTheStoreSays) {
  session_.Begin(kStart);
  session_.OnMessage(Chunk("u", "a", "x"), kStart);
  ExpectFinish(session_.OnOpened(absl::NotFoundError("no such upload"), kStart),
               StatusCode::kNotFound, "no such upload");
}

TEST_F(UploadSessionTest, SyncsBeforeItTellsAnErrorOfAChunk) {
  Open();
  session_.OnMessage(Chunk("", "a", "x"), kStart);
  EXPECT_EQ(session_.OnAppended(absl::OutOfRangeError("begins at 7"), kStart).step, Step::kSync);
  ExpectFinish(session_.OnSynced(absl::OkStatus()), StatusCode::kOutOfRange, "begins at 7");
}

TEST_F(UploadSessionTest, TellsHowMuchIsThereWhenTheStreamEndsEarly) {
  Open(400);
  EXPECT_EQ(session_.OnEndOfStream().step, Step::kSync);
  ExpectFinish(session_.OnSynced(absl::OkStatus()), StatusCode::kFailedPrecondition,
               "400 of 1000000 bytes");
}

TEST_F(UploadSessionTest, TellsThatWhatCameMayBeLostWhereTheSyncFails) {
  Open(400);
  session_.OnEndOfStream();
  ExpectFinish(session_.OnSynced(absl::DataLossError("I/O error")), StatusCode::kFailedPrecondition,
               "may be lost: I/O error");
}

TEST_F(UploadSessionTest, AnUploadThatWasGivenUpHasNothingToKeep) {
  Open();
  session_.OnMessage(Chunk("", "a", "x"), kStart);
  session_.OnAppended(absl::NotFoundError("no such upload"), kStart);
  const Action end = session_.OnSynced(absl::NotFoundError("no such upload"));
  EXPECT_EQ(end.status, absl::NotFoundError("no such upload"));
}

TEST_F(UploadSessionTest, StopsAtOnceWhileItReads) {
  Open();
  EXPECT_EQ(session_.Stop(absl::AbortedError("taken over")).step, Step::kSync);
  EXPECT_EQ(session_.Stop(absl::CancelledError("later")).step, Step::kNothing);
  ExpectFinish(session_.OnSynced(absl::OkStatus()), StatusCode::kAborted, "taken over");
  EXPECT_EQ(session_.Stop(absl::CancelledError("later")).step, Step::kNothing);
}

TEST_F(UploadSessionTest, StopsBeforeItHasOpenedWithoutADisk) {
  session_.Begin(kStart);
  ExpectFinish(session_.Stop(absl::UnavailableError("shutting down")), StatusCode::kUnavailable,
               "shutting down");
}

TEST_F(UploadSessionTest, StopsWhenTheOpeningHasEnded) {
  session_.Begin(kStart);
  session_.OnMessage(Chunk("u", "a", "x"), kStart);
  EXPECT_EQ(session_.Stop(absl::CancelledError("gone")).step, Step::kNothing);
  EXPECT_EQ(session_.OnOpened(Progress(0), kStart).step, Step::kSync);
  ExpectFinish(session_.OnSynced(absl::OkStatus()), StatusCode::kCancelled, "gone");
}

TEST_F(UploadSessionTest, StopsWhenTheChunkIsStored) {
  Open();
  session_.OnMessage(Chunk("", "a", "x"), kStart);
  EXPECT_EQ(session_.Stop(absl::CancelledError("gone")).step, Step::kNothing);
  // Even the last one: nobody is there to be told of a version.
  EXPECT_EQ(session_.OnAppended(Progress(1'000'000), kStart).step, Step::kSync);
  ExpectFinish(session_.OnSynced(absl::OkStatus()), StatusCode::kCancelled, "gone");
}

TEST_F(UploadSessionTest, ACommitThatHasBegunIsCarriedOut) {
  Open();
  session_.OnMessage(Chunk("", "a", "x"), kStart);
  EXPECT_EQ(session_.OnAppended(Progress(1'000'000), kStart).step, Step::kCommit);
  EXPECT_EQ(session_.Stop(absl::UnavailableError("shutting down")).step, Step::kNothing);
  EXPECT_THAT(session_.OnCommitted(absl::OkStatus()).status, IsOk());
}

TEST_F(UploadSessionTest, AMessageAfterTheEndChangesNothing) {
  Open();
  session_.Stop(absl::AbortedError("taken over"));
  EXPECT_EQ(session_.OnMessage(Chunk("", "a", "x"), kStart).step, Step::kNothing);
  EXPECT_EQ(session_.OnEndOfStream().step, Step::kNothing);
  EXPECT_EQ(session_.OnTime(absl::InfiniteFuture()).step, Step::kNothing);
}

TEST_F(UploadSessionTest, ASilentClientIsWaitedForOnce) {
  EXPECT_EQ(session_.Begin(kStart).deadline, kStart + absl::Seconds(60));
  EXPECT_EQ(session_.OnTime(kStart + absl::Seconds(59)).step, Step::kNothing);
  ExpectFinish(session_.OnTime(kStart + absl::Seconds(60)), StatusCode::kDeadlineExceeded,
               "less than 100 bytes came in 1m");
}

// 100 bytes must come in 60 seconds of waiting; these are 30 at a time.
TEST_F(UploadSessionTest, AByteAMinuteKeepsNoStream) {
  Open();
  absl::Time now = kStart;
  for (const int waited_s : {25, 25}) {
    now += absl::Seconds(waited_s);
    ASSERT_EQ(session_.OnMessage(Chunk("", "a", std::string(30, 'x')), now).step, Step::kAppend);
    now += absl::Seconds(1000);  // the disk's time, not the client's
    ASSERT_EQ(session_.OnAppended(Progress(30), now).step, Step::kRead);
  }
  EXPECT_EQ(session_.OnTime(now + absl::Seconds(9)).step, Step::kNothing);
  EXPECT_EQ(session_.OnTime(now + absl::Seconds(10)).step, Step::kSync);
  ExpectFinish(session_.OnSynced(absl::OkStatus()), StatusCode::kDeadlineExceeded,
               "30 bytes of the upload are kept");
}

TEST_F(UploadSessionTest, EnoughBytesBuyANewMinute) {
  Open();
  const absl::Time late = kStart + absl::Seconds(59);
  session_.OnMessage(Chunk("", "a", std::string(100, 'x')), late);
  EXPECT_EQ(session_.OnAppended(Progress(100), late).deadline, late + absl::Seconds(60));
}

TEST_F(UploadSessionTest, AClockThatGoesBackGivesNoTimeBack) {
  Open();
  const absl::Time later = kStart + absl::Seconds(20);
  session_.OnMessage(Chunk("", "a", "x"), later);
  session_.OnAppended(Progress(1), later);
  session_.OnMessage(Chunk("", "a", "x"), kStart - absl::Hours(1));
  EXPECT_EQ(session_.OnAppended(Progress(2), kStart).deadline, kStart + absl::Seconds(40));
}

}  // namespace
}  // namespace sta
