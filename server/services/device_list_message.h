// SPDX-License-Identifier: Apache-2.0
//
// The pool's list of devices as a message. Pure functions.
#ifndef SERVER_SERVICES_DEVICE_LIST_MESSAGE_H_
#define SERVER_SERVICES_DEVICE_LIST_MESSAGE_H_

#include <vector>

#include "absl/time/time.h"
#include "accel/device_pool/device_status.h"
#include "sta/v1/devices.pb.h"

namespace sta {

v1::ListDevicesResponse MakeDeviceList(const std::vector<DeviceStatus>& devices,
                                       absl::Time counting_since, absl::Time now);

// Whether the two lists differ in nothing but what changes all the time: counters, batches in
// flight, temperature.
bool SameButCounters(const std::vector<DeviceStatus>& a, const std::vector<DeviceStatus>& b);

}  // namespace sta

#endif  // SERVER_SERVICES_DEVICE_LIST_MESSAGE_H_
