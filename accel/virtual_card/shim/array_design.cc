// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/array_design.h"

#include <algorithm>
#include <span>

#include "absl/status/status.h"
#include "accel/xrt/xclbin/xclbin.h"

namespace sta::virtual_xrt {

absl::StatusOr<ArrayDesign> ReadArrayDesign(const axlf& xclbin) {
  const absl::StatusOr<XclbinContents> contents =
      ReadXclbin({reinterpret_cast<const uint8_t*>(&xclbin), xclbin.m_header.m_length});
  if (!contents.ok()) return contents.status();
  const XclbinDescription& description = contents->description;
  if (!description.array.has_value()) {
    return absl::InvalidArgumentError("the xclbin's bitstream is not for a virtual card");
  }
  const auto memory = std::ranges::find_if(description.memories, &XclbinMemory::is_used);
  if (memory == description.memories.end()) {
    return absl::InvalidArgumentError("the xclbin uses no memory bank");
  }
  const auto kernel = std::ranges::find_if(
      description.kernels, [](const XclbinKernel& k) { return !k.compute_units.empty(); });
  if (kernel == description.kernels.end()) {
    return absl::InvalidArgumentError("the xclbin has no kernel");
  }
  return ArrayDesign{.config = *description.array,
                     .memory_address = memory->base_address,
                     .memory_bytes = memory->size_kb * 1024,
                     .kernel_address = kernel->compute_units.front().base_address,
                     .uuid = contents->uuid};
}

}  // namespace sta::virtual_xrt
