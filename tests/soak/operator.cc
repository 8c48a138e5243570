// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/operator.h"

#include <algorithm>
#include <utility>

namespace sta::soak {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(200);
// Cards that are tried again within this come back by themselves.
constexpr absl::Duration kOperatorsPatience = absl::Seconds(2);

}  // namespace

Operator::Operator(std::unique_ptr<client::Client> client)
    : client_(std::move(client)), thread_([this] {
        const absl::Status status = client_->WatchDevices(
            kInterval, [this](const client::DeviceList& list) { return OnList(list); });
        const absl::MutexLock lock(&mutex_);
        status_ = status;
      }) {}

Operator::~Operator() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

bool Operator::OnList(const client::DeviceList& list) {
  std::vector<std::string> to_release;
  {
    const absl::MutexLock lock(&mutex_);
    devices_ = list.devices;
    for (const client::DeviceInfo& device : list.devices) {
      if (device.state != "QUARANTINED") continue;
      absl::Time& since = quarantined_since_[device.name];
      if (std::exchange(since, device.since) != device.since) ++counts_.quarantines;
      if (device.next_attempt.value_or(list.time) - list.time > kOperatorsPatience) {
        to_release.push_back(device.name);
      }
    }
    if (stopping_) return false;
    counts_.releases += std::ssize(to_release);
  }
  for (const std::string& name : to_release) {
    if (absl::Status released = client_->ReleaseDevice(name); !released.ok()) {
      const absl::MutexLock lock(&mutex_);
      status_ = released;
      return false;
    }
  }
  return true;
}

bool Operator::WaitForAll(absl::Duration limit,
                          std::function<bool(const client::DeviceInfo&)> holds) {
  const absl::MutexLock lock(&mutex_);
  const auto all_hold = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !devices_.empty() && std::ranges::all_of(devices_, holds);
  };
  return mutex_.AwaitWithTimeout(absl::Condition(&all_hold), limit);
}

absl::Status Operator::Hold(const std::string& device) {
  return client_->QuarantineDevice(device, "held by the soak", /*force=*/false);
}

std::vector<client::DeviceInfo> Operator::devices() const {
  const absl::MutexLock lock(&mutex_);
  return devices_;
}

Operator::Counts Operator::counts() const {
  const absl::MutexLock lock(&mutex_);
  return counts_;
}

absl::Status Operator::status() const {
  const absl::MutexLock lock(&mutex_);
  return status_;
}

}  // namespace sta::soak
