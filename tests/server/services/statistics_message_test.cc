// SPDX-License-Identifier: Apache-2.0
#include "server/services/statistics_message.h"

#include <string>
#include <vector>

#include "strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

class StatisticsMessageTest : public testing::Test {
 protected:
  void SetUp() override {
    Add("a", 1, ModelState::kUnloaded);
    Add("a", 2, ModelState::kReady);
    Add("a", 3, ModelState::kReady);
    Add("b", 1, ModelState::kReady);
    Add("c", 1, ModelState::kFailed);
  }

  void Add(const std::string& name, int64_t version, ModelState state) {
    ModelStatus status;
    status.name = name;
    status.version = version;
    status.state = state;
    status.memory_bytes = state == ModelState::kReady ? 4096 : 0;
    registry_.Set(status);
  }

  absl::Status Ask(const std::string& name, const std::string& version = "") {
    inference::ModelStatisticsRequest request;
    request.set_name(name);
    request.set_version(version);
    response_.Clear();
    return FillStatistics(request, registry_, statistics_, response_);
  }

  std::vector<std::string> Versions() const {
    std::vector<std::string> versions;
    for (const auto& model : response_.model_stats()) {
      versions.push_back(StrCat(model.name(), "/", model.version()));
    }
    return versions;
  }

  ModelRegistry registry_;
  ModelStatistics statistics_;
  inference::ModelStatisticsResponse response_;
};

TEST_F(StatisticsMessageTest, TellsOfWhatIsReadyOrNamed) {
  ASSERT_THAT(Ask(""), IsOk());
  EXPECT_THAT(Versions(), ElementsAre("a/3", "a/2", "b/1"));
  ASSERT_THAT(Ask("a"), IsOk());
  EXPECT_THAT(Versions(), ElementsAre("a/3", "a/2"));
  ASSERT_THAT(Ask("a", "1"), IsOk());
  EXPECT_THAT(Versions(), ElementsAre("a/1"));
  ASSERT_THAT(Ask("c"), IsOk());
  EXPECT_THAT(Versions(), IsEmpty());
}

TEST_F(StatisticsMessageTest, RefusesWhatIsNotThere) {
  EXPECT_THAT(Ask("nobody"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Ask("a", "9"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Ask("a", "0x1"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Versions(), IsEmpty());
}

TEST_F(StatisticsMessageTest, TellsCountsAndNanoseconds) {
  statistics_.CountAnswer("b", 1,
                          {.arrived = absl::FromUnixMillis(1234),
                           .rows = 3,
                           .total = absl::Nanoseconds(100),
                           .queue = absl::Nanoseconds(1),
                           .input = absl::Nanoseconds(2),
                           .compute = absl::Nanoseconds(4),
                           .output = absl::Nanoseconds(8)});
  statistics_.CountFailure("b", 1, absl::FromUnixMillis(1000), absl::Nanoseconds(16));
  statistics_.CountBatch("b", 1, 3, absl::Nanoseconds(4));
  ASSERT_THAT(Ask("b"), IsOk());
  const inference::ModelStatistics& model = response_.model_stats(0);
  EXPECT_EQ(model.last_inference(), 1234U);
  EXPECT_EQ(model.inference_count(), 3U);
  EXPECT_EQ(model.execution_count(), 1U);
  const inference::InferStatistics& times = model.inference_stats();
  EXPECT_EQ(times.success().count(), 1U);
  EXPECT_EQ(times.success().ns(), 100U);
  EXPECT_EQ(times.fail().count(), 1U);
  EXPECT_EQ(times.fail().ns(), 16U);
  EXPECT_EQ(times.queue().ns(), 1U);
  EXPECT_EQ(times.compute_input().ns(), 2U);
  EXPECT_EQ(times.compute_infer().ns(), 4U);
  EXPECT_EQ(times.compute_output().ns(), 8U);
  ASSERT_EQ(model.memory_usage_size(), 1);
  EXPECT_EQ(model.memory_usage(0).type(), "CPU");
  EXPECT_EQ(model.memory_usage(0).byte_size(), 4096U);
}

TEST_F(StatisticsMessageTest, TellsBatchesBySizeAndTheirTimeOnDevices) {
  statistics_.CountBatch("b", 1, 3, absl::Nanoseconds(40));
  statistics_.CountBatch("b", 1, 1, absl::Nanoseconds(10));
  statistics_.CountBatch("b", 1, 3, absl::Nanoseconds(50));
  ASSERT_THAT(Ask("b"), IsOk());
  const inference::ModelStatistics& model = response_.model_stats(0);
  EXPECT_EQ(model.execution_count(), 3U);
  ASSERT_EQ(model.batch_stats_size(), 2);
  EXPECT_EQ(model.batch_stats(0).batch_size(), 1U);
  EXPECT_EQ(model.batch_stats(0).compute_infer().count(), 1U);
  EXPECT_EQ(model.batch_stats(0).compute_infer().ns(), 10U);
  EXPECT_EQ(model.batch_stats(1).batch_size(), 3U);
  EXPECT_EQ(model.batch_stats(1).compute_infer().count(), 2U);
  EXPECT_EQ(model.batch_stats(1).compute_infer().ns(), 90U);
  EXPECT_FALSE(model.batch_stats(1).has_compute_input());
  EXPECT_FALSE(model.batch_stats(1).has_compute_output());
}

TEST_F(StatisticsMessageTest, TellsHowLongAnswersTookAndWhatWaits) {
  statistics_.CountAnswer("b", 1, {.total = absl::Microseconds(70)});
  statistics_.CountQueued("b", 1, 2, 30);
  statistics_.CountQueued("a", 3, -1, -1);
  ASSERT_THAT(Ask(""), IsOk());
  const inference::ModelStatistics& model = response_.model_stats(2);
  ASSERT_EQ(model.name(), "b");
  const std::vector<double> bounds = DurationBuckets();
  EXPECT_THAT(model.latency().bound_seconds(), ElementsAreArray(bounds));
  ASSERT_EQ(model.latency().count_size(), static_cast<int>(bounds.size()) + 1);
  EXPECT_EQ(model.latency().count(0), 0U);
  EXPECT_EQ(model.latency().count(1), 1U);  // over 50 us, up to 100
  EXPECT_EQ(model.queued_requests(), 2U);
  EXPECT_EQ(model.queued_tokens(), 30U);
  EXPECT_EQ(response_.model_stats(0).queued_requests(), 0U);  // it will be: changes may cross
}

TEST_F(StatisticsMessageTest, ZerosWhereNothingWasAsked) {
  ASSERT_THAT(Ask("b"), IsOk());
  EXPECT_EQ(response_.model_stats(0).last_inference(), 0U);
  EXPECT_EQ(response_.model_stats(0).inference_stats().success().count(), 0U);
}

}  // namespace
}  // namespace sta
