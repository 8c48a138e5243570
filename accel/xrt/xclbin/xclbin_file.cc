// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/xclbin/xclbin_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/status/status.h"
#include "accel/xrt/xclbin/section_table.h"
#include "strings/str_cat.h"

namespace sta {

absl::StatusOr<std::vector<uint8_t>> ReadXclbinFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::NotFoundError(StrCat("there is no file ", path));
  }
  std::ifstream file(path, std::ios::binary);
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file) return absl::NotFoundError(StrCat("cannot read ", path));
  const auto sections = ReadSectionTable(bytes);
  if (!sections.ok()) {
    return absl::InvalidArgumentError(StrCat(path, " is no xclbin: ", sections.status().message()));
  }
  return bytes;
}

}  // namespace sta
