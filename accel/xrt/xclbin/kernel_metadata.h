// SPDX-License-Identifier: Apache-2.0
//
// The section EMBEDDED_METADATA: XML that describes kernels, their ports and their arguments.
// Internal to accel/xrt/xclbin. Pure functions; what is read is untrusted.
#ifndef ACCEL_XRT_XCLBIN_KERNEL_METADATA_H_
#define ACCEL_XRT_XCLBIN_KERNEL_METADATA_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "accel/xrt/xclbin/xclbin.h"

namespace sta {

// Kernels without their compute units, which IP_LAYOUT lists. INVALID_ARGUMENT: it is no XML, or a
// number in it is none.
absl::StatusOr<std::vector<XclbinKernel>> ReadKernelMetadata(std::span<const uint8_t> section);

std::string WriteKernelMetadata(std::span<const XclbinKernel> kernels);

}  // namespace sta

#endif  // ACCEL_XRT_XCLBIN_KERNEL_METADATA_H_
