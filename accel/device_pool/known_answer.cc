// SPDX-License-Identifier: Apache-2.0
#include "accel/device_pool/known_answer.h"

#include <cstddef>
#include <random>

#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/reference/interpreter.h"

namespace sta {
namespace {

constexpr int64_t kHiddenSize = 32;

}  // namespace

KnownAnswer::KnownAnswer() : offsets_({0, 5, 8}) {
  // The parameters are ours and fit together, so this cannot fail.
  program_ = *CompileProgram(RandomEncoder({.seed = 2208,
                                            .hidden_size = kHiddenSize,
                                            .intermediate_size = 64,
                                            .layers = 1,
                                            .heads = 2,
                                            .pattern = {2, 8}}));
  std::mt19937 random(6118);
  rows_.resize(static_cast<size_t>(offsets_.back() * kHiddenSize));
  for (int16_t& value : rows_)
    value = static_cast<int16_t>(static_cast<int>(random() % 8001) - 4000);
  expected_rows_.resize(rows_.size());
  Interpret(*program_, batch(), expected_rows_, {}).IgnoreError();  // without observer: none
}

absl::Status KnownAnswer::Probe(Device& device, absl::Time deadline) const {
  const absl::StatusOr<std::unique_ptr<LoadedProgram>> loaded = device.Load(program_);
  if (!loaded.ok()) return loaded.status();
  std::vector<int16_t> output(rows_.size());
  if (absl::Status ran = device.Run(**loaded, batch(), output, deadline); !ran.ok()) return ran;
  if (output != expected_rows_) {
    return absl::DataLossError("it answers the probe wrong");
  }
  return absl::OkStatus();
}

}  // namespace sta
