// SPDX-License-Identifier: Apache-2.0
//
// FileError: the Status of an errno, as file_system.h lists them. A pure function.
//
//   return FileError(ENOSPC, "write to", path);   // RESOURCE_EXHAUSTED: cannot write to '/m/x':
//   ...
#ifndef MODEL_STORE_STORE_FILE_ERROR_H_
#define MODEL_STORE_STORE_FILE_ERROR_H_

#include <filesystem>
#include <string_view>

#include "absl/status/status.h"

namespace sta {

absl::Status FileError(int error_number, std::string_view attempt,
                       const std::filesystem::path& path);

// The same for a link, where some errnos say that it cannot be made here: UNIMPLEMENTED.
absl::Status LinkError(int error_number, const std::filesystem::path& path);

}  // namespace sta

#endif  // MODEL_STORE_STORE_FILE_ERROR_H_
