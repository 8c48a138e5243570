// SPDX-License-Identifier: Apache-2.0
#include "accel/program/random_encoder.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "accel/arithmetic/gelu_tables.h"
#include "accel/arithmetic/quant_multiplier.h"

namespace sta {
namespace {

// Spreads (standard deviations) that the generator aims at, in codes.
constexpr double kInt8Spread = 45.0;
constexpr double kInt16Spread = 3000.0;
constexpr double kWeightSpread = 73.0;  // of uniform weights in -127..127

class Generator {
 public:
  explicit Generator(const RandomEncoderOptions& options)
      : options_(options), engine_(options.seed) {}

  EncoderParameters Encoder() {
    EncoderParameters encoder;
    encoder.hidden_size = options_.hidden_size;
    encoder.intermediate_size = options_.intermediate_size;
    encoder.embedding_layer_norm = LayerNorm();
    for (int64_t i = 0; i < options_.layers; ++i) encoder.layers.push_back(Layer());
    encoder.output_step = 0.001;
    return encoder;
  }

  NmMatrix Matrix(int64_t rows, int64_t columns, Pattern pattern) {
    NmMatrix matrix{.rows = rows, .columns = columns, .pattern = pattern};
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t begin = 0; begin < columns; begin += pattern.m) {
        AppendGroup(std::min<int64_t>(pattern.m, columns - begin), matrix);
      }
    }
    return matrix;
  }

 private:
  int64_t Uniform(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine_);
  }
  double Jitter() { return std::uniform_real_distribution<double>(0.6, 1.5)(engine_); }

  void AppendGroup(int64_t width, NmMatrix& matrix) {
    const int64_t kept = std::min<int64_t>(matrix.pattern.n, width);
    int64_t missing = kept;
    for (int64_t place = 0; place < width; ++place) {
      if (Uniform(0, width - place - 1) >= missing) continue;  // selection sampling
      --missing;
      matrix.values.push_back(static_cast<int8_t>(Uniform(-127, 127)));
      if (!matrix.pattern.IsDense()) matrix.offsets.push_back(static_cast<uint8_t>(place));
    }
  }

  LinearParameters Linear(int64_t rows, int64_t columns, double output_spread, int bits) {
    LinearParameters linear{.weights = Matrix(rows, columns, options_.pattern)};
    const double entries = static_cast<double>(linear.weights.entries_per_row());
    const double accumulator_spread = kInt8Spread * kWeightSpread * std::sqrt(entries);
    for (int64_t row = 0; row < rows; ++row) {
      const double ratio = std::min(0.9, output_spread / accumulator_spread * Jitter());
      const auto scale = arithmetic::QuantMultiplier(ratio, bits).value_or(arithmetic::Scale{});
      linear.shift.push_back(scale.shift);
      linear.multiplier.push_back(scale.multiplier);
      const auto bound = static_cast<int64_t>(accumulator_spread);
      linear.bias.push_back(static_cast<int32_t>(Uniform(-bound, bound)));
    }
    return linear;
  }

  LayerNormParameters LayerNorm() {
    LayerNormParameters parameters{.epsilon = Uniform(1, 1000)};
    const double gain = kInt16Spread * std::sqrt(static_cast<double>(options_.hidden_size));
    for (int64_t c = 0; c < options_.hidden_size; ++c) {
      const double sign = Uniform(0, 9) == 0 ? -1.0 : 1.0;
      parameters.gain.push_back(static_cast<int16_t>(sign * std::min(32767.0, gain * Jitter())));
      parameters.bias.push_back(static_cast<int16_t>(Uniform(-500, 500)));
    }
    return parameters;
  }

  Int8ViewParameters View() {
    Int8ViewParameters view;
    for (int64_t c = 0; c < options_.hidden_size; ++c) {
      view.multiplier.push_back(
          static_cast<int16_t>(32768.0 * kInt8Spread / kInt16Spread * Jitter()));
    }
    return view;
  }

  GeluParameters Gelu() {
    GeluParameters gelu;
    for (int64_t c = 0; c < options_.intermediate_size; ++c) {
      gelu.channel_class.push_back(Uniform(0, 19) == 0 ? 1 : 0);
    }
    gelu.tables = arithmetic::MakeGeluTables(
        {.input_step = 0.043, .input_zero = -34, .output_step = 0.026, .output_zero = -120});
    return gelu;
  }

  AttentionParameters Attention() {
    const int64_t head_size = options_.hidden_size / options_.heads;
    // Logits of a few octaves, in steps of 1/32 octave.
    const double ratio =
        40.0 / (kInt8Spread * kInt8Spread * std::sqrt(static_cast<double>(head_size)));
    const auto logit =
        arithmetic::QuantMultiplier(ratio, arithmetic::kLogitBits).value_or(arithmetic::Scale{});
    const auto context = arithmetic::QuantContext(Jitter()).value_or(arithmetic::ContextScale{});
    return {.heads = options_.heads,
            .logit_shift = logit.shift,
            .logit_multiplier = logit.multiplier,
            .context_shift = context.shift,
            .context_multiplier = context.multiplier};
  }

  LayerParameters Layer() {
    const int64_t hidden = options_.hidden_size;
    const int64_t intermediate = options_.intermediate_size;
    const auto int8_linear = [&](int64_t rows) {
      return Linear(rows, hidden, kInt8Spread, arithmetic::kInt8OutputBits);
    };
    const auto int16_linear = [&](int64_t columns) {
      return Linear(hidden, columns, kInt16Spread, arithmetic::kInt16OutputBits);
    };
    LayerParameters layer;
    layer.attention_view = View();
    layer.query = int8_linear(hidden);
    layer.key = int8_linear(hidden);
    layer.value = int8_linear(hidden);
    layer.attention = Attention();
    layer.attention_output = int16_linear(hidden);
    layer.attention_layer_norm = LayerNorm();
    layer.intermediate_view = View();
    layer.intermediate = int8_linear(intermediate);
    layer.gelu = Gelu();
    layer.output = int16_linear(intermediate);
    layer.output_layer_norm = LayerNorm();
    return layer;
  }

  RandomEncoderOptions options_;
  std::mt19937_64 engine_;
};

}  // namespace

EncoderParameters RandomEncoder(const RandomEncoderOptions& options) {
  return Generator(options).Encoder();
}

NmMatrix RandomMatrix(uint64_t seed, int64_t rows, int64_t columns, Pattern pattern) {
  return Generator({.seed = seed}).Matrix(rows, columns, pattern);
}

}  // namespace sta
