// SPDX-License-Identifier: Apache-2.0
//
// Place over virtual time: what devices of unequal speed achieve together. No threads, no clock.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "accel/device_pool/placement.h"

namespace sta {
namespace {

constexpr int64_t kMostBatchTokens = 256;

struct SimulatedDevice {
  double seconds_per_token = 1e-5;
  double fixed_seconds = 50e-6;
  size_t room = 2;

  std::deque<double> ends = {};  // of what it holds
  double SecondsOf(int64_t tokens) const {
    return fixed_seconds + seconds_per_token * static_cast<double>(tokens);
  }
  double Rate() const { return kMostBatchTokens / SecondsOf(kMostBatchTokens); }
};

// Requests of 16 tokens come by themselves every `interval` seconds, or, where that is 0, a backlog
// is always there. Counts tokens and latencies.
class Simulation {
 public:
  Simulation(std::vector<SimulatedDevice> devices, double interval)
      : devices_(std::move(devices)), interval_(interval) {}

  void Run(double seconds) {
    double next_arrival = 0;
    while (now_ < seconds) {
      if (interval_ == 0) {
        while (waiting_.size() < 256) waiting_.push_back(now_);
      }
      while (interval_ > 0 && next_arrival <= now_) {
        waiting_.push_back(next_arrival);
        next_arrival += interval_;
      }
      while (PlaceOne()) {
        if (interval_ == 0) {
          while (waiting_.size() < 256) waiting_.push_back(now_);
        }
      }
      double next = interval_ > 0 ? next_arrival : 1e9;
      for (const SimulatedDevice& device : devices_) {
        if (!device.ends.empty()) next = std::min(next, device.ends.front());
      }
      now_ = next;
      for (SimulatedDevice& device : devices_) {
        while (!device.ends.empty() && device.ends.front() <= now_) device.ends.pop_front();
      }
    }
  }

  double TokensPerSecond() const { return static_cast<double>(tokens_) / now_; }
  double MeanLatency() const {
    double sum = 0;
    for (const double latency : latencies_) sum += latency;
    return sum / static_cast<double>(latencies_.size());
  }

 private:
  static constexpr int64_t kRequestTokens = 16;

  bool PlaceOne() {
    if (waiting_.empty()) return false;
    const auto waiting = std::ssize(waiting_) * kRequestTokens;
    const int64_t batch = std::min(kMostBatchTokens, waiting);
    std::vector<DeviceView> views;
    for (const SimulatedDevice& device : devices_) {
      const double free_in = device.ends.empty() ? 0 : device.ends.back() - now_;
      views.push_back({.ready = true,
                       .has_room = device.ends.size() < device.room,
                       .free_in = absl::Seconds(free_in),
                       .estimate = absl::Seconds(device.SecondsOf(batch)),
                       .fixed_cost = absl::Seconds(device.SecondsOf(1))});
    }
    const auto placement = Place(views, {.batch_tokens = batch, .waiting_tokens = waiting});
    if (!placement.has_value()) return false;
    const int64_t requests = std::max<int64_t>(1, placement->token_budget / kRequestTokens);
    SimulatedDevice& device = devices_[placement->device];
    const double begin = device.ends.empty() ? now_ : device.ends.back();
    device.ends.push_back(begin + device.SecondsOf(requests * kRequestTokens));
    for (int64_t i = 0; i < requests; ++i) {
      latencies_.push_back(device.ends.back() - waiting_.front());
      waiting_.pop_front();
    }
    tokens_ += requests * kRequestTokens;
    return true;
  }

  std::vector<SimulatedDevice> devices_;
  const double interval_;
  double now_ = 0;
  std::deque<double> waiting_;  // times of arrival
  std::vector<double> latencies_;
  int64_t tokens_ = 0;
};

double Throughput(const std::vector<SimulatedDevice>& devices) {
  Simulation simulation(devices, 0);
  simulation.Run(2);
  return simulation.TokensPerSecond();
}

TEST(SchedulingSimulationTest, UnequalDevicesReachTheSumOfTheirRates) {
  const std::vector<SimulatedDevice> devices = {
      {.seconds_per_token = 4e-5}, {.seconds_per_token = 2e-5}, {.seconds_per_token = 1e-5}};
  double sum = 0;
  for (const SimulatedDevice& device : devices) sum += device.Rate();
  EXPECT_GE(Throughput(devices), 0.9 * sum);
}

TEST(SchedulingSimulationTest, FourDevicesAreFourTimesOne) {
  const SimulatedDevice device;
  EXPECT_GE(Throughput(std::vector(4, device)), 3.8 * Throughput({device}));
}

TEST(SchedulingSimulationTest, ASlowEmulatorNeverLowersThroughput) {
  for (const double slowness : {1.0, 3.0, 10.0, 100.0}) {
    std::vector<SimulatedDevice> devices = {{.seconds_per_token = 1e-5},
                                            {.seconds_per_token = 1e-5}};
    const double without = Throughput(devices);
    devices.push_back({.seconds_per_token = 1e-5 * slowness, .room = 1});
    EXPECT_GE(Throughput(devices), without) << slowness;
  }
}

TEST(SchedulingSimulationTest, AtLowLoadASlowDeviceDoesNotRaiseTheLatency) {
  std::vector<SimulatedDevice> devices = {{.seconds_per_token = 1e-5}};
  Simulation alone(devices, 1e-3);
  alone.Run(1);
  devices.push_back({.seconds_per_token = 1e-4, .room = 1});
  Simulation together(devices, 1e-3);
  together.Run(1);
  EXPECT_LE(together.MeanLatency(), 1.001 * alone.MeanLatency());
}

}  // namespace
}  // namespace sta
