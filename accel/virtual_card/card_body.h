// SPDX-License-Identifier: Apache-2.0
//
// CardBody: what is behind the registers of a virtual card: the kernel, whatever it is made of. The
// shim (accel/virtual_card/shim) is the rest of the card: its memory, its scheduler, its faults.
//
//   body->WriteRegister(kInputRegister, ...);        // arguments
//   if (body->Run(stop) == RunEnd::kDone) error = body->ReadRegister(kErrorRegister);
//
// An implementation owes:
// 1. Registers as accel/rtl/doc/registers.md says, from any thread at any time, during a run too;
//    ap_start is Run's: a write of CTRL starts nothing.
// 2. One Run at a time, on a thread that it is not told of. Arguments are read when it begins.
// 3. Run returns soon after `stop` was requested, and the kernel has then been reset: the next Run
//    finds nothing of this one but what it has written to memory. An error of the kernel is no
//    reason to return anything but kDone: it stands in the error register.
// 4. No access outside `memory`; an address there is answered as AXI does, with an error.
#ifndef ACCEL_VIRTUAL_CARD_CARD_BODY_H_
#define ACCEL_VIRTUAL_CARD_CARD_BODY_H_

#include <cstdint>
#include <span>
#include <stop_token>

#include "absl/status/status.h"
#include "accel/program/card/card_config.h"

namespace sta::card {

// The card's memory as the kernel's bus sees it. The host writes to it between runs, and during
// runs to what they do not touch.
struct BoardMemory {
  uint64_t base_address = 0;
  std::span<uint8_t> bytes;
};

enum class RunEnd : uint8_t { kDone, kStopped };

class CardBody {
 public:
  virtual ~CardBody() = default;

  virtual uint32_t ReadRegister(uint32_t offset) = 0;
  virtual void WriteRegister(uint32_t offset, uint32_t value) = 0;
  virtual RunEnd Run(std::stop_token stop) = 0;

  // The host has written here: for bodies that remember something of what memory holds. From any
  // thread.
  virtual void MemoryWritten(uint64_t /*address*/, uint64_t /*bytes*/) {}
};

// A body that is a library of its own exports a function of this type and name, which changes with
// the type. `memory` outlives what it returns, which belongs to the caller. Null where it has no
// such card; `failure` then says why.
using MakeCardBodyFunction = CardBody*(const CardConfig& config, const BoardMemory& memory,
                                       absl::Status& failure);
inline constexpr char kMakeCardBodySymbol[] = "sta_make_card_body_2";

}  // namespace sta::card

#endif  // ACCEL_VIRTUAL_CARD_CARD_BODY_H_
