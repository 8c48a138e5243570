// SPDX-License-Identifier: Apache-2.0
//
// Reads an xclbin from disk.
#ifndef ACCEL_XRT_XCLBIN_XCLBIN_FILE_H_
#define ACCEL_XRT_XCLBIN_XCLBIN_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sta {

// The file's bytes, fit for XRT: header and sections were checked (section_table.h). NOT_FOUND:
// there is none; INVALID_ARGUMENT: it is no xclbin, or one that was cut short.
absl::StatusOr<std::vector<uint8_t>> ReadXclbinFile(const std::string& path);

}  // namespace sta

#endif  // ACCEL_XRT_XCLBIN_XCLBIN_FILE_H_
