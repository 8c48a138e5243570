// SPDX-License-Identifier: Apache-2.0
//
// The numbers of a compressed Transformer as plain structs: what the converter writes into a
// package, what the Program is compiled from, and what the front end and the head compute with.
// Every integer is as docs/arithmetic.md (section numbers below) says; nothing here is recomputed
// at run time.
//
//   absl::StatusOr<EncoderParameters> encoder = package->ReadEncoder();   // package.h
//
// Plain values, no locking. Read functions check shapes and ranges of everything they return.
#ifndef MODEL_STORE_PACKAGE_ENCODER_PARAMETERS_H_
#define MODEL_STORE_PACKAGE_ENCODER_PARAMETERS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "model_store/codec/nm_matrix.h"

namespace sta {

// A product with its requantization, section 3. `weights` has one row an output channel.
struct LinearParameters {
  NmMatrix weights;
  std::vector<int32_t> bias;        // |bias| < 2^30; holds every rounding constant and offset
  std::vector<uint8_t> shift;       // s, 0..31
  std::vector<int16_t> multiplier;  // m, 0..32767

  friend bool operator==(const LinearParameters&, const LinearParameters&) = default;
};

// Section 5. The width's reciprocal M follows from the width and is not stored.
struct LayerNormParameters {
  std::vector<int16_t> gain;  // g, never -32768
  std::vector<int16_t> bias;  // b, never -32768
  int64_t epsilon = 1;        // 1..2^31

  friend bool operator==(const LayerNormParameters&, const LayerNormParameters&) = default;
};

// Section 4: x8[c] = clip8(mulhrs(x16[c], multiplier[c])).
struct Int8ViewParameters {
  std::vector<int16_t> multiplier;  // k, 1..32767

  friend bool operator==(const Int8ViewParameters&, const Int8ViewParameters&) = default;
};

// Section 6. Entry u8 + 128; the entry of -128 equals that of -127.
struct GeluParameters {
  std::vector<uint8_t> channel_class;               // 0 or 1 a channel
  std::array<std::array<int8_t, 256>, 2> tables{};  // values in -127..127

  friend bool operator==(const GeluParameters&, const GeluParameters&) = default;
};

// Section 7.
struct AttentionParameters {
  int32_t heads = 1;
  int32_t logit_shift = 0;         // s, 0..31
  int32_t logit_multiplier = 0;    // m, 0..32767
  int32_t context_shift = 0;       // k, 0..6
  int32_t context_multiplier = 1;  // cm, 1..32767

  friend bool operator==(const AttentionParameters&, const AttentionParameters&) = default;
};

// One post-LN block, section 8.
struct LayerParameters {
  Int8ViewParameters attention_view;  // kx
  LinearParameters query, key, value;
  AttentionParameters attention;
  LinearParameters attention_output;  // o
  LayerNormParameters attention_layer_norm;
  Int8ViewParameters intermediate_view;  // kh
  LinearParameters intermediate;         // f1
  GeluParameters gelu;
  LinearParameters output;  // f2
  LayerNormParameters output_layer_norm;

  friend bool operator==(const LayerParameters&, const LayerParameters&) = default;
};

struct EncoderParameters {
  int64_t hidden_size = 0;        // H, 1..4096
  int64_t intermediate_size = 0;  // F, 1..4096 (the accumulator's bound, section 1)
  LayerNormParameters embedding_layer_norm;
  std::vector<LayerParameters> layers;
  double output_step = 1.0;  // S_out: value = int16 * output_step

  friend bool operator==(const EncoderParameters&, const EncoderParameters&) = default;
};

// An embedding table as stored: int8 codes, one multiplier a row, one shift a table, widened to
// the int16 row of section 8 by   w16[c] = sat16(rsh(code[c] * multiplier[row], shift)).
// A view: `codes` points into the package's mapping (or wherever the owner keeps them).
struct EmbeddingTableView {
  int64_t rows = 0;
  int64_t columns = 0;
  const int8_t* codes = nullptr;         // [rows][columns], -127..127
  const int16_t* multipliers = nullptr;  // [rows], 0..32767
  int32_t shift = 0;                     // 0..15
};

// The float head of a classifier (host code). Empty vectors where the model has none.
struct HeadParameters {
  std::vector<float> pooler_weight;  // [H][H], row-major by output; tanh follows
  std::vector<float> pooler_bias;    // [H]
  // DistilBERT's pre_classifier uses ReLU in place of tanh.
  bool pooler_is_relu = false;
  std::vector<float> classifier_weight;  // [labels][H]
  std::vector<float> classifier_bias;    // [labels]

  friend bool operator==(const HeadParameters&, const HeadParameters&) = default;
};

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_ENCODER_PARAMETERS_H_
