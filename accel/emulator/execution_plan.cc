// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/execution_plan.h"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace sta::emulator {
namespace {

using ValueId = uint32_t;
constexpr ValueId kNoValue = std::numeric_limits<ValueId>::max();

// What one step writes and later steps read; every write makes a new one.
struct Value {
  BufferSpec spec;
  int uses = 0;
  // Places in the final order of steps.
  size_t defined_step = 0;
  size_t last_step = 0;
  size_t defined_segment = 0;
  size_t last_segment = 0;
  Slot slot;

  bool is_shared() const { return defined_segment != last_segment; }
};

struct Node {
  Step step;
  std::array<ValueId, 3> inputs = {kNoValue, kNoValue, kNoValue};
  ValueId output = kNoValue;
  ValueId view_output = kNoValue;
  bool is_fused_away = false;
};

int64_t PaddedWidth(int64_t width) {
  return (width + kChunkChannels - 1) / kChunkChannels * kChunkChannels;
}

StepKind KindOf(Opcode opcode) {
  switch (opcode) {
    case Opcode::kLayerNorm:
      return StepKind::kLayerNorm;
    case Opcode::kInt8View:
      return StepKind::kInt8View;
    case Opcode::kLinearInt8:
    case Opcode::kLinearInt16:
      return StepKind::kLinear;
    case Opcode::kGelu:
      return StepKind::kGelu;
    case Opcode::kAttention:
      return StepKind::kAttention;
    case Opcode::kResidualAdd:
      return StepKind::kResidualAdd;
  }
  return StepKind::kLoadRows;
}

class Planner {
 public:
  explicit Planner(const Program& program) : program_(program) {}

  ExecutionPlan Plan() && {
    MakeNodes();
    Fuse();
    CutIntoSegments();
    GiveSharedSlots();
    GiveLocalSlots();
    WriteSteps();
    return std::move(plan_);
  }

 private:
  ValueId NewValue(uint16_t buffer) {
    values_.push_back(
        {.spec = {program_.buffers[buffer].type, PaddedWidth(program_.buffers[buffer].width)}});
    return static_cast<ValueId>(values_.size() - 1);
  }

  void MakeNodes() {
    std::vector<ValueId> current(program_.buffers.size(), kNoValue);
    Node load;
    load.step.kind = StepKind::kLoadRows;
    load.output = current[program_.input_buffer] = NewValue(program_.input_buffer);
    nodes_.push_back(load);
    for (const Instruction& instruction : program_.instructions) {
      Node node;
      node.step.kind = KindOf(instruction.opcode);
      node.step.constants = instruction.constants;
      node.step.linear_output =
          instruction.opcode == Opcode::kLinearInt16 ? LinearOutput::kInt16 : LinearOutput::kInt8;
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        if (instruction.inputs[i] == Instruction::kNone) continue;
        node.inputs[i] = current[instruction.inputs[i]];
        ++values_[node.inputs[i]].uses;
      }
      node.output = current[instruction.output] = NewValue(instruction.output);
      nodes_.push_back(node);
    }
    Node store;
    store.step.kind = StepKind::kStoreRows;
    store.inputs[0] = current[program_.output_buffer];
    ++values_[store.inputs[0]].uses;
    nodes_.push_back(store);
  }

  // The product that makes `value` for a single reader, or null.
  Node* SingleUseLinear(ValueId value, LinearOutput output) {
    if (values_[value].uses != 1) return nullptr;
    for (Node& node : nodes_) {
      if (node.output != value || node.step.kind != StepKind::kLinear) continue;
      return !node.is_fused_away && node.step.linear_output == output ? &node : nullptr;
    }
    return nullptr;
  }

  void Fuse() {
    for (Node& node : nodes_) {
      if (node.step.kind == StepKind::kGelu) FuseGelu(node);
      if (node.step.kind == StepKind::kResidualAdd) FuseResidualAdd(node);
      if (node.step.kind == StepKind::kLayerNorm) FuseView(node);
    }
    std::erase_if(nodes_, [](const Node& node) { return node.is_fused_away; });
  }

  void FuseGelu(Node& node) {
    Node* const linear = SingleUseLinear(node.inputs[0], LinearOutput::kInt8);
    if (linear == nullptr) return;
    node.step.gelu = node.step.constants;
    node.step.kind = StepKind::kLinear;
    node.step.linear_output = LinearOutput::kInt8Gelu;
    node.step.constants = linear->step.constants;
    node.inputs[0] = linear->inputs[0];
    linear->is_fused_away = true;
  }

  void FuseResidualAdd(Node& node) {
    for (const size_t side : {size_t{1}, size_t{0}}) {
      Node* const linear = SingleUseLinear(node.inputs[side], LinearOutput::kInt16);
      if (linear == nullptr) continue;
      const ValueId residual = node.inputs[1 - side];
      node.step.kind = StepKind::kLinear;
      node.step.linear_output = LinearOutput::kInt16Residual;
      node.step.constants = linear->step.constants;
      node.inputs = {linear->inputs[0], residual, kNoValue};
      linear->is_fused_away = true;
      return;
    }
  }

  void FuseView(Node& node) {
    for (Node& view : nodes_) {
      if (view.step.kind != StepKind::kInt8View || view.inputs[0] != node.output) continue;
      node.step.view = view.step.constants;
      node.view_output = view.output;
      --values_[node.output].uses;
      view.is_fused_away = true;
      return;
    }
  }

  void CutIntoSegments() {
    size_t segment = 0;
    for (size_t step = 0; step < nodes_.size(); ++step) {
      const Node& node = nodes_[step];
      if (node.step.kind == StepKind::kAttention) ++segment;
      segment_of_.push_back(segment);
      for (const ValueId value : node.inputs) {
        if (value == kNoValue) continue;
        values_[value].last_step = step;
        values_[value].last_segment = segment;
      }
      for (const ValueId value : {node.output, node.view_output}) {
        if (value == kNoValue) continue;
        values_[value].defined_step = values_[value].last_step = step;
        values_[value].defined_segment = values_[value].last_segment = segment;
      }
    }
    plan_.segments.resize(segment + 1);
  }

  // A slot and until when (segment or step) its latest value is read.
  struct Occupied {
    BufferSpec spec;
    size_t until = 0;
  };

  // The first slot of `spec` that is free at `from`, or a new one; occupied until `until`.
  static uint16_t Occupy(std::vector<Occupied>& slots, const BufferSpec& spec, size_t from,
                         size_t until) {
    auto slot = std::find_if(slots.begin(), slots.end(), [&](const Occupied& occupied) {
      return occupied.spec == spec && occupied.until < from;
    });
    if (slot == slots.end()) slot = slots.insert(slots.end(), {.spec = spec});
    slot->until = until;
    return static_cast<uint16_t>(slot - slots.begin());
  }

  template <typename Give>
  void ForEachDefinition(const Give& give) {
    for (const Node& node : nodes_) {
      for (const ValueId value : {node.output, node.view_output}) {
        if (value != kNoValue) give(values_[value]);
      }
    }
  }

  void GiveSharedSlots() {
    std::vector<Occupied> slots;
    ForEachDefinition([&](Value& value) {
      if (!value.is_shared()) return;
      value.slot = {true, Occupy(slots, value.spec, value.defined_segment, value.last_segment)};
    });
    for (const Occupied& slot : slots) plan_.shared_slots.push_back(slot.spec);
  }

  void GiveLocalSlots() {
    std::vector<Occupied> slots;
    ForEachDefinition([&](Value& value) {
      if (value.is_shared()) return;
      value.slot = {false, Occupy(slots, value.spec, value.defined_step, value.last_step)};
    });
    for (const Occupied& slot : slots) plan_.local_slots.push_back(slot.spec);
  }

  void WriteSteps() {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      Node& node = nodes_[i];
      for (size_t input = 0; input < node.inputs.size(); ++input) {
        if (node.inputs[input] != kNoValue) {
          node.step.inputs[input] = values_[node.inputs[input]].slot;
        }
      }
      if (node.output != kNoValue) node.step.output = values_[node.output].slot;
      if (node.view_output != kNoValue) node.step.view_output = values_[node.view_output].slot;
      plan_.segments[segment_of_[i]].push_back(node.step);
    }
  }

  const Program& program_;
  std::vector<Value> values_;
  std::vector<Node> nodes_;
  std::vector<size_t> segment_of_;  // of each node
  ExecutionPlan plan_;
};

}  // namespace

ExecutionPlan PlanExecution(const Program& program) { return Planner(program).Plan(); }

}  // namespace sta::emulator
