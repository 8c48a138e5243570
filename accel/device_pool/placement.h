// SPDX-License-Identifier: Apache-2.0
//
// Which device takes a batch, and how much of what waits: list scheduling over devices of unequal
// speed. A pure function of what is known of them now.
//
//   std::optional<Placement> placement =
//       Place(views, {.batch_tokens = 4096, .waiting_tokens = 20000});
//
//  - The device that would finish the batch first takes it, if it has room. Where other devices
//  have
//    room, too, it gets the share of all that waits that makes them end together; a share that is
//    not worth its fixed cost is left to the others.
//  - Where it has no room, the next that would finish first and has room takes as much as it ends
//    before the others would have worked off everything that waits without it. A slow device so
//    helps under backlog and is never what everybody waits for.
#ifndef ACCEL_DEVICE_POOL_PLACEMENT_H_
#define ACCEL_DEVICE_POOL_PLACEMENT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/time/time.h"

namespace sta {

// A share of a batch takes a device at least this long beyond its fixed cost.
inline constexpr absl::Duration kSmallestShare = absl::Microseconds(200);

struct DeviceView {
  bool ready = false;  // in service, and has the program
  bool has_room = false;
  absl::Duration free_in;     // until it has worked off what it holds
  absl::Duration estimate;    // of the batch, on it alone
  absl::Duration fixed_cost;  // of any batch, however small
};

struct OfferedTokens {
  int64_t batch_tokens = 0;    // >= 1
  int64_t waiting_tokens = 0;  // those of the batch among them
};

struct Placement {
  size_t device = 0;
  int64_t token_budget = 0;  // 1 .. batch_tokens
};

// Nothing where the batch should wait for a busy device, or none is ready.
std::optional<Placement> Place(std::span<const DeviceView> devices, const OfferedTokens& offered);

// The ready device that would finish first, room or not.
std::optional<size_t> FirstToFinish(std::span<const DeviceView> devices);

// From now on, at the best: small costs of each batch that will be made meanwhile do not count.
struct Outlook {
  absl::Duration begin;  // until the devices have worked off what comes before
  absl::Duration end;    // until the batch is done
};

// Of a batch of so many tokens that comes after `tokens_before` others; `is_divisible`: the devices
// may share it. Nothing where no device is ready.
std::optional<Outlook> LookAhead(std::span<const DeviceView> devices, int64_t batch_tokens,
                                 int64_t tokens_before, bool is_divisible);

}  // namespace sta

#endif  // ACCEL_DEVICE_POOL_PLACEMENT_H_
