// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/plugin_entry.h"

#include "accel/xrt/xrt_card.h"
#include "accel/xrt/xrt_device.h"

namespace sta {
namespace {

class XrtCards final : public XrtPlugin {
 public:
  absl::StatusOr<std::vector<XrtCardInfo>> EnumerateCards() override {
    return XrtCard::Enumerate();
  }
  absl::StatusOr<std::unique_ptr<Device>> OpenCard(const XrtCardOptions& options) override {
    return XrtDevice::Open(options);
  }
};

}  // namespace
}  // namespace sta

extern "C" __attribute__((visibility("default"))) void StaOpenXrtPlugin1(
    const std::string& shim_path, absl::StatusOr<std::unique_ptr<sta::XrtPlugin>>& plugin) {
  if (absl::Status status = sta::XrtCard::LoadShim(shim_path); !status.ok()) {
    plugin = status;
    return;
  }
  plugin = std::make_unique<sta::XrtCards>();
}
