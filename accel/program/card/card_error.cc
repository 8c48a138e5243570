// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/card_error.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "strings/str_cat.h"

namespace sta::card {
namespace {

constexpr absl::string_view kPayload = "sta.card_error";

}  // namespace

std::string_view CardErrorName(CardError error) {
  switch (error) {
    case CardError::kNone:
      return "none";
    case CardError::kOpcode:
      return "opcode";
    case CardError::kField:
      return "field";
    case CardError::kDependency:
      return "dependency";
    case CardError::kTruncated:
      return "truncated";
    case CardError::kMemoryRange:
      return "memory range";
    case CardError::kActivation:
      return "activation buffer";
    case CardError::kResidual:
      return "residual buffer";
    case CardError::kKeyValue:
      return "key-value buffer";
    case CardError::kReadResponse:
      return "read response";
    case CardError::kWriteResponse:
      return "write response";
  }
  return "unknown";
}

absl::Status MakeCardError(CardError error, std::string_view message) {
  absl::Status status = absl::InvalidArgumentError(AbslView(message));
  status.SetPayload(kPayload, absl::Cord(std::string(1, static_cast<char>(error))));
  return status;
}

CardError CardErrorOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  if (!payload.has_value() || payload->size() != 1) return CardError::kNone;
  return static_cast<CardError>((*payload)[0]);
}

}  // namespace sta::card
