// SPDX-License-Identifier: Apache-2.0
//
// FunctionalBody: a FunctionalCard behind the registers, over the card's memory.
#ifndef ACCEL_VIRTUAL_CARD_FUNCTIONAL_BODY_H_
#define ACCEL_VIRTUAL_CARD_FUNCTIONAL_BODY_H_

#include "accel/program/card/card_config.h"
#include "accel/virtual_card/card_body.h"
#include "accel/virtual_card/functional_card.h"
#include "accel/virtual_card/register_file.h"

namespace sta::card {

class FunctionalBody final : public CardBody {
 public:
  // `config` has passed Validate().
  FunctionalBody(const CardConfig& config, const BoardMemory& memory)
      : memory_(memory), registers_(config), card_(config) {}

  uint32_t ReadRegister(uint32_t offset) override { return registers_.Read(offset); }
  void WriteRegister(uint32_t offset, uint32_t value) override { registers_.Write(offset, value); }
  RunEnd Run(std::stop_token stop) override;

 private:
  const BoardMemory memory_;
  RegisterFile registers_;
  FunctionalCard card_;
};

}  // namespace sta::card

#endif  // ACCEL_VIRTUAL_CARD_FUNCTIONAL_BODY_H_
