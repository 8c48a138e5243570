// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/card_registers.h"

#include <cstdint>
#include <utility>

#include "accel/program/card/instruction.h"
#include "accel/program/card/kernel_registers.h"
#include "strings/str_cat.h"

namespace sta {
absl::StatusOr<card::CardConfig> ReadCardConfig(XrtCard& card) {
  card::CardConfig config;
  const absl::StatusOr<uint32_t> array = card.ReadRegister(card::kConfigurationRegister);
  if (!array.ok()) return array.status();
  const uint32_t version = *array & 0xFFFF;
  if (version != card::kInstructionSetVersion) {
    return absl::FailedPreconditionError(StrCat("the card's kernel has instruction set version ",
                                                version, ", this program version ",
                                                card::kInstructionSetVersion));
  }
  config.tile = (*array >> 16) & 0xFF;
  config.lanes = *array >> 24;
  const std::pair<uint32_t, int64_t&> sizes[] = {
      {card::kActivationRowsRegister, config.activation_rows},
      {card::kResidualBeatsRegister, config.residual_beats},
      {card::kKeyValueTilesRegister, config.key_value_tiles},
      {card::kMaxTokensRegister, config.max_sequence_tokens},
      {card::kMaxChannelsRegister, config.max_channels}};
  for (const auto& [offset, size] : sizes) {
    const absl::StatusOr<uint32_t> value = card.ReadRegister(offset);
    if (!value.ok()) return value.status();
    size = *value;
  }
  if (absl::Status status = config.Validate(); !status.ok()) {
    return absl::FailedPreconditionError(
        StrCat("the card's registers: ", StdView(status.message())));
  }
  return config;
}

}  // namespace sta
