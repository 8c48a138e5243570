// SPDX-License-Identifier: Apache-2.0
//
// IdleBody: a kernel that computes nothing but leaves the registers as a run would have: the
// checksums of the beats that the stream says are read, and of the output region as it is, so that
// a host's checks pass. What the way to a card and back costs is measured with it.
//
// Dependencies between instructions are not checked.
#ifndef ACCEL_VIRTUAL_CARD_IDLE_BODY_H_
#define ACCEL_VIRTUAL_CARD_IDLE_BODY_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/instruction.h"
#include "accel/virtual_card/card_body.h"
#include "accel/virtual_card/functional_card.h"
#include "accel/virtual_card/register_file.h"

namespace sta::card {

class IdleBody final : public CardBody {
 public:
  // `config` has passed Validate().
  IdleBody(const CardConfig& config, const BoardMemory& memory)
      : config_(config), memory_(memory), registers_(config) {}

  uint32_t ReadRegister(uint32_t offset) override { return registers_.Read(offset); }
  void WriteRegister(uint32_t offset, uint32_t value) override { registers_.Write(offset, value); }
  RunEnd Run(std::stop_token stop) override;
  void MemoryWritten(uint64_t address, uint64_t bytes) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // What is known of a stream until its instructions or its image are written again, so that a run
  // costs no pass over them.
  struct KnownStream {
    RunRegions regions;
    CardRunResult result;  // but for input and output
    std::vector<TransferInstruction> transfers;
  };

  std::shared_ptr<const KnownStream> Know(const RunRegions& regions, const CardMemory& memory)
      ABSL_LOCKS_EXCLUDED(mutex_);
  KnownStream Walk(const RunRegions& regions, const CardMemory& memory) const;
  // Adds what the instruction reads of the program.
  void AddProgramReads(const CardInstruction& instruction, std::span<const uint8_t> program,
                       CardRunResult& result) const;

  const CardConfig config_;
  const BoardMemory memory_;
  RegisterFile registers_;
  absl::Mutex mutex_;
  std::vector<std::shared_ptr<const KnownStream>> known_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta::card

#endif  // ACCEL_VIRTUAL_CARD_IDLE_BODY_H_
