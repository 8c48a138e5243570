// SPDX-License-Identifier: Apache-2.0
//
// Reads bytes as an xclbin. What can be read and written again is then the same; libFuzzer cannot
// guess that the length in the header is the file's, so it is put there. Seeds:
// tests/fuzz/corpus/xclbin_fuzz.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "accel/xrt/xclbin/xclbin.h"
#include "accel/xrt/xclbin/xclbin_format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<uint8_t> file(data, data + size);
  sta::xclbin_format::FileHeader header;
  if (size >= sizeof(header)) {
    std::memcpy(&header, file.data(), sizeof(header));
    header.length = size;
    std::memcpy(file.data(), &header, sizeof(header));
  }
  const auto contents = sta::ReadXclbin(file);
  if (!contents.ok()) return 0;
  for (const sta::XclbinSection& section : contents->sections) {
    if (section.offset + section.size_bytes > size) std::abort();
  }
  const auto written = sta::WriteXclbin(contents->description);
  if (!written.ok()) return 0;  // a name that XRT's tools would not give
  const auto again = sta::ReadXclbin(*written);
  if (!again.ok() || again->description != contents->description) std::abort();
  return 0;
}
