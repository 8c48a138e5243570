// SPDX-License-Identifier: Apache-2.0
//
// XrtPlugin: STA cards, for programs that must start where no XRT is installed. All that needs
// XRT's library is in libsta_xrt.so, which this loads.
//
//   absl::StatusOr<std::unique_ptr<XrtPlugin>> xrt = LoadXrtPlugin({});
//   if (!xrt.ok()) ...                      // one line for the log: why there are no cards
//   for (const XrtCardInfo& card : *(*xrt)->EnumerateCards()) ...
//   absl::StatusOr<std::unique_ptr<Device>> device =
//       (*xrt)->OpenCard({.index = 0, .xclbin_path = "/opt/sta/sta.xclbin"});
//
// Its methods block and may be called from any thread, one at a time. The library stays loaded for
// as long as the process lives: devices may outlive the XrtPlugin that opened them.
#ifndef ACCEL_XRT_XRT_PLUGIN_H_
#define ACCEL_XRT_XRT_PLUGIN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "accel/device.h"

namespace sta {

// A card as XRT lists it; it need not be one that can be opened.
struct XrtCardInfo {
  int index = 0;     // what OpenCard takes
  std::string bdf;   // its PCI address: "0000:65:00.1"
  std::string name;  // of its shell: "xilinx_u250_gen3x16_xdma_4_1_202210_1"
};

struct XrtCardOptions {
  int index = 0;
  // The card's kernel. The file is read again when a card is opened again.
  std::string xclbin_path;
  // A run of more than this, and of more than four times its estimate, is taken to hang.
  absl::Duration card_timeout = absl::Seconds(2);
  int64_t max_tokens = 16384;  // DeviceCaps::max_tokens
};

class XrtPlugin {
 public:
  virtual ~XrtPlugin() = default;
  XrtPlugin(const XrtPlugin&) = delete;
  XrtPlugin& operator=(const XrtPlugin&) = delete;

  // In the order of their indices; none is no error. UNAVAILABLE: XRT's words.
  virtual absl::StatusOr<std::vector<XrtCardInfo>> EnumerateCards() = 0;

  // Puts the kernel on the card and opens it for this process alone, as device "xrt:INDEX".
  // NOT_FOUND: no such card, or no such file; UNAVAILABLE: another process has the card, or it is
  // gone; INVALID_ARGUMENT: no xclbin with our kernel; FAILED_PRECONDITION: a kernel of another
  // instruction set version.
  virtual absl::StatusOr<std::unique_ptr<Device>> OpenCard(const XrtCardOptions& options) = 0;

 protected:
  XrtPlugin() = default;
};

struct XrtPluginOptions {
  // libsta_xrt.so; empty: beside this program, then in ../lib/sta.
  std::string library_path;
  // What XRT reaches cards through: a library that is loaded before XRT's first call. One shim a
  // process: the first counts.
  std::string shim_path = "libxrt_core.so.2";
};

// NOT_FOUND: there is no libsta_xrt.so; UNAVAILABLE: it, or XRT's library under it, or the shim
// cannot be loaded, with the loader's words.
absl::StatusOr<std::unique_ptr<XrtPlugin>> LoadXrtPlugin(const XrtPluginOptions& options);

}  // namespace sta

#endif  // ACCEL_XRT_XRT_PLUGIN_H_
