// SPDX-License-Identifier: Apache-2.0
//
// The calls of Client about devices (sta.v1.Devices).
#include <utility>

#include "absl/strings/strip.h"
#include "client/client.h"
#include "client/client_impl.h"
#include "client/wire.h"

namespace sta::client {
namespace {

using DevicesStub = v1::Devices::Stub;

using client::FromProto;

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

DeviceInfo FromProto(const v1::Device& device) {
  DeviceInfo info = {.name = device.name(), .kind = device.kind(), .detail = device.detail()};
  info.state =
      std::string(absl::StripPrefix(v1::DeviceState_Name(device.state()), "DEVICE_STATE_"));
  info.reason = device.reason();
  info.since = FromProto(device.since());
  if (device.has_next_attempt()) info.next_attempt = FromProto(device.next_attempt());
  info.max_tokens = device.max_tokens();
  info.max_in_flight = device.max_in_flight();
  info.in_flight = device.in_flight();
  info.batches = device.batches();
  info.tokens = device.tokens();
  info.failures = device.failures();
  info.audits = device.audits();
  info.audit_mismatches = device.audit_mismatches();
  info.busy = FromProto(device.busy());
  if (device.has_temperature_celsius()) info.temperature_celsius = device.temperature_celsius();
  return info;
}

DeviceList FromProto(const v1::ListDevicesResponse& response) {
  DeviceList list = {.arithmetic_version = response.arithmetic_version(),
                     .time = FromProto(response.time()),
                     .counting_since = FromProto(response.counting_since())};
  for (const v1::Device& device : response.devices()) list.devices.push_back(FromProto(device));
  return list;
}

}  // namespace

absl::StatusOr<DeviceList> Client::ListDevices() {
  const auto response = impl_->Call<v1::ListDevicesResponse>(
      impl_->devices(), &DevicesStub::ListDevices, v1::ListDevicesRequest());
  if (!response.ok()) return response.status();
  return FromProto(*response);
}

absl::Status Client::WatchDevices(absl::Duration interval,
                                  const std::function<bool(const DeviceList&)>& next) {
  v1::WatchDevicesRequest request;
  if (interval != absl::InfiniteDuration()) {
    request.mutable_interval()->set_seconds(
        absl::IDivDuration(interval, absl::Seconds(1), &interval));
    request.mutable_interval()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(interval)));
  }
  return impl_->Read<v1::ListDevicesResponse>(
      [&](grpc::ClientContext& context) {
        return impl_->devices().WatchDevices(&context, request);
      },
      [&](const v1::ListDevicesResponse& response) { return next(FromProto(response)); });
}

absl::Status Client::QuarantineDevice(const std::string& name, const std::string& reason,
                                      bool force) {
  v1::QuarantineDeviceRequest request;
  request.set_name(name);
  request.set_reason(reason);
  request.set_force(force);
  return impl_
      ->Call<v1::QuarantineDeviceResponse>(impl_->devices(), &DevicesStub::QuarantineDevice,
                                           request)
      .status();
}

absl::Status Client::ReleaseDevice(const std::string& name) {
  v1::ReleaseDeviceRequest request;
  request.set_name(name);
  return impl_
      ->Call<v1::ReleaseDeviceResponse>(impl_->devices(), &DevicesStub::ReleaseDevice, request)
      .status();
}

}  // namespace sta::client
