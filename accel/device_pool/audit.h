// SPDX-License-Identifier: Apache-2.0
//
// The audit of a batch: the same batch on several devices, and which of them computed it right.
//
//   std::vector<AuditVote> votes;        // one a device, in the order of their runs
//   if (std::optional<size_t> right = DecideAudit(votes)) ... votes[*right].rows ...
//
// An emulator is believed: it is what cards are compared with everywhere else. Among cards two
// equal votes are right, for two that fail in the same way are far less likely than one that fails.
#ifndef ACCEL_DEVICE_POOL_AUDIT_H_
#define ACCEL_DEVICE_POOL_AUDIT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sta {

struct AuditVote {
  size_t device = 0;
  bool is_believed = false;
  std::vector<int16_t> rows;
};

// The vote that is right; nothing where another device has to be asked.
std::optional<size_t> DecideAudit(std::span<const AuditVote> votes);

}  // namespace sta

#endif  // ACCEL_DEVICE_POOL_AUDIT_H_
