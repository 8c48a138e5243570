// SPDX-License-Identifier: Apache-2.0
//
// CardRack: the cards of a spec, and the commands of the control channel
// (docs/virtual-cards.md).
//
//   CardRack rack(spec);
//   rack.Control("fault 0 hang count=2");    // "ok", or "error ..."
//
// Thread-safe.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_CARD_RACK_H_
#define ACCEL_VIRTUAL_CARD_SHIM_CARD_RACK_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "accel/virtual_card/shim/card_spec.h"
#include "accel/virtual_card/shim/virtual_card.h"

namespace sta::virtual_xrt {

class CardRack {
 public:
  explicit CardRack(const SystemSpec& spec);

  std::vector<VirtualCard*> cards() const;

  // "ok", "ok " and an answer, or "error " and why.
  std::string Control(std::string_view line);

 private:
  // The answer. INVALID_ARGUMENT for a line that is no command.
  absl::StatusOr<std::string> Execute(std::string_view line);

  std::vector<std::unique_ptr<VirtualCard>> cards_;
};

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_CARD_RACK_H_
