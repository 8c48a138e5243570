// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/busy_neighbor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "tests/support/fake_device.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta::bench {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::SizeIs;

std::vector<int> ProcessorsOf(pid_t thread) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  EXPECT_EQ(sched_getaffinity(thread, sizeof(allowed), &allowed), 0);
  std::vector<int> processors;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (CPU_ISSET(processor, &allowed)) processors.push_back(processor);
  }
  return processors;
}

int64_t ThreadsBoundTo(int processor) {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::count_if(begin(tasks), end(tasks), [&](const auto& task) {
    return ProcessorsOf(std::stoi(task.path().filename())) == std::vector<int>{processor};
  });
}

TEST(BusyNeighborTest, IsAThreadOnTheLastProcessor) {
  const int last = ProcessorsOf(0).back();
  const int64_t before = ThreadsBoundTo(last);
  const auto neighbor = BusyNeighbor::Start();
  ASSERT_THAT(neighbor.status(), IsOk());
  EXPECT_EQ((*neighbor)->processor(), last);
  EXPECT_EQ(ThreadsBoundTo(last), before + 1);
}

class MeasureBesideNeighborTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::filesystem::path package = directory_.path() / "package";
    ASSERT_THAT(WriteTinyPackage(package), IsOk());
    auto device = std::make_unique<FakeDevice>("fake");
    device_ = device.get();
    auto runner = EngineRunner::Open(package, std::move(device));
    ASSERT_THAT(runner.status(), IsOk());
    runner_ = *std::move(runner);
    for (const char* shape : {"1x4", "2x3"}) {
      auto prepared = runner_->Prepare(shape);
      ASSERT_THAT(prepared.status(), IsOk());
      workloads_.push_back(*std::move(prepared));
    }
  }

  TemporaryDirectory directory_;
  FakeDevice* device_ = nullptr;
  std::unique_ptr<EngineRunner> runner_;
  std::vector<std::unique_ptr<PreparedWorkload>> workloads_;
};

TEST_F(MeasureBesideNeighborTest, MeasuresEachShapeAsOftenWithAndWithoutANeighbor) {
  const auto all = MeasureBesideNeighbor(*runner_, workloads_, absl::ZeroDuration());
  ASSERT_THAT(all.status(), IsOk());
  for (const std::vector<Measurement>& measurements : {all->quiet, all->busy}) {
    EXPECT_THAT(measurements,
                ElementsAre(Field(&Measurement::shape, "1x4"), Field(&Measurement::shape, "2x3")));
    // Five turns of three rounds each.
    EXPECT_THAT(measurements, Each(Field(&Measurement::microseconds, SizeIs(15))));
    for (const Measurement& measured : measurements) {
      EXPECT_TRUE(std::ranges::is_sorted(measured.microseconds)) << measured.shape;
    }
  }
}

TEST_F(MeasureBesideNeighborTest, PassesOnWhatTheDeviceSays) {
  device_->FailNext(absl::UnavailableError("gone"));
  EXPECT_THAT(MeasureBesideNeighbor(*runner_, workloads_, absl::ZeroDuration()).status(),
              StatusIs(absl::StatusCode::kUnavailable, "gone"));
}

}  // namespace
}  // namespace sta::bench
