// SPDX-License-Identifier: Apache-2.0
//
// Ports of the buffers on the chip that several units share. The epilogue is never held off and
// knows some cycles ahead when it will need one; the others take what is free, in the order in
// which they are asked in a cycle. Internal to accel/cycle_model.
#ifndef ACCEL_CYCLE_MODEL_BUFFER_PORTS_H_
#define ACCEL_CYCLE_MODEL_BUFFER_PORTS_H_

#include <cstdint>

namespace sta::card::cycle_model {

class BufferPort {
 public:
  void NextCycle() { taken_ >>= 1; }
  // Before anybody asks for that cycle. `cycles` is below 64.
  void TakeIn(int64_t cycles) { taken_ |= uint64_t{1} << cycles; }
  bool IsFree() const { return (taken_ & 1) == 0; }
  // Takes the port in this cycle, if it is free.
  bool TryTake() {
    if (!IsFree()) return false;
    taken_ |= 1;
    return true;
  }

 private:
  uint64_t taken_ = 0;  // bit i: in i cycles
};

struct BufferPorts {
  BufferPort activation_write;
  BufferPort residual_read;
  BufferPort residual_write;

  void NextCycle() {
    activation_write.NextCycle();
    residual_read.NextCycle();
    residual_write.NextCycle();
  }
};

}  // namespace sta::card::cycle_model

#endif  // ACCEL_CYCLE_MODEL_BUFFER_PORTS_H_
