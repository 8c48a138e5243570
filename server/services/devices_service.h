// SPDX-License-Identifier: Apache-2.0
//
// sta.v1.Devices over the device pool: what the devices do, and taking one out of service by hand.
//
// A Watch holds no thread: DeviceFeed's wakes it when there is something to write.
#ifndef SERVER_SERVICES_DEVICES_SERVICE_H_
#define SERVER_SERVICES_DEVICES_SERVICE_H_

#include "accel/device_pool/clock.h"
#include "accel/device_pool/device_pool.h"
#include "server/observability/metrics.h"
#include "server/services/device_feed.h"
#include "server/services/rpc_access.h"
#include "sta/v1/devices.grpc.pb.h"

namespace sta {

class DevicesService final : public v1::Devices::CallbackService {
 public:
  // All outlive the service; `clock` is the pool's. The counters are said to have begun now. Calls
  // must have ended before it is destroyed.
  DevicesService(DevicePool& pool, Clock& clock, Metrics& metrics, const RpcAccess& access)
      : pool_(pool),
        clock_(clock),
        metrics_(metrics),
        access_(access),
        counting_since_(clock.Now()),
        feed_(pool, clock) {}

  // Ends every Watch, now and to come, with UNAVAILABLE.
  void Close() { feed_.Close(); }

  grpc::ServerUnaryReactor* ListDevices(grpc::CallbackServerContext* context,
                                        const v1::ListDevicesRequest* request,
                                        v1::ListDevicesResponse* response) override;
  grpc::ServerWriteReactor<v1::ListDevicesResponse>* WatchDevices(
      grpc::CallbackServerContext* context, const v1::WatchDevicesRequest* request) override;
  grpc::ServerUnaryReactor* QuarantineDevice(grpc::CallbackServerContext* context,
                                             const v1::QuarantineDeviceRequest* request,
                                             v1::QuarantineDeviceResponse* response) override;
  grpc::ServerUnaryReactor* ReleaseDevice(grpc::CallbackServerContext* context,
                                          const v1::ReleaseDeviceRequest* request,
                                          v1::ReleaseDeviceResponse* response) override;

 private:
  class WatchWriter;
  class WatchCall;

  DevicePool& pool_;
  Clock& clock_;
  Metrics& metrics_;
  const RpcAccess& access_;
  const absl::Time counting_since_;
  DeviceFeed feed_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_DEVICES_SERVICE_H_
