// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_devices_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sta {

FakeDevicesService::FakeDevicesService() : lists_({DefaultList()}) {}

// Counters of 100 seconds, of which the emulator was busy for 25.
v1::ListDevicesResponse FakeDevicesService::DefaultList() {
  v1::ListDevicesResponse list;
  list.set_arithmetic_version(1);
  list.mutable_counting_since()->set_seconds(1000);
  list.mutable_time()->set_seconds(1100);
  v1::Device& emulator = *list.add_devices();
  emulator.set_name("emulator");
  emulator.set_kind("emulator");
  emulator.set_detail("avx2, 2 threads");
  emulator.set_state(v1::DEVICE_STATE_READY);
  emulator.mutable_since()->set_seconds(1000);
  emulator.set_max_tokens(4096);
  emulator.set_max_in_flight(1);
  emulator.set_batches(1234);
  emulator.set_tokens(98765);
  emulator.mutable_busy()->set_seconds(25);
  v1::Device& card = *list.add_devices();
  card = emulator;
  card.set_name("xrt:0");
  card.set_kind("xrt");
  card.set_detail("16x16x8");
  card.set_max_in_flight(2);
  card.set_failures(3);
  card.set_audits(1001);
  card.set_audit_mismatches(1);
  card.mutable_busy()->set_seconds(50);
  card.set_temperature_celsius(61.4);
  return list;
}

void FakeDevicesService::SetLists(std::vector<v1::ListDevicesResponse> lists) {
  const absl::MutexLock lock(&mutex_);
  lists_ = std::move(lists);
}

std::vector<v1::WatchDevicesRequest> FakeDevicesService::watch_requests() const {
  const absl::MutexLock lock(&mutex_);
  return watch_requests_;
}

std::vector<v1::QuarantineDeviceRequest> FakeDevicesService::quarantine_requests() const {
  const absl::MutexLock lock(&mutex_);
  return quarantine_requests_;
}

std::vector<v1::ReleaseDeviceRequest> FakeDevicesService::release_requests() const {
  const absl::MutexLock lock(&mutex_);
  return release_requests_;
}

grpc::Status FakeDevicesService::ListDevices(grpc::ServerContext* context,
                                             const v1::ListDevicesRequest* request,
                                             v1::ListDevicesResponse* response) {
  const absl::MutexLock lock(&mutex_);
  *response = lists_.front();
  return grpc::Status::OK;
}

grpc::Status FakeDevicesService::WatchDevices(grpc::ServerContext* context,
                                              const v1::WatchDevicesRequest* request,
                                              grpc::ServerWriter<v1::ListDevicesResponse>* writer) {
  std::vector<v1::ListDevicesResponse> lists;
  {
    const absl::MutexLock lock(&mutex_);
    watch_requests_.push_back(*request);
    lists = lists_;
  }
  for (const v1::ListDevicesResponse& list : lists) writer->Write(list);
  return {grpc::StatusCode::UNAVAILABLE, "the server is shutting down"};
}

grpc::Status FakeDevicesService::QuarantineDevice(grpc::ServerContext* context,
                                                  const v1::QuarantineDeviceRequest* request,
                                                  v1::QuarantineDeviceResponse* response) {
  const absl::MutexLock lock(&mutex_);
  quarantine_requests_.push_back(*request);
  if (grpc::Status known = CheckName(request->name()); !known.ok()) return known;
  const bool another_is_ready =
      std::ranges::any_of(lists_.front().devices(), [&](const v1::Device& device) {
        return device.name() != request->name() && device.state() == v1::DEVICE_STATE_READY;
      });
  if (another_is_ready || request->force()) return grpc::Status::OK;
  return {grpc::StatusCode::FAILED_PRECONDITION, "no other device is ready"};
}

grpc::Status FakeDevicesService::ReleaseDevice(grpc::ServerContext* context,
                                               const v1::ReleaseDeviceRequest* request,
                                               v1::ReleaseDeviceResponse* response) {
  const absl::MutexLock lock(&mutex_);
  release_requests_.push_back(*request);
  return CheckName(request->name());
}

grpc::Status FakeDevicesService::CheckName(const std::string& name) const {
  const auto has_name = [&](const v1::Device& device) { return device.name() == name; };
  if (std::ranges::any_of(lists_.front().devices(), has_name)) return grpc::Status::OK;
  return {grpc::StatusCode::NOT_FOUND, absl::StrCat("unknown device '", name, "'")};
}

}  // namespace sta
