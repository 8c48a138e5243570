// SPDX-License-Identifier: Apache-2.0
//
// The one symbol of libsta_xrt.so. Internal to accel/xrt.
#ifndef ACCEL_XRT_PLUGIN_ENTRY_H_
#define ACCEL_XRT_PLUGIN_ENTRY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "accel/xrt/xrt_plugin.h"

namespace sta {

// Changes with every change of xrt_plugin.h or of what it passes through, so that a program never
// takes a library of another build for its own.
inline constexpr char kXrtPluginEntryName[] = "StaOpenXrtPlugin1";

// Loads the shim and makes `plugin`; statuses of LoadXrtPlugin.
using XrtPluginEntry = void(const std::string& shim_path,
                            absl::StatusOr<std::unique_ptr<XrtPlugin>>& plugin);

}  // namespace sta

#endif  // ACCEL_XRT_PLUGIN_ENTRY_H_
