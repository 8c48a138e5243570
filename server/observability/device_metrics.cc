// SPDX-License-Identifier: Apache-2.0
#include "server/observability/device_metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/observability/gauges.h"
#include "server/observability/logging.h"

namespace sta {
namespace {

prometheus::Labels OfDevice(std::string_view device) { return {{"device", std::string(device)}}; }

std::string_view ResultName(AuditVerdict verdict) {
  switch (verdict) {
    case AuditVerdict::kMatched:
      return "matched";
    case AuditVerdict::kMismatched:
      return "mismatched";
    case AuditVerdict::kUndecided:
      break;
  }
  return "undecided";
}

prometheus::Labels OfAudits(std::string_view device, AuditVerdict verdict) {
  return {{"device", std::string(device)}, {"result", std::string(ResultName(verdict))}};
}

prometheus::Labels OfFailovers(std::string_view from, std::string_view to) {
  return {{"from", std::string(from)}, {"to", std::string(to)}};
}

}  // namespace

class DeviceMetrics::Levels final : public prometheus::Collectable {
 public:
  void Follow(const DevicePool* pool) {
    const absl::MutexLock lock(&mutex_);
    pool_ = pool;
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    prometheus::MetricFamily states =
        GaugeFamilyOf("sta_device_state", "1 for the state that a device is in, 0 for the others.");
    prometheus::MetricFamily in_flight = GaugeFamilyOf(
        "sta_device_in_flight_batches", "Batches that a device has begun or that wait for it.");
    prometheus::MetricFamily temperatures = GaugeFamilyOf(
        "sta_device_temperature_celsius", "Temperature of a device that can measure it.");
    const absl::MutexLock lock(&mutex_);
    if (pool_ != nullptr) {
      for (const DeviceStatus& device : pool_->Devices()) {
        const std::string& name = device.caps.name;
        for (const DeviceState state : {DeviceState::kReady, DeviceState::kQuarantined,
                                        DeviceState::kProbation, DeviceState::kHeld}) {
          AddGauge({{"device", name}, {"state", std::string(DeviceStateName(state))}},
                   device.state == state ? 1 : 0, states);
        }
        AddGauge({{"device", name}}, device.in_flight, in_flight);
        if (device.telemetry.temperature_celsius.has_value()) {
          AddGauge({{"device", name}}, *device.telemetry.temperature_celsius, temperatures);
        }
      }
    }
    return {std::move(states), std::move(in_flight), std::move(temperatures)};
  }

 private:
  mutable absl::Mutex mutex_;
  const DevicePool* pool_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

DeviceMetrics::DeviceMetrics(Metrics& metrics)
    : busy_(metrics.AddCounters("sta_device_busy_seconds_total",
                                "Time that a device spent on batches.")),
      batches_(metrics.AddCounters("sta_device_batches_total",
                                   "Batches that a device has run, failed ones included.")),
      tokens_(metrics.AddCounters("sta_device_tokens_total",
                                  "Tokens of the batches that a device has computed.")),
      failures_(
          metrics.AddCounters("sta_device_failures_total", "Batches that failed on a device.")),
      failovers_(metrics.AddCounters("sta_device_failovers_total",
                                     "Batches that failed on one device and ran on another.")),
      audits_(metrics.AddCounters(
          "sta_device_audits_total",
          "Batches that were to be computed on a second device, too, by result.")),
      levels_(std::make_shared<Levels>()) {
  metrics.AddCollectable(levels_);
}

DeviceMetrics::~DeviceMetrics() { Follow(nullptr); }

void DeviceMetrics::Follow(const DevicePool* pool) {
  levels_->Follow(pool);
  if (pool == nullptr) return;
  const std::vector<DeviceStatus> devices = pool->Devices();
  for (const DeviceStatus& device : devices) {
    const std::string& name = device.caps.name;
    for (auto* family : {&busy_, &batches_, &tokens_, &failures_}) family->Add(OfDevice(name));
    for (const AuditVerdict verdict :
         {AuditVerdict::kMatched, AuditVerdict::kMismatched, AuditVerdict::kUndecided}) {
      audits_.Add(OfAudits(name, verdict));
    }
    for (const DeviceStatus& other : devices) {
      if (other.caps.name != name) failovers_.Add(OfFailovers(name, other.caps.name));
    }
  }
}

void DeviceMetrics::OnRun(std::string_view device, int64_t tokens, absl::Duration duration,
                          const absl::Status& status) {
  const prometheus::Labels labels = OfDevice(device);
  busy_.Add(labels).Increment(absl::ToDoubleSeconds(duration));
  batches_.Add(labels).Increment();
  if (status.ok()) {
    tokens_.Add(labels).Increment(static_cast<double>(tokens));
  } else {
    failures_.Add(labels).Increment();
  }
}

void DeviceMetrics::OnFailover(std::string_view from, std::string_view to) {
  failovers_.Add(OfFailovers(from, to)).Increment();
}

void DeviceMetrics::OnStateChange(std::string_view device, std::string_view state,
                                  std::string_view reason) {
  if (state == DeviceStateName(DeviceState::kReady) ||
      state == DeviceStateName(DeviceState::kProbation)) {
    LogInfo("device state", {{"device", device}, {"state", state}});
  } else {
    LogWarning("device state", {{"device", device}, {"state", state}, {"reason", reason}});
  }
}

void DeviceMetrics::OnAudit(std::string_view device, AuditVerdict verdict) {
  audits_.Add(OfAudits(device, verdict)).Increment();
}

}  // namespace sta
