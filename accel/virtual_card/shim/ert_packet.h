// SPDX-License-Identifier: Apache-2.0
//
// The packets through which XRT gives commands to a card's scheduler (ert.h): one word of header,
// then the payload, in a buffer that host and card share. The card writes the state.
//
//   absl::StatusOr<Command> command = ParsePacket(words);
//   StorePacketState(words, ERT_CMD_STATE_COMPLETED);
#ifndef ACCEL_VIRTUAL_CARD_SHIM_ERT_PACKET_H_
#define ACCEL_VIRTUAL_CARD_SHIM_ERT_PACKET_H_

#include <ert.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "absl/status/statusor.h"
#include "strings/str_cat.h"

namespace sta::virtual_xrt {

// Starts the kernel with these registers, of which the first is that at offset 0.
struct StartCommand {
  std::span<const uint32_t> registers;
};

// Aborts the command whose packet is in this buffer.
struct AbortCommand {
  unsigned int buffer = 0;
};

using Command = std::variant<StartCommand, AbortCommand>;

// INVALID_ARGUMENT where the packet is longer than its buffer, or none of these two.
inline absl::StatusOr<Command> ParsePacket(std::span<const uint32_t> words) {
  if (words.empty()) return absl::InvalidArgumentError("a packet without a header");
  ert_packet header = {};
  header.header = words[0];
  if (header.count >= words.size()) {
    return absl::InvalidArgumentError(
        StrCat("a packet of ", header.count, " words in a buffer of ", words.size()));
  }
  const std::span<const uint32_t> payload = words.subspan(1, header.count);
  if (header.opcode == ERT_START_CU) {
    ert_start_kernel_cmd start = {};
    start.header = words[0];
    const size_t masks = 1 + start.extra_cu_masks;
    if (payload.size() < masks || payload[0] != 1) {
      return absl::InvalidArgumentError("a start of another unit than the first, the only one");
    }
    return StartCommand{payload.subspan(masks)};
  }
  if (header.opcode == ERT_ABORT) {
    // Aligned as the struct has it, which the packet's count does not say.
    constexpr size_t kHandleWord = offsetof(ert_abort_cmd, exec_bo_handle) / sizeof(uint32_t);
    if (words.size() <= kHandleWord) return absl::InvalidArgumentError("an abort of nothing");
    return AbortCommand{words[kHandleWord]};
  }
  return absl::InvalidArgumentError(StrCat("a packet with the opcode ", header.opcode));
}

// The card's write, while the host may read the header, or write to it.
inline void StorePacketState(std::span<uint32_t> words, ert_cmd_state state) {
  constexpr uint32_t kStateMask = 0xF;
  const std::atomic_ref<uint32_t> header(words[0]);
  uint32_t seen = header.load();
  while (!header.compare_exchange_weak(seen, (seen & ~kStateMask) | state)) {
  }
}

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_ERT_PACKET_H_
