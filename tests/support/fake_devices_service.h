// SPDX-License-Identifier: Apache-2.0
//
// FakeDevicesService: sta.v1.Devices with answers that a test sets.
//
//   FakeDevicesService devices;                      // "emulator" and "xrt:0", both ready
//   devices.SetLists({list, later_list});
//
// ListDevices answers the first list; WatchDevices sends them all and then ends as a server that
// shuts down does. Quarantine and Release check names against the first list, and Quarantine that
// another device of it is ready. Thread-safe.
#ifndef TESTS_SUPPORT_FAKE_DEVICES_SERVICE_H_
#define TESTS_SUPPORT_FAKE_DEVICES_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "sta/v1/devices.grpc.pb.h"

namespace sta {

class FakeDevicesService final : public v1::Devices::Service {
 public:
  FakeDevicesService();

  void SetLists(std::vector<v1::ListDevicesResponse> lists);

  // What was asked so far, in order of arrival.
  std::vector<v1::WatchDevicesRequest> watch_requests() const;
  std::vector<v1::QuarantineDeviceRequest> quarantine_requests() const;
  std::vector<v1::ReleaseDeviceRequest> release_requests() const;

  // The list that it begins with.
  static v1::ListDevicesResponse DefaultList();

  grpc::Status ListDevices(grpc::ServerContext* context, const v1::ListDevicesRequest* request,
                           v1::ListDevicesResponse* response) override;
  grpc::Status WatchDevices(grpc::ServerContext* context, const v1::WatchDevicesRequest* request,
                            grpc::ServerWriter<v1::ListDevicesResponse>* writer) override;
  grpc::Status QuarantineDevice(grpc::ServerContext* context,
                                const v1::QuarantineDeviceRequest* request,
                                v1::QuarantineDeviceResponse* response) override;
  grpc::Status ReleaseDevice(grpc::ServerContext* context, const v1::ReleaseDeviceRequest* request,
                             v1::ReleaseDeviceResponse* response) override;

 private:
  // OK where the first list has the name.
  grpc::Status CheckName(const std::string& name) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::vector<v1::ListDevicesResponse> lists_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::WatchDevicesRequest> watch_requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::QuarantineDeviceRequest> quarantine_requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::ReleaseDeviceRequest> release_requests_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta

#endif  // TESTS_SUPPORT_FAKE_DEVICES_SERVICE_H_
