// SPDX-License-Identifier: Apache-2.0
//
// The card's memory port in cycles: four read clients in order of priority, one writer, and a
// memory of some latency and bandwidth behind them. Internal to accel/cycle_model.
//
// In each cycle: Tick() first, which delivers what has come; then clients look at delivered() and
// ask. A client may ask again in the cycle in which it was granted.
#ifndef ACCEL_CYCLE_MODEL_MEMORY_PORT_H_
#define ACCEL_CYCLE_MODEL_MEMORY_PORT_H_

#include <array>
#include <cstdint>
#include <deque>
#include <optional>

#include "accel/cycle_model/card_timing.h"

namespace sta::card::cycle_model {

enum class ReadClient : uint8_t { kFetch, kParameters, kRows, kWeights };
inline constexpr size_t kReadClients = 4;

class MemoryPort {
 public:
  MemoryPort(const CardTiming& timing, const MemoryTiming& memory)
      : timing_(timing), memory_(memory) {}

  void Tick(int64_t cycle);

  // ---- Reads. A request of up to 16 beats stands until it is granted, at the end of a cycle.
  void Request(ReadClient client, int64_t beats) { Slot(client) = beats; }
  bool IsRequesting(ReadClient client) const { return requests_[static_cast<size_t>(client)] != 0; }
  void Arbitrate(int64_t cycle);

  // Whose beat came in this cycle. It must be taken, or it stays and holds up all others.
  std::optional<ReadClient> delivered() const { return delivered_; }
  void Take() { delivered_.reset(); }

  // ---- Writes: the writer's beats of a burst follow each other.
  bool CanWriteBurst() const { return write_requests_.size() < 2; }
  void WriteBurst(int64_t beats, int64_t cycle) {
    write_requests_.push_back({beats, cycle + timing_.request_cycles});
  }
  // Whether a beat of the oldest burst can be sent in this cycle; if so, it is sent.
  bool WriteBeat(int64_t cycle);
  bool WritesAreDone() const { return write_requests_.empty() && answers_.empty(); }

  int64_t beats_read() const { return beats_read_; }
  int64_t beats_written() const { return beats_written_; }

 private:
  struct Burst {
    int64_t beats = 0;
    int64_t cycle = 0;  // of its first beat, or of the answer of a write
    ReadClient client = ReadClient::kFetch;
  };

  int64_t& Slot(ReadClient client) { return requests_[static_cast<size_t>(client)]; }

  const CardTiming& timing_;
  const MemoryTiming& memory_;
  std::array<int64_t, kReadClients> requests_ = {};  // beats
  std::deque<Burst> reads_;
  std::optional<ReadClient> delivered_;
  std::deque<Burst> write_requests_;
  std::deque<Burst> answers_;
  double budget_beats_ = 0.0;
  int64_t beats_read_ = 0;
  int64_t beats_written_ = 0;
};

}  // namespace sta::card::cycle_model

#endif  // ACCEL_CYCLE_MODEL_MEMORY_PORT_H_
