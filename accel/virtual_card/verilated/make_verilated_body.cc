// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/verilated/make_verilated_body.h"

#include <cstdint>
#include <string_view>

#include "Vsta_kernel_4x4.h"
#include "Vsta_kernel_8x8.h"
#include "absl/status/status.h"
#include "accel/program/card/kernel_registers.h"
#include "accel/rtl/dv/kernel_driver.h"
#include "accel/rtl/dv/verilated_kernel.h"
#include "accel/virtual_card/verilated/verilated_body.h"
#include "strings/str_cat.h"

namespace sta::card {
namespace {

// Registers begin with bits drawn from it.
constexpr uint32_t kSeed = 1;

std::unique_ptr<rtl::KernelModel> MakeKernel(const CardConfig& config) {
  if (config.tile == 4 && config.lanes == 4) {
    return std::make_unique<rtl::VerilatedKernel<Vsta_kernel_4x4>>(kSeed);
  }
  if (config.tile == 8 && config.lanes == 8) {
    return std::make_unique<rtl::VerilatedKernel<Vsta_kernel_8x8>>(kSeed);
  }
  return nullptr;
}

// The circuit knows its own parameters.
absl::Status CheckBuffers(const CardConfig& config, CardBody& body) {
  const struct {
    std::string_view name;
    uint32_t offset;
    int64_t wanted;
  } sizes[] = {
      {"activation_rows", kActivationRowsRegister, config.activation_rows},
      {"residual_beats", kResidualBeatsRegister, config.residual_beats},
      {"key_value_tiles", kKeyValueTilesRegister, config.key_value_tiles},
      {"max_sequence_tokens", kMaxTokensRegister, config.max_sequence_tokens},
      {"max_channels", kMaxChannelsRegister, config.max_channels},
  };
  for (const auto& size : sizes) {
    if (const int64_t built = body.ReadRegister(size.offset); built != size.wanted) {
      return absl::InvalidArgumentError(StrCat("the simulated array ", config.Name(), " has ",
                                               size.name, " ", built, ", not ", size.wanted));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<CardBody>> MakeVerilatedBody(const CardConfig& config,
                                                            const BoardMemory& memory) {
  std::unique_ptr<rtl::KernelModel> kernel = MakeKernel(config);
  if (kernel == nullptr) {
    return absl::InvalidArgumentError(
        StrCat("array ", config.Name(), " cannot be simulated: there are 4x4x4 and 8x8x8"));
  }
  auto body = std::make_unique<VerilatedBody>(std::move(kernel), memory);
  if (absl::Status status = CheckBuffers(config, *body); !status.ok()) return status;
  return body;
}

}  // namespace sta::card
