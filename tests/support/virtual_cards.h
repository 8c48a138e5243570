// SPDX-License-Identifier: Apache-2.0
//
// VirtualCards: the process's virtual cards behind XRT (accel/virtual_card/shim), and the xclbins
// that make arrays of them.
//
//   VirtualCards cards({{.memory_mb = 16}, {.body = "none"}});
//   auto device = XrtDevice::Open({.index = 1, .xclbin_path = cards.Xclbin(config)});
//   cards.Control("fault 1 hang count=1");
//
// One a process: XRT loads one shim, which reads its cards once.
#ifndef TESTS_SUPPORT_VIRTUAL_CARDS_H_
#define TESTS_SUPPORT_VIRTUAL_CARDS_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "accel/program/card/card_config.h"
#include "tests/support/temporary_directory.h"

namespace sta {

struct VirtualCardSettings {
  std::string body = "functional";
  int64_t memory_mb = 64;
  int64_t compute_us_per_run = 0;
  int64_t compute_us_per_1000_beats = 0;
};

class VirtualCards {
 public:
  // Throws where the shim cannot be loaded.
  explicit VirtualCards(const std::vector<VirtualCardSettings>& cards);

  // The shim's library.
  static std::string ShimPath();

  // A line of the control channel; the reply without its "ok". Throws what follows "error".
  std::string Control(const std::string& line) const;

  // The path of a new xclbin of this array, with a bank of so much memory.
  std::string Xclbin(const card::CardConfig& config, int64_t memory_mb = 64);

  // Where the cards' lock files are.
  const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  using ControlFunction = int(const char* line, char* reply, size_t size);

  const TemporaryDirectory directory_;
  ControlFunction* control_ = nullptr;
  int xclbins_ = 0;
};

}  // namespace sta

#endif  // TESTS_SUPPORT_VIRTUAL_CARDS_H_
