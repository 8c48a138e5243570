// SPDX-License-Identifier: Apache-2.0
//
// The error codes of a card (accel/rtl/doc/instruction-set.md, "Errors"), and how a Status carries
// one.
//
//   return MakeCardError(CardError::kField, "steps is 17, allowed is 1..16");
//   if (CardErrorOf(status) == CardError::kField) ...
#ifndef ACCEL_PROGRAM_CARD_CARD_ERROR_H_
#define ACCEL_PROGRAM_CARD_CARD_ERROR_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace sta::card {

enum class CardError : uint8_t {
  kNone = 0,
  kOpcode = 1,         // unknown opcode, planes or flags
  kField = 2,          // a field outside its range, or reserved bits set
  kDependency = 3,     // waits for an instruction that does not come before it
  kTruncated = 4,      // no END among instruction_count instructions
  kMemoryRange = 5,    // outside the program, input or output region
  kActivation = 6,     // outside the activation buffer
  kResidual = 7,       // outside the residual buffer
  kKeyValue = 8,       // outside the key-value buffer
  kReadResponse = 9,   // AXI response other than OKAY
  kWriteResponse = 10  // AXI response other than OKAY
};

// "field", as the document calls it; "unknown" for a code that it does not have.
std::string_view CardErrorName(CardError error);

// INVALID_ARGUMENT with `message`; `error` is not kNone.
absl::Status MakeCardError(CardError error, std::string_view message);

// kNone for a Status that MakeCardError did not make.
CardError CardErrorOf(const absl::Status& status);

}  // namespace sta::card

#endif  // ACCEL_PROGRAM_CARD_CARD_ERROR_H_
