// SPDX-License-Identifier: Apache-2.0
#include "accel/program/constants_check.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "accel/arithmetic/layer_norm.h"
#include "accel/arithmetic/requantize.h"

namespace sta {
namespace {

absl::Status CheckRange(absl::string_view what, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " is ", value, ", allowed is ", low, "..", high));
}

template <typename T>
absl::Status CheckEach(absl::string_view what, const std::vector<T>& values, int64_t low,
                       int64_t high) {
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t value = values[i];
    if (value < low || value > high) {
      return CheckRange(absl::StrCat(what, "[", i, "]"), value, low, high);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSize(absl::string_view what, size_t size, int64_t expected) {
  if (static_cast<int64_t>(size) == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " has ", size, " entries, expected are ", expected));
}

}  // namespace

absl::Status CheckLinear(const LinearParameters& linear) {
  const NmMatrix& weights = linear.weights;
  absl::Status status = CheckRange("weight rows", weights.rows, 1, arithmetic::kMaxInputDimension);
  status.Update(CheckRange("weight columns", weights.columns, 1, arithmetic::kMaxInputDimension));
  if (!status.ok()) return status;
  status.Update(weights.Validate());
  status.Update(CheckSize("bias", linear.bias.size(), weights.rows));
  status.Update(CheckSize("shift", linear.shift.size(), weights.rows));
  status.Update(CheckSize("multiplier", linear.multiplier.size(), weights.rows));
  status.Update(
      CheckEach("bias", linear.bias, -(arithmetic::kBiasLimit - 1), arithmetic::kBiasLimit - 1));
  status.Update(CheckEach("shift", linear.shift, 0, 31));
  status.Update(CheckEach("multiplier", linear.multiplier, 0, 32767));
  return status;
}

absl::Status CheckLayerNorm(const LayerNormParameters& layer_norm) {
  const auto width = static_cast<int64_t>(layer_norm.gain.size());
  absl::Status status = CheckRange("gain size", width, 1, arithmetic::kMaxHiddenSize);
  status.Update(CheckSize("bias", layer_norm.bias.size(), width));
  status.Update(CheckEach("gain", layer_norm.gain, -32767, 32767));
  status.Update(CheckEach("bias", layer_norm.bias, -32767, 32767));
  status.Update(CheckRange("epsilon", layer_norm.epsilon, 1, arithmetic::kMaxLayerNormEpsilon));
  return status;
}

absl::Status CheckInt8View(const Int8ViewParameters& view) {
  absl::Status status = CheckRange("multiplier size", static_cast<int64_t>(view.multiplier.size()),
                                   1, arithmetic::kMaxHiddenSize);
  status.Update(CheckEach("multiplier", view.multiplier, 1, 32767));
  return status;
}

absl::Status CheckGelu(const GeluParameters& gelu) {
  absl::Status status =
      CheckRange("channel_class size", static_cast<int64_t>(gelu.channel_class.size()), 1,
                 arithmetic::kMaxInputDimension);
  status.Update(CheckEach("channel_class", gelu.channel_class, 0, 1));
  for (size_t t = 0; t < gelu.tables.size(); ++t) {
    const auto& table = gelu.tables[t];
    for (size_t i = 0; i < table.size() && status.ok(); ++i) {
      if (table[i] < -127) {
        status.Update(CheckRange(absl::StrCat("tables[", t, "][", i, "]"), table[i], -127, 127));
      }
    }
    if (table[0] != table[1]) {
      status.Update(absl::InvalidArgumentError(absl::StrCat("tables[", t, "][0] is ", table[0],
                                                            ", it must equal tables[", t,
                                                            "][1], which is ", table[1])));
    }
  }
  return status;
}

absl::Status CheckAttention(const AttentionParameters& attention) {
  absl::Status status = CheckRange("heads", attention.heads, 1, arithmetic::kMaxHiddenSize);
  status.Update(CheckRange("logit_shift", attention.logit_shift, 0, 31));
  status.Update(CheckRange("logit_multiplier", attention.logit_multiplier, 0, 32767));
  status.Update(CheckRange("context_shift", attention.context_shift, 0, 6));
  status.Update(CheckRange("context_multiplier", attention.context_multiplier, 1, 32767));
  return status;
}

}  // namespace sta
