// SPDX-License-Identifier: Apache-2.0
//
// Small Programs that no encoder compiles to, valid all the same: built by hand or at random.
//
//   ProgramBuilder builder;
//   const uint16_t view = builder.Add(Opcode::kInt8View, {builder.program().input_buffer});
//   ...
//   const Program program = builder.Finish(sum);
#ifndef TESTS_SUPPORT_RANDOM_PROGRAM_H_
#define TESTS_SUPPORT_RANDOM_PROGRAM_H_

#include <cstdint>
#include <vector>

#include "accel/program/program.h"

namespace sta {

class ProgramBuilder {
 public:
  static constexpr int64_t kHidden = 8;
  static constexpr int64_t kIntermediate = 16;

  // No instruction, and the input's buffer alone.
  ProgramBuilder();

  const Program& program() const { return program_; }

  uint16_t AddBuffer(const BufferSpec& spec);

  // Appends an instruction that writes `output`, with one after the other of the constants that fit
  // its buffers. False, and nothing appended, where none does.
  bool Append(Opcode opcode, const std::vector<uint16_t>& inputs, uint16_t output);

  // The same into a new buffer of kHidden values, which it returns.
  uint16_t Add(Opcode opcode, const std::vector<uint16_t>& inputs);

  Program Finish(uint16_t output_buffer);

 private:
  // Constants of the opcode that take the one buffer to the other.
  std::vector<uint32_t> FittingConstants(Opcode opcode, const BufferSpec& from,
                                         const BufferSpec& to) const;

  Program program_;
  size_t appended_ = 0;
};

// Some thirty instructions over a few buffers, each of which is written again and again.
Program RandomProgram(uint64_t seed);

// What an instruction writes.
ElementType OutputType(Opcode opcode);
// What it reads, and how many of them.
ElementType InputType(Opcode opcode);
int InputCount(Opcode opcode);

}  // namespace sta

#endif  // TESTS_SUPPORT_RANDOM_PROGRAM_H_
