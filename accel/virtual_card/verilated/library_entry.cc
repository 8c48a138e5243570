// SPDX-License-Identifier: Apache-2.0
//
// What libsta_verilated_card.so exports: see card_body.h.
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "accel/virtual_card/card_body.h"
#include "accel/virtual_card/verilated/make_verilated_body.h"

extern "C" sta::card::CardBody* sta_make_card_body_2(const sta::card::CardConfig& config,
                                                     const sta::card::BoardMemory& memory,
                                                     absl::Status& failure) {
  absl::StatusOr<std::unique_ptr<sta::card::CardBody>> body =
      sta::card::MakeVerilatedBody(config, memory);
  if (body.ok()) return std::move(*body).release();
  failure = body.status();
  return nullptr;
}
