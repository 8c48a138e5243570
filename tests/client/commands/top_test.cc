// SPDX-License-Identifier: Apache-2.0
//
// stactl top: its rates, and how it shows them.
#include "client/commands/top.h"

#include <numeric>

#include "client/commands/top_rates.h"
#include "tests/client/commands/run_stactl.h"
#include "tests/support/fake_inference_server.h"
#include "tests/support/status_matchers.h"

namespace sta::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr absl::Duration kMillisecond = absl::Milliseconds(1);

TopView ViewAt(int second, ModelTotals totals) {
  totals.name = "m";
  totals.version = 3;
  return {.totals = {std::move(totals)},
          .devices = {.time = absl::FromUnixSeconds(second),
                      .counting_since = absl::FromUnixSeconds(0)}};
}

const ModelVersion kVersion = {.name = "m", .version = 3, .state = "READY"};

TEST(TopRatesTest, AreThoseBetweenTwoViews) {
  const TopView before = ViewAt(10, {.rows = 100,
                                     .answered = 10,
                                     .failed = 5,
                                     .total_time = 50 * kMillisecond,
                                     .queue_time = 20 * kMillisecond,
                                     .compute_time = 10 * kMillisecond});
  const TopView now = ViewAt(14, {.rows = 180,
                                  .answered = 18,
                                  .failed = 7,
                                  .total_time = 90 * kMillisecond,
                                  .queue_time = 28 * kMillisecond,
                                  .compute_time = 34 * kMillisecond});
  const std::optional<ModelRates> rates = RatesOf(kVersion, now, &before);
  ASSERT_TRUE(rates.has_value());
  EXPECT_EQ(rates->requests, 2.5);
  EXPECT_EQ(rates->errors, 0.5);
  EXPECT_EQ(rates->rows, 20);
  EXPECT_EQ(rates->latency, 5 * kMillisecond);
  EXPECT_EQ(rates->queue, 1 * kMillisecond);
  EXPECT_EQ(rates->compute, 3 * kMillisecond);
}

TEST(TopRatesTest, WithoutAnswersThereIsNoTime) {
  const TopView before = ViewAt(10, {.answered = 10, .failed = 5});
  const TopView now = ViewAt(11, {.answered = 10, .failed = 6});
  const std::optional<ModelRates> rates = RatesOf(kVersion, now, &before);
  ASSERT_TRUE(rates.has_value());
  EXPECT_EQ(rates->errors, 1);
  EXPECT_FALSE(rates->latency.has_value());
  EXPECT_FALSE(rates->queue.has_value());
  EXPECT_FALSE(rates->compute.has_value());
}

// Buckets up to 1, 2 and 4 ms, and over that.
ModelTotals Latency(const std::vector<int64_t>& counts) {
  return {.answered = std::accumulate(counts.begin(), counts.end(), int64_t{0}),
          .latency_bounds_seconds = {0.001, 0.002, 0.004},
          .latency_counts = counts};
}

TEST(TopRatesTest, PercentilesAreOfWhatWasAnsweredBetweenTwoViews) {
  const TopView before = ViewAt(10, Latency({1000, 0, 0, 7}));
  const TopView now = ViewAt(11, Latency({1050, 0, 50, 7}));
  const std::optional<ModelRates> rates = RatesOf(kVersion, now, &before);
  ASSERT_TRUE(rates.has_value());
  EXPECT_EQ(rates->p50, 1 * kMillisecond);
  EXPECT_EQ(rates->p99, absl::Microseconds(3960));
  const TopView quiet = ViewAt(12, Latency({1050, 0, 50, 7}));
  EXPECT_FALSE(RatesOf(kVersion, quiet, &now)->p50.has_value());
  EXPECT_FALSE(RatesOf(kVersion, quiet, &now)->p99.has_value());
}

TEST(TopRatesTest, PercentilesAreNotKnownOfOtherServers) {
  const TopView before = ViewAt(10, {.answered = 1});
  const TopView now = ViewAt(11, {.answered = 2});
  EXPECT_FALSE(RatesOf(kVersion, now, &before)->p50.has_value());
}

TEST(TopRatesTest, TheQueueIsThatOfNow) {
  const TopView now = ViewAt(10, {.queued_requests = 3, .queued_tokens = 40});
  ASSERT_TRUE(QueueOf(kVersion, now).has_value());
  EXPECT_EQ(QueueOf(kVersion, now)->requests, 3);
  EXPECT_EQ(QueueOf(kVersion, now)->tokens, 40);
  ModelVersion other = kVersion;
  other.version = 4;
  EXPECT_FALSE(QueueOf(other, now).has_value());
}

TEST(TopRatesTest, CountersThatWentBackBeganAnew) {
  const TopView before = ViewAt(10, {.rows = 100, .answered = 10, .total_time = kMillisecond});
  const TopView now = ViewAt(12, {.rows = 4, .answered = 4, .total_time = 8 * kMillisecond});
  const std::optional<ModelRates> rates = RatesOf(kVersion, now, &before);
  ASSERT_TRUE(rates.has_value());
  EXPECT_EQ(rates->requests, 2);
  EXPECT_EQ(rates->rows, 2);
  EXPECT_EQ(rates->latency, 2 * kMillisecond);
}

TEST(TopRatesTest, AreNotKnownWithoutTwoViews) {
  const TopView before = ViewAt(10, {.answered = 10});
  const TopView now = ViewAt(11, {.answered = 11});
  EXPECT_FALSE(RatesOf(kVersion, now, nullptr).has_value());
  EXPECT_FALSE(RatesOf(kVersion, before, &before).has_value());  // no time between
  EXPECT_FALSE(RatesOf(kVersion, before, &now).has_value());
  ModelVersion other = kVersion;
  other.version = 4;
  EXPECT_FALSE(RatesOf(other, now, &before).has_value());
  TopView empty = before;
  empty.totals.clear();
  EXPECT_FALSE(RatesOf(kVersion, now, &empty).has_value());
}

TEST(TopRatesTest, OfADevice) {
  TopView before = ViewAt(10, {});
  before.devices.devices = {{.name = "d", .batches = 10, .tokens = 100, .busy = absl::Seconds(3)}};
  TopView now = ViewAt(14, {});
  now.devices.devices = {{.name = "d", .batches = 18, .tokens = 500, .busy = absl::Seconds(4)},
                         {.name = "new", .batches = 1}};
  const std::optional<DeviceRates> rates = RatesOf(now.devices.devices[0], now, &before);
  ASSERT_TRUE(rates.has_value());
  EXPECT_EQ(rates->busy_share, 0.25);
  EXPECT_EQ(rates->tokens, 100);
  EXPECT_EQ(rates->batches, 2);
  EXPECT_FALSE(RatesOf(now.devices.devices[1], now, &before).has_value());
  EXPECT_FALSE(RatesOf(now.devices.devices[0], now, nullptr).has_value());
  now.devices.devices[0].busy = absl::Seconds(9);
  EXPECT_EQ(RatesOf(now.devices.devices[0], now, &before)->busy_share, 1);
}

// Two views of the fake server, ten seconds apart: classifier answered 30 requests and failed 20;
// the emulator was busy for one second and did 5,000 tokens.
class TopCommandTest : public testing::Test {
 protected:
  TopCommandTest() {
    v1::ListDevicesResponse later = FakeDevicesService::DefaultList();
    later.mutable_time()->set_seconds(1110);
    v1::Device& emulator = *later.mutable_devices(0);
    emulator.mutable_busy()->set_seconds(26);
    emulator.set_tokens(emulator.tokens() + 5000);
    emulator.set_batches(emulator.batches() + 25);
    emulator.set_in_flight(1);
    v1::Device& card = *later.mutable_devices(1);
    card.set_state(v1::DEVICE_STATE_QUARANTINED);
    card.set_reason("UNAVAILABLE: hang");
    server_.devices().SetLists({FakeDevicesService::DefaultList(), later});
    server_.SetStatistics({Statistics(5, 1), Statistics(35, 21)});
  }

  // Of `answered` requests of two rows, which took 4 ms each, 1 of it in the queue, 2 on a device.
  static inference::ModelStatisticsResponse Statistics(uint64_t answered, uint64_t failed) {
    inference::ModelStatisticsResponse response;
    inference::ModelStatistics& totals = *response.add_model_stats();
    totals.set_name("classifier");
    totals.set_version("1");
    totals.set_inference_count(2 * answered);
    inference::InferStatistics& times = *totals.mutable_inference_stats();
    times.mutable_success()->set_count(answered);
    times.mutable_success()->set_ns(answered * 4'000'000);
    times.mutable_fail()->set_count(failed);
    times.mutable_queue()->set_ns(answered * 1'000'000);
    times.mutable_compute_infer()->set_ns(answered * 2'000'000);
    totals.mutable_latency()->add_bound_seconds(0.002);
    totals.mutable_latency()->add_bound_seconds(0.006);
    totals.mutable_latency()->add_count(0);
    totals.mutable_latency()->add_count(answered);
    totals.mutable_latency()->add_count(0);
    totals.set_queued_requests(answered);
    totals.set_queued_tokens(100 * answered);
    return response;
  }

  Outcome Top(std::vector<std::string> args, const StreamsForTest& streams = {}) {
    args.insert(args.begin(), {"--server", server_.address(), "top"});
    return RunWith(args, streams);
  }

  FakeInferenceServer server_;
};

TEST_F(TopCommandTest, ShowsWhatHappenedInOneInterval) {
  const Outcome run = Top({"--once"});
  EXPECT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(run.out, StartsWith(server_.address() + "  "));
  EXPECT_THAT(
      run.out,
      HasSubstr(
          "  up 1m50s\n"
          "\n"
          "model       version  requests/s  errors/s  rows/s    ms   p50   p99  queue ms  "
          "device ms  queued  tokens  state\n"
          "----------  -------  ----------  --------  ------  ----  ----  ----  --------  "
          "---------  ------  ------  -----\n"
          "classifier       *1         5.0       2.0     6.0  4.00  4.00  5.96      1.00  "
          "     2.00      35   3,500  READY\n"
          "embedder          1           -         -       -     -     -     -         -  "
          "        -       -       -  READY\n"
          "\n"
          "device    busy  tokens/s  batches/s  in flight  failures  state\n"
          "--------  ----  --------  ---------  ---------  --------  "
          "------------------------------\n"
          "emulator   10%       500        2.5          1         0  READY\n"
          "xrt:0       0%       0.0        0.0          0         3  QUARANTINED: UNAVAILABLE: "
          "hang\n"));
}

TEST_F(TopCommandTest, GoesOnUntilTheServerEnds) {
  const Outcome run = Top({});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("UNAVAILABLE: the server is shutting down"));
  const size_t second = run.out.find("\n\n" + server_.address());
  ASSERT_NE(second, std::string::npos) << run.out;
  // Nothing is known of what was before the first view.
  EXPECT_THAT(run.out.substr(0, second), Not(HasSubstr("%")));
  EXPECT_THAT(run.out.substr(second), HasSubstr("10%"));
  EXPECT_THAT(run.out, Not(HasSubstr("\x1b")));
}

TEST_F(TopCommandTest, RedrawsATerminal) {
  const Outcome run = Top({}, {.out_is_terminal = true});
  EXPECT_THAT(run.out, AllOf(StartsWith("\x1b[H\x1b[J" + server_.address()), HasSubstr("hang\n"),
                             Not(HasSubstr("hang\n\n"))));
  EXPECT_THAT(Top({"--once"}, {.out_is_terminal = true}).out, Not(HasSubstr("\x1b")));
}

TEST_F(TopCommandTest, WritesJson) {
  const auto json = OrderedJson::parse(Top({"--once", "--json"}).out);
  EXPECT_EQ(json["time"], "1970-01-01T00:18:30+00:00");
  const OrderedJson& classifier = json["models"][0];
  EXPECT_EQ(classifier["name"], "classifier");
  EXPECT_EQ(classifier["version"], 1);
  EXPECT_EQ(classifier["state"], "READY");
  EXPECT_EQ(classifier["requests_per_second"], 5.0);
  EXPECT_EQ(classifier["errors_per_second"], 2.0);
  EXPECT_EQ(classifier["rows_per_second"], 6.0);
  EXPECT_EQ(classifier["mean_ms"], 4.0);
  EXPECT_EQ(classifier["p50_ms"], 4.0);
  EXPECT_EQ(classifier["p99_ms"], 5.96);
  EXPECT_EQ(classifier["mean_queue_ms"], 1.0);
  EXPECT_EQ(classifier["mean_device_ms"], 2.0);
  EXPECT_EQ(classifier["queued_requests"], 35);
  EXPECT_EQ(classifier["queued_tokens"], 3500);
  EXPECT_EQ(json["models"][1]["requests_per_second"], nullptr);
  EXPECT_EQ(json["models"][1]["p99_ms"], nullptr);
  EXPECT_EQ(json["models"][1]["queued_requests"], nullptr);
  EXPECT_EQ(json["models"][1]["mean_ms"], nullptr);
  EXPECT_EQ(json["devices"][0]["busy_share"], 0.1);
  EXPECT_EQ(json["devices"][0]["tokens_per_second"], 500.0);
  EXPECT_EQ(json["devices"][1]["reason"], "UNAVAILABLE: hang");

  std::istringstream lines(Top({"--json"}).out);
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(OrderedJson::parse(line)["devices"][0]["busy_share"], nullptr);
}

TEST_F(TopCommandTest, LeavesOutWhatIsNotLoaded) {
  v1::GetModelResponse unloaded;
  unloaded.mutable_model()->set_name("old");
  unloaded.mutable_model()->set_state(v1::MODEL_STATE_UNLOADED);
  v1::GetModelResponse failed;
  failed.mutable_model()->set_name("broken");
  failed.mutable_model()->set_state(v1::MODEL_STATE_FAILED);
  failed.mutable_model()->set_reason("a checksum\nis wrong");
  server_.SetModels({unloaded, failed});
  EXPECT_THAT(Top({"--once"}).out,
              AllOf(Not(HasSubstr("UNLOADED")), HasSubstr("FAILED: a checksum is wrong\n")));
  EXPECT_THAT(Top({"--once", "--all"}).out, HasSubstr("UNLOADED"));
}

// A change of state is told at once, and would make rates of almost no time.
TEST_F(TopCommandTest, AViewThatComesEarlyIsNotMeasuredFrom) {
  v1::ListDevicesResponse first = FakeDevicesService::DefaultList();
  v1::ListDevicesResponse early = first;
  early.mutable_time()->set_nanos(1'000'000);
  early.mutable_devices(0)->set_tokens(first.devices(0).tokens() + 1000);
  v1::ListDevicesResponse last = early;
  last.mutable_time()->set_seconds(first.time().seconds() + 1);
  last.mutable_time()->set_nanos(0);
  server_.devices().SetLists({first, early, last});
  const auto json = OrderedJson::parse(Top({"--once", "--json"}).out);
  EXPECT_EQ(json["devices"][0]["tokens_per_second"], 1000.0);
}

TEST_F(TopCommandTest, AsksForItsInterval) {
  Top({"--interval", "2.5s"});
  const auto requests = server_.devices().watch_requests();
  ASSERT_EQ(requests.size(), 1);
  EXPECT_EQ(requests[0].interval().seconds(), 2);
  EXPECT_EQ(requests[0].interval().nanos(), 500'000'000);
}

TEST_F(TopCommandTest, SaysWhatIsMissing) {
  server_.RemoveStore();
  const Outcome run = Top({"--once"});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, StartsWith("stactl top: UNIMPLEMENTED: no store"));
  EXPECT_EQ(run.out, "");
}

}  // namespace
}  // namespace sta::client
