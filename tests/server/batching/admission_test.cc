// SPDX-License-Identifier: Apache-2.0
#include "server/batching/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/batching/retry_after.h"
#include "tests/server/batching/test_job.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr absl::Duration kMs = absl::Milliseconds(1);

// A request on the way into the queues, which have what the test has put there.
struct Request {
  std::string client = "client";
  int64_t tokens = 10;
  absl::Duration deadline = absl::InfiniteDuration();  // from now on
  absl::Duration begin = absl::ZeroDuration();         // by the devices' estimates
  absl::Duration end = kMs;
};

class AdmissionTest : public testing::Test {
 protected:
  void Start(const AdmissionOptions& options) { admission_.emplace(options); }

  Admission::Decision Decide(const Request& request) {
    return admission_->Decide(CandidateOf(request), queues_, now_);
  }
  Admission::Decision DecideEarly(const Request& request) {
    return admission_->DecideEarly(CandidateOf(request), 50, queues_, now_);
  }
  void Queue(const std::string& client, size_t tokens,
             const std::shared_ptr<const ServedModel>& model) {
    queues_.Add(TestJob(model, {tokens}, {.client = client}));
  }
  // Three times what is worked off, until that is an overload.
  void Overload() {
    for (int i = 0; i < 1000; ++i, now_ += kMs) {
      Decide({.tokens = 90});
      admission_->OnOver(30, now_);
    }
  }

  const std::shared_ptr<const ServedModel> model_ = TestModel("m");
  const std::shared_ptr<const ServedModel> other_ = TestModel("other");
  QueueSet queues_{4096, absl::ZeroDuration()};
  std::optional<Admission> admission_;
  absl::Time now_ = kTestNow;

 private:
  Admission::Candidate CandidateOf(const Request& request) {
    client_ = request.client;
    return {.model = model_,
            .newcomer = {.client = client_,
                         .deadline = now_ + request.deadline,
                         .tokens = request.tokens},
            .outlook = Outlook{.begin = request.begin, .end = request.end}};
  }

  std::string client_;
};

TEST_F(AdmissionTest, BoundsTheQueueOfAModel) {
  Start({.max_queue_tokens = 100, .max_queue_requests = 3});
  Queue("client", 60, model_);
  Queue("client", 500, other_);  // does not count
  EXPECT_THAT(Decide({.tokens = 40}).status, IsOk());
  const auto tokens = Decide({.tokens = 41, .begin = 60 * kMs, .end = 99 * kMs});
  EXPECT_THAT(tokens.status,
              StatusIs(StatusCode::kResourceExhausted,
                       HasSubstr("has 41 tokens and 60 of at most 100 are queued for model 'm'")));
  EXPECT_EQ(tokens.reason, RejectReason::kQueueFull);
  // Too many by one token, and the devices take 60 ms for the 560 before it.
  EXPECT_EQ(RetryAfterOf(tokens.status), kMs);
  Queue("client", 1, model_);
  Queue("client", 1, model_);
  const auto requests = Decide({.tokens = 1});
  EXPECT_THAT(requests.status,
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("3 requests are queued")));
  EXPECT_TRUE(RetryAfterOf(requests.status).has_value());
}

TEST_F(AdmissionTest, WhatNeverFitsIsNotToBeTriedAgain) {
  Start({.max_queue_tokens = 100});
  EXPECT_EQ(RetryAfterOf(Decide({.tokens = 101}).status), std::nullopt);
}

TEST_F(AdmissionTest, BoundsAllQueuesTogether) {
  Start({.max_total_queue_tokens = 100, .max_total_queue_requests = 3});
  Queue("client", 30, model_);
  Queue("client", 30, other_);
  EXPECT_THAT(Decide({.tokens = 40}).status, IsOk());
  const auto tokens = Decide({.tokens = 41});
  EXPECT_THAT(tokens.status, StatusIs(StatusCode::kResourceExhausted,
                                      HasSubstr("2 requests with 60 tokens are queued for all")));
  EXPECT_EQ(tokens.reason, RejectReason::kServerFull);
  EXPECT_TRUE(RetryAfterOf(tokens.status).has_value());
  Queue("client", 1, other_);
  EXPECT_EQ(Decide({.tokens = 1}).reason, RejectReason::kServerFull);
}

TEST_F(AdmissionTest, AFullQueueMakesRoomForAClientThatHasLess) {
  Start({.max_queue_tokens = 100});
  for (int i = 0; i < 10; ++i) Queue("flood", 10, model_);
  EXPECT_EQ(Decide({.client = "flood"}).reason, RejectReason::kQueueFull);
  const auto decision = Decide({.client = "small", .tokens = 15});
  EXPECT_THAT(decision.status, IsOk());
  EXPECT_THAT(decision.victims, SizeIs(2));
  // What is only asked costs nobody his place.
  EXPECT_THAT(DecideEarly({.client = "small", .tokens = 15}).victims, IsEmpty());
  EXPECT_THAT(DecideEarly({.client = "small", .tokens = 15}).status, IsOk());
}

TEST_F(AdmissionTest, RefusesWhatCannotBeInTime) {
  Start({});
  const auto late = Decide({.deadline = 29 * kMs, .begin = 10 * kMs, .end = 40 * kMs});
  EXPECT_THAT(late.status, StatusIs(StatusCode::kDeadlineExceeded,
                                    HasSubstr("take about 40ms, and the deadline is in 29ms")));
  EXPECT_EQ(late.reason, RejectReason::kTooLate);
  EXPECT_EQ(RetryAfterOf(late.status), std::nullopt);
  // An estimate may be wrong by a quarter.
  EXPECT_THAT(Decide({.deadline = 30 * kMs, .begin = 10 * kMs, .end = 40 * kMs}).status, IsOk());
  const auto expired = Decide({.deadline = absl::ZeroDuration()});
  EXPECT_EQ(expired.reason, RejectReason::kExpired);
  EXPECT_THAT(expired.status, StatusIs(StatusCode::kDeadlineExceeded, testing::_));
}

TEST_F(AdmissionTest, LimitsTheRateOfAClient) {
  Start({.client_rate = {.tokens_per_second = 100}});
  EXPECT_THAT(Decide({.tokens = 149}).status, IsOk());
  EXPECT_THAT(Decide({.client = "other"}).status, IsOk());
  const auto limited = DecideEarly({});
  EXPECT_THAT(limited.status,
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("try again in 500ms")));
  EXPECT_EQ(limited.reason, RejectReason::kRateLimited);
  EXPECT_EQ(RetryAfterOf(Decide({}).status), 500 * kMs);
}

TEST_F(AdmissionTest, AnOverloadBoundsTheWait) {
  Start({.overload_wait = 20 * kMs});
  EXPECT_THAT(Decide({.begin = absl::Seconds(5), .end = absl::Seconds(6)}).status, IsOk());
  EXPECT_EQ(admission_->OldestAllowed(now_), absl::InfinitePast());
  Overload();
  const auto refused = Decide({.begin = 150 * kMs, .end = 151 * kMs});
  EXPECT_THAT(refused.status, StatusIs(StatusCode::kResourceExhausted,
                                       HasSubstr("overloaded and the request would wait for")));
  EXPECT_EQ(refused.reason, RejectReason::kOverloaded);
  EXPECT_GE(RetryAfterOf(refused.status), 100 * kMs);
  EXPECT_THAT(Decide({.begin = 19 * kMs, .end = 20 * kMs}).status, IsOk());
  EXPECT_LT(admission_->OldestAllowed(now_), now_ - 39 * kMs);
  EXPECT_GT(admission_->OldestAllowed(now_), now_ - absl::Seconds(1));
  EXPECT_TRUE(RetryAfterOf(Admission::WaitedTooLong()).has_value());
}

TEST_F(AdmissionTest, InAnOverloadAWaitOfAFewRequestsIsAllowed) {
  Start({.overload_wait = kMs});
  for (int i = 0; i < 1000; ++i) Decide({.tokens = 0, .end = 50 * kMs});
  for (int i = 0; i < 1000; ++i, now_ += kMs) {
    Decide({.tokens = 90, .end = 50 * kMs});
    admission_->OnOver(30, now_);
  }
  EXPECT_EQ(Decide({.begin = 250 * kMs, .end = 300 * kMs}).reason, RejectReason::kOverloaded);
  EXPECT_THAT(Decide({.begin = 180 * kMs, .end = 230 * kMs}).status, IsOk());
}

TEST_F(AdmissionTest, WithoutAWaitNothingIsAnOverload) {
  Start({.overload_wait = absl::ZeroDuration()});
  Overload();
  EXPECT_THAT(Decide({.begin = absl::Seconds(5), .end = absl::Seconds(6)}).status, IsOk());
  EXPECT_EQ(admission_->OldestAllowed(now_), absl::InfinitePast());
}

TEST_F(AdmissionTest, WhatIsRefusedBeforeItIsCountedIsAskedForAllTheSame) {
  Start({.overload_wait = 20 * kMs});
  Overload();
  for (int i = 0; i < 1000; ++i, now_ += kMs) {
    EXPECT_EQ(DecideEarly({.begin = absl::Seconds(1), .end = absl::Seconds(1)}).reason,
              RejectReason::kOverloaded);
    admission_->OnOver(30, now_);
  }
  // So is the end of the overload seen.
  for (int i = 0; i < 1000; ++i, now_ += kMs) {
    Decide({.tokens = 30});
    admission_->OnOver(30, now_);
  }
  EXPECT_THAT(DecideEarly({.begin = absl::Seconds(1), .end = absl::Seconds(1)}).status, IsOk());
}

}  // namespace
}  // namespace sta
