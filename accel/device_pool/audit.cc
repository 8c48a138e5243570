// SPDX-License-Identifier: Apache-2.0
#include "accel/device_pool/audit.h"

namespace sta {

std::optional<size_t> DecideAudit(std::span<const AuditVote> votes) {
  for (size_t i = 0; i < votes.size(); ++i) {
    if (votes[i].is_believed) return i;
  }
  for (size_t i = 0; i < votes.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (votes[i].rows == votes[j].rows) return j;
    }
  }
  return std::nullopt;
}

}  // namespace sta
