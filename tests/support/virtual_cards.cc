// SPDX-License-Identifier: Apache-2.0
#include "tests/support/virtual_cards.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "accel/xrt/xclbin/xclbin.h"
#include "accel/xrt/xrt_card.h"

namespace sta {

VirtualCards::VirtualCards(const std::vector<VirtualCardSettings>& cards) {
  nlohmann::json settings = {{"directory", directory_.path() / "cards"}};
  for (const VirtualCardSettings& card : cards) {
    settings["cards"].push_back({{"body", card.body},
                                 {"memory_mb", card.memory_mb},
                                 {"compute_us_per_run", card.compute_us_per_run},
                                 {"compute_us_per_1000_beats", card.compute_us_per_1000_beats}});
  }
  const std::filesystem::path file = directory_.path() / "cards.json";
  std::ofstream(file) << settings;
  setenv("STA_VIRTUAL_CARDS", file.c_str(), /*replace=*/1);
  if (absl::Status status = XrtCard::LoadShim(ShimPath()); !status.ok()) {
    throw std::runtime_error(status.ToString());
  }
  void* const shim = dlopen(ShimPath().c_str(), RTLD_NOW | RTLD_NOLOAD);
  control_ = reinterpret_cast<ControlFunction*>(dlsym(shim, "sta_virtual_card_control"));
  if (control_ == nullptr) throw std::runtime_error("the shim has no control channel");
}

std::string VirtualCards::ShimPath() { return STA_VIRTUAL_XRT_LIBRARY; }

std::string VirtualCards::Control(const std::string& line) const {
  std::string reply(4096, '\0');
  control_(line.c_str(), reply.data(), reply.size());
  reply.resize(reply.find('\0'));
  constexpr std::string_view kOk = "ok";
  if (!reply.starts_with(kOk)) throw std::runtime_error(line + ": " + reply);
  return reply.substr(kOk.size());
}

std::string VirtualCards::Xclbin(const card::CardConfig& config, int64_t memory_mb) {
  const std::filesystem::path path = directory_.path() / (std::to_string(xclbins_) + ".xclbin");
  ++xclbins_;
  const std::vector<uint8_t> bytes =
      MakeStaXclbin({.array = config, .memory_mb = memory_mb}).value();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  return path;
}

}  // namespace sta
