// SPDX-License-Identifier: Apache-2.0
//
// The devices that the settings ask for.
#ifndef SERVER_PROCESS_DEVICE_LIST_H_
#define SERVER_PROCESS_DEVICE_LIST_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "accel/device.h"
#include "server/config/settings.h"

namespace sta {

// With "auto", cards that cannot be used are a line in the log and an emulator is always there. A
// card that is named must be usable: statuses of LoadXrtPlugin and OpenCard, with its name.
absl::StatusOr<std::vector<std::unique_ptr<Device>>> OpenDevices(const Settings& settings);

}  // namespace sta

#endif  // SERVER_PROCESS_DEVICE_LIST_H_
