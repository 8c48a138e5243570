// SPDX-License-Identifier: Apache-2.0
#include "model_store/convert/quantize_encoder.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "accel/arithmetic/gelu_tables.h"
#include "accel/arithmetic/quant_multiplier.h"
#include "model_store/convert/residual_steps.h"
#include "model_store/convert/step_search.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr double kSmoothingThreshold = 1.2;  // tau of section 9.3
constexpr double kWideRatio = 4.0;

absl::Status DoesNotFit(std::string_view name, std::string_view what) {
  return absl::InvalidArgumentError(StrCat("'", name, "': ", what));
}

// An int8 operand of a product: value of channel c = step * column_scale[c] * (code - zero).
struct Operand {
  double step = 1.0;
  int32_t zero = 0;
  Eigen::VectorXd column_scale;  // folded into the weights' columns
  Eigen::VectorXd power;         // E[x^2] after the folding
};

// The int8 view of the residual stream, section 9.3.
struct View {
  Int8ViewParameters parameters;
  Operand operand;
};

View MakeView(const TapStatistics& statistics, double residual_step) {
  const Eigen::VectorXd maximum = statistics.absolute_maximum.cast<double>();
  std::vector<double> sorted(maximum.begin(), maximum.end());
  const auto middle = sorted.begin() + std::ssize(sorted) / 2;
  std::ranges::nth_element(sorted, middle);
  const double threshold = kSmoothingThreshold * std::max(*middle, 1e-30);
  const Eigen::VectorXd smoothing = (maximum / threshold).cwiseMax(1.0);

  const Matrix smoothed = statistics.sample * smoothing.cwiseInverse().cast<float>().asDiagonal();
  const double smoothed_maximum = maximum.cwiseQuotient(smoothing).maxCoeff();
  View view;
  Operand& operand = view.operand;
  operand.step =
      std::max(MeanSquareStep(smoothed, smoothed_maximum), residual_step * 32768.0 / 32767.0);
  operand.column_scale.resize(maximum.size());
  for (Eigen::Index c = 0; c < maximum.size(); ++c) {
    const int16_t k = arithmetic::Int8ViewMultiplier(residual_step, operand.step, smoothing[c]);
    view.parameters.multiplier.push_back(k);
    operand.column_scale[c] = residual_step * 32768.0 / k / operand.step;
  }
  operand.power = statistics.MeanSquare().cwiseQuotient(operand.column_scale.cwiseAbs2());
  return view;
}

Operand PlainOperand(const TapStatistics& statistics, double step) {
  return {.step = step,
          .column_scale = Eigen::VectorXd::Ones(statistics.absolute_maximum.size()),
          .power = statistics.MeanSquare()};
}

// What a linear layer's outputs are: steps by channel, a code offset, and the bits of section 9.4.
struct OutputFormat {
  Eigen::VectorXd steps;
  int32_t zero = 0;
  int bits = arithmetic::kInt8OutputBits;
};

OutputFormat UniformFormat(Eigen::Index channels, double step, int bits) {
  return {.steps = Eigen::VectorXd::Constant(channels, step), .bits = bits};
}

absl::StatusOr<LinearParameters> QuantizeLinear(const FloatLinear& linear, const Operand& input,
                                                const OutputFormat& output, Pattern pattern) {
  LinearParameters parameters;
  std::vector<int8_t> codes;
  codes.reserve(static_cast<size_t>(linear.weight.size()));
  for (Eigen::Index n = 0; n < linear.weight.rows(); ++n) {
    const Eigen::VectorXd folded =
        linear.weight.row(n).transpose().cast<double>().cwiseProduct(input.column_scale);
    // Any step does for a row of zeros; this one keeps its constants in the middle of their ranges.
    const QuantizedRow row = QuantizeRow(folded, input.power, output.steps[n] / input.step / 64);
    codes.insert(codes.end(), row.codes.begin(), row.codes.end());
    const double accumulator_step = input.step * row.step;
    const std::optional<arithmetic::Scale> scale =
        arithmetic::QuantMultiplier(accumulator_step / output.steps[n], output.bits);
    if (!scale.has_value() || scale->multiplier == 0) {
      return DoesNotFit(linear.name, StrCat("output channel ", n, " has no usable scale"));
    }
    int64_t weight_sum = 0;
    for (const int8_t code : row.codes) weight_sum += code;
    const std::optional<int32_t> bias =
        arithmetic::FoldBias({.bias = linear.bias[n] / accumulator_step,
                              .scale = *scale,
                              .input_zero = input.zero,
                              .output_zero = output.zero,
                              .weight_sum = weight_sum});
    if (!bias.has_value()) {
      return DoesNotFit(linear.name,
                        StrCat("the bias of output channel ", n, " is 2^30 steps or more"));
    }
    parameters.shift.push_back(scale->shift);
    parameters.multiplier.push_back(scale->multiplier);
    parameters.bias.push_back(*bias);
  }
  absl::StatusOr<NmMatrix> weights =
      NmMatrix::FromDense(codes, linear.weight.rows(), linear.weight.cols(), pattern);
  if (!weights.ok()) return DoesNotFit(linear.name, StdView(weights.status().message()));
  parameters.weights = *std::move(weights);
  return parameters;
}

absl::StatusOr<LayerNormParameters> QuantizeLayerNorm(const FloatLayerNorm& layer_norm,
                                                      float epsilon, double input_step,
                                                      double output_step, std::string_view name) {
  LayerNormParameters parameters;
  const auto width = layer_norm.gamma.size();
  const double root = std::sqrt(static_cast<double>(width));
  for (Eigen::Index c = 0; c < width; ++c) {
    const auto gain = arithmetic::LayerNormConstant(layer_norm.gamma[c] * root / output_step);
    const auto bias = arithmetic::LayerNormConstant(layer_norm.beta[c] / output_step);
    if (!gain.has_value() || !bias.has_value()) {
      return DoesNotFit(name, StrCat("channel ", c, " does not fit int16"));
    }
    parameters.gain.push_back(*gain);
    parameters.bias.push_back(*bias);
  }
  parameters.epsilon = arithmetic::LayerNormEpsilon(epsilon, width, input_step);
  return parameters;
}

// Section 9.8: both sides of the GELU.
struct GeluPlan {
  GeluParameters parameters;
  OutputFormat before;  // of f1
  Operand after;        // of f2
};

GeluPlan PlanGelu(const TapStatistics& statistics) {
  const Eigen::VectorXd maximum = statistics.absolute_maximum.cast<double>();
  std::vector<double> sorted(maximum.begin(), maximum.end());
  std::ranges::sort(sorted, std::ranges::greater{});
  const auto wide_rank =
      std::max<int64_t>(1, static_cast<int64_t>(0.01 * static_cast<double>(sorted.size())));
  const double threshold =
      std::max(sorted.front() / kWideRatio, sorted[static_cast<size_t>(wide_rank - 1)]);

  GeluPlan plan;
  Eigen::VectorXd ratio(maximum.size());
  for (Eigen::Index c = 0; c < maximum.size(); ++c) {
    const bool is_wide = maximum[c] > threshold;
    plan.parameters.channel_class.push_back(is_wide ? 1 : 0);
    ratio[c] = is_wide ? kWideRatio : 1.0;
  }
  const double highest = maximum.cwiseQuotient(ratio).maxCoeff();
  const double input_step = (highest + 4.0) / 254.0;
  const auto input_zero = static_cast<int32_t>(std::round(-127.0 + 4.0 / input_step));
  const Matrix scaled = statistics.sample * ratio.cwiseInverse().cast<float>().asDiagonal();
  const AsymmetricCodes output = GeluOutputCodes(scaled, highest);
  plan.parameters.tables = arithmetic::MakeGeluTables({.input_step = input_step,
                                                       .input_zero = input_zero,
                                                       .output_step = output.step,
                                                       .output_zero = output.zero,
                                                       .wide_ratio = kWideRatio});
  plan.before = {.steps = ratio * input_step, .zero = input_zero};
  plan.after = {.step = output.step,
                .zero = output.zero,
                .column_scale = ratio,
                .power = statistics.MeanSquare().cwiseQuotient(ratio.cwiseAbs2())};
  return plan;
}

double TapStep(const TapStatistics& statistics) {
  return MeanSquareStep(statistics.sample, statistics.Maximum());
}

// Quantizes one layer; keeps the first error so that the steps read in order.
class LayerQuantizer {
 public:
  LayerQuantizer(const FloatEncoder& encoder, const Calibration& calibration,
                 const std::map<std::string, Pattern>& patterns, const ResidualSteps& steps,
                 size_t index)
      : encoder_(encoder),
        calibration_(calibration),
        patterns_(patterns),
        steps_(steps),
        index_(index),
        layer_(encoder.layers[index]) {}

  absl::StatusOr<LayerParameters> Quantize() {
    QuantizeAttention();
    QuantizeFeedForward();
    if (!status_.ok()) return status_;
    return std::move(result_);
  }

 private:
  const TapStatistics& At(Tap tap) const { return calibration_.At(index_, tap); }

  void Linear(const FloatLinear& linear, const Operand& input, const OutputFormat& output,
              LinearParameters& out) {
    absl::StatusOr<LinearParameters> parameters =
        QuantizeLinear(linear, input, output, patterns_.at(linear.name));
    status_.Update(parameters.status());
    if (parameters.ok()) out = *std::move(parameters);
  }
  void LayerNorm(const FloatLayerNorm& layer_norm, double input_step, double output_step,
                 std::string_view name, LayerNormParameters& out) {
    absl::StatusOr<LayerNormParameters> parameters =
        QuantizeLayerNorm(layer_norm, encoder_.layer_norm_epsilon, input_step, output_step,
                          StrCat("encoder.layer.", index_, ".", name));
    status_.Update(parameters.status());
    if (parameters.ok()) out = *std::move(parameters);
  }

  void QuantizeAttention() {
    const double residual_step = steps_.AttentionSum(index_);
    View view = MakeView(At(Tap::kAttentionInput), residual_step);
    result_.attention_view = std::move(view.parameters);
    const double query_step = TapStep(At(Tap::kQuery));
    const double key_step = TapStep(At(Tap::kKey));
    const double value_step = TapStep(At(Tap::kValue));
    const double context_step = TapStep(At(Tap::kContext));
    const Eigen::Index hidden = layer_.query.weight.rows();
    const auto int8 = [&](double step) {
      return UniformFormat(hidden, step, arithmetic::kInt8OutputBits);
    };
    Linear(layer_.query, view.operand, int8(query_step), result_.query);
    Linear(layer_.key, view.operand, int8(key_step), result_.key);
    Linear(layer_.value, view.operand, int8(value_step), result_.value);
    SetAttention(query_step * key_step, value_step / context_step);
    Linear(layer_.attention_output, PlainOperand(At(Tap::kContext), context_step),
           UniformFormat(hidden, residual_step, arithmetic::kInt16OutputBits),
           result_.attention_output);
    LayerNorm(layer_.attention_layer_norm, residual_step, steps_.OutputSum(index_),
              "attention.output.LayerNorm", result_.attention_layer_norm);
  }

  // Logits come in steps of 1/32 octave: scores / sqrt(d) * log2(e) * 32.
  void SetAttention(double score_step, double context_ratio) {
    const int64_t heads = encoder_.config.head_count;
    const int64_t head_size = encoder_.config.hidden_size / heads;
    const auto logit = arithmetic::QuantMultiplier(
        score_step / std::sqrt(static_cast<double>(head_size)) * std::numbers::log2e * 32.0,
        arithmetic::kLogitBits);
    const auto context = arithmetic::QuantContext(context_ratio);
    if (!logit.has_value() || !context.has_value()) {
      status_.Update(DoesNotFit(StrCat("encoder.layer.", index_, ".attention"),
                                "its scores or values have no usable scale"));
      return;
    }
    result_.attention = {.heads = static_cast<int32_t>(heads),
                         .logit_shift = logit->shift,
                         .logit_multiplier = logit->multiplier,
                         .context_shift = context->shift,
                         .context_multiplier = context->multiplier};
  }

  void QuantizeFeedForward() {
    const double residual_step = steps_.OutputSum(index_);
    View view = MakeView(At(Tap::kIntermediateInput), residual_step);
    result_.intermediate_view = std::move(view.parameters);
    GeluPlan plan = PlanGelu(At(Tap::kGeluOutput));
    result_.gelu = std::move(plan.parameters);
    Linear(layer_.intermediate, view.operand, plan.before, result_.intermediate);
    Linear(layer_.output, plan.after,
           UniformFormat(layer_.output.weight.rows(), residual_step, arithmetic::kInt16OutputBits),
           result_.output);
    LayerNorm(layer_.output_layer_norm, residual_step, steps_.LayerOutput(index_),
              "output.LayerNorm", result_.output_layer_norm);
  }

  const FloatEncoder& encoder_;
  const Calibration& calibration_;
  const std::map<std::string, Pattern>& patterns_;
  const ResidualSteps& steps_;
  size_t index_;
  const FloatLayer& layer_;
  LayerParameters result_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<EncoderParameters> QuantizeEncoder(const FloatEncoder& encoder,
                                                  const Calibration& calibration,
                                                  const std::map<std::string, Pattern>& patterns,
                                                  double embedding_step) {
  const ResidualSteps steps = ChooseResidualSteps(encoder, calibration);
  EncoderParameters parameters;
  parameters.hidden_size = encoder.config.hidden_size;
  parameters.intermediate_size = encoder.config.intermediate_size;
  parameters.output_step = steps.steps.back();
  absl::StatusOr<LayerNormParameters> embedding_layer_norm =
      QuantizeLayerNorm(encoder.embedding_layer_norm, encoder.layer_norm_epsilon, embedding_step,
                        steps.AttentionSum(0), "embeddings.LayerNorm");
  if (!embedding_layer_norm.ok()) return embedding_layer_norm.status();
  parameters.embedding_layer_norm = *std::move(embedding_layer_norm);
  for (size_t i = 0; i < encoder.layers.size(); ++i) {
    absl::StatusOr<LayerParameters> layer =
        LayerQuantizer(encoder, calibration, patterns, steps, i).Quantize();
    if (!layer.ok()) return layer.status();
    parameters.layers.push_back(*std::move(layer));
  }
  return parameters;
}

}  // namespace sta
