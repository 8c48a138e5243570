// SPDX-License-Identifier: Apache-2.0
#include "tests/accel/emulator/plan_simulator.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "tests/support/random_values.h"

namespace sta::emulator {
namespace {

using Symbol = uint64_t;

Symbol Mix(Symbol hash, Symbol value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
  return hash ^ hash >> 29;
}

Symbol Loaded(size_t chunk) { return Mix(1, chunk); }
Symbol Garbage(Symbol origin) { return Mix(2, origin); }

Symbol Apply(Opcode opcode, uint32_t constants, Symbol x) {
  return Mix(Mix(Mix(3, static_cast<Symbol>(opcode)), constants), x);
}

// Commutative, as the addition is.
Symbol Add(Symbol x, Symbol y) { return Mix(Mix(4, std::min(x, y)), std::max(x, y)); }

Symbol Attend(uint32_t constants, Symbol query, const std::vector<Symbol>& keys,
              const std::vector<Symbol>& values) {
  Symbol result = Mix(Mix(5, constants), query);
  for (const Symbol key : keys) result = Mix(result, key);
  for (const Symbol value : values) result = Mix(result, value);
  return result;
}

class PlanRun {
 public:
  PlanRun(const ExecutionPlan& plan, size_t chunks, uint64_t seed)
      : plan_(plan),
        random_(seed),
        shared_(plan.shared_slots.size(), std::vector<Symbol>(chunks, Garbage(0))),
        local_(chunks),
        output_(chunks, Garbage(1)) {}

  std::vector<Symbol> Run() && {
    for (const std::vector<Step>& segment : plan_.segments) {
      for (size_t chunk = 0; chunk < local_.size(); ++chunk) {
        local_[chunk].assign(plan_.local_slots.size(), Garbage(chunk));
      }
      RunSegment(segment);
    }
    return output_;
  }

 private:
  void RunSegment(const std::vector<Step>& segment) {
    std::vector<size_t> next(local_.size(), 0);
    for (size_t left = local_.size() * segment.size(); left > 0; --left) {
      size_t chunk = 0;
      do {
        chunk = static_cast<size_t>(random_.Uniform(0, std::ssize(next) - 1));
      } while (next[chunk] == segment.size());
      RunStep(segment[next[chunk]++], chunk);
    }
  }

  Symbol& At(Slot slot, size_t chunk) {
    return slot.is_shared ? shared_[slot.index][chunk] : local_[chunk][slot.index];
  }

  // Of all chunks; a thread has no access to the local slots of others.
  std::vector<Symbol> AllOf(Slot slot) const {
    if (slot.is_shared) return shared_[slot.index];
    return std::vector<Symbol>(local_.size(), Garbage(2));
  }

  // Kernels read while they write, so an operand that is also the result is none.
  Symbol Read(const Step& step, size_t input, size_t chunk) {
    const Slot slot = step.inputs[input];
    return slot == step.output ? Garbage(3) : At(slot, chunk);
  }

  Symbol Linear(const Step& step, size_t chunk) {
    const bool is_int16 = step.linear_output == LinearOutput::kInt16 ||
                          step.linear_output == LinearOutput::kInt16Residual;
    const Symbol product = Apply(is_int16 ? Opcode::kLinearInt16 : Opcode::kLinearInt8,
                                 step.constants, Read(step, 0, chunk));
    if (step.linear_output == LinearOutput::kInt8Gelu) {
      return Apply(Opcode::kGelu, step.gelu, product);
    }
    if (step.linear_output == LinearOutput::kInt16Residual) {
      return Add(product, Read(step, 1, chunk));
    }
    return product;
  }

  void RunStep(const Step& step, size_t chunk) {
    if (step.kind == StepKind::kStoreRows) {
      output_[chunk] = At(step.inputs[0], chunk);
      return;
    }
    const Symbol result = ResultOf(step, chunk);
    At(step.output, chunk) = result;
    if (step.view.has_value()) {
      At(step.view_output, chunk) = Apply(Opcode::kInt8View, *step.view, result);
    }
  }

  Symbol ResultOf(const Step& step, size_t chunk) {
    switch (step.kind) {
      case StepKind::kLoadRows:
        return Loaded(chunk);
      case StepKind::kLinear:
        return Linear(step, chunk);
      case StepKind::kLayerNorm:
        return Apply(Opcode::kLayerNorm, step.constants, Read(step, 0, chunk));
      case StepKind::kInt8View:
        return Apply(Opcode::kInt8View, step.constants, Read(step, 0, chunk));
      case StepKind::kGelu:
        return Apply(Opcode::kGelu, step.constants, Read(step, 0, chunk));
      case StepKind::kResidualAdd:
        return Add(Read(step, 0, chunk), Read(step, 1, chunk));
      case StepKind::kAttention:
        return Attend(step.constants, Read(step, 0, chunk), AllOf(step.inputs[1]),
                      AllOf(step.inputs[2]));
      case StepKind::kStoreRows:
        break;
    }
    return Garbage(4);
  }

  const ExecutionPlan& plan_;
  RandomValues random_;
  std::vector<std::vector<Symbol>> shared_;  // [slot][chunk]
  std::vector<std::vector<Symbol>> local_;   // [chunk][slot]
  std::vector<Symbol> output_;               // [chunk]
};

}  // namespace

std::vector<uint64_t> SimulateProgram(const Program& program, size_t chunks) {
  std::vector<std::vector<Symbol>> buffers(program.buffers.size(), std::vector<Symbol>(chunks));
  for (size_t chunk = 0; chunk < chunks; ++chunk) {
    buffers[program.input_buffer][chunk] = Loaded(chunk);
  }
  for (const Instruction& instruction : program.instructions) {
    const std::vector<Symbol> x = buffers[instruction.inputs[0]];
    std::vector<Symbol>& y = buffers[instruction.output];
    for (size_t chunk = 0; chunk < chunks; ++chunk) {
      if (instruction.opcode == Opcode::kAttention) {
        y[chunk] = Attend(instruction.constants, x[chunk], buffers[instruction.inputs[1]],
                          buffers[instruction.inputs[2]]);
      } else if (instruction.opcode == Opcode::kResidualAdd) {
        y[chunk] = Add(x[chunk], buffers[instruction.inputs[1]][chunk]);
      } else {
        y[chunk] = Apply(instruction.opcode, instruction.constants, x[chunk]);
      }
    }
  }
  return buffers[program.output_buffer];
}

std::vector<uint64_t> SimulatePlan(const ExecutionPlan& plan, size_t chunks, uint64_t seed) {
  return PlanRun(plan, chunks, seed).Run();
}

}  // namespace sta::emulator
