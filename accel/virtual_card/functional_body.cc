// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/functional_body.h"

#include <optional>

namespace sta::card {

RunEnd FunctionalBody::Run(std::stop_token stop) {
  registers_.Start();
  const RunMemory run = MemoryOf(registers_.regions(), memory_);
  const std::optional<CardRunResult> result = run.error == CardError::kNone
                                                  ? card_.RunUntilStopped(run.memory, stop)
                                                  : CardRunResult{.error = run.error};
  registers_.Finish(result.value_or(CardRunResult{}));
  return result.has_value() ? RunEnd::kDone : RunEnd::kStopped;
}

}  // namespace sta::card
