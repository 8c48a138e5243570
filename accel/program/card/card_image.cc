// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/card_image.h"

#include <cstddef>
#include <string_view>
#include <utility>

#include "accel/arithmetic/layer_norm.h"
#include "accel/program/card/beat_writer.h"
#include "accel/program/card/encoder_match.h"
#include "accel/program/card/head_layout.h"
#include "accel/program/card/image_header.h"
#include "accel/program/card/matrix_stream.h"
#include "strings/str_cat.h"

namespace sta::card {
namespace {

class ImageMaker {
 public:
  ImageMaker(const Program& program, const CardConfig& config)
      : hidden_(PlainChannels(program.hidden_size)) {
    image_.config = config;
    image_.hidden_size = program.hidden_size;
    image_.padded_hidden_size = std::ssize(hidden_);
    image_.bytes.resize(kBeatBytes);  // the header, written last
  }

  absl::StatusOr<CardImage> Make(const MatchedEncoder& encoder) && {
    if (image_.padded_hidden_size > image_.config.max_channels) {
      return absl::UnimplementedError(StrCat("hidden size ", image_.hidden_size,
                                             ", the card's vector unit takes ",
                                             image_.config.max_channels));
    }
    const auto view_of_layer = [&](size_t layer) {
      return layer < encoder.layers.size() ? encoder.layers[layer].attention_view : nullptr;
    };
    image_.embedding_layer_norm = AddVector(*encoder.embedding_layer_norm, view_of_layer(0));
    for (size_t i = 0; i < encoder.layers.size(); ++i) {
      if (absl::Status status = AddLayer(encoder.layers[i], view_of_layer(i + 1)); !status.ok()) {
        return absl::Status(status.code(),
                            AbslView(StrCat("layer ", i, " ", StdView(status.message()))));
      }
    }
    WriteImageHeader(image_.config, image_.bytes);
    return std::move(image_);
  }

 private:
  absl::Status AddLayer(const MatchedLayer& layer, const Int8ViewParameters* next_view) {
    const AttentionParameters& attention = *layer.attention;
    const absl::StatusOr<HeadLayout> heads =
        HeadLayout::Make(image_.hidden_size, attention.heads, image_.config);
    if (!heads.ok()) return heads.status();
    const ChannelMap inner = PlainChannels(layer.intermediate->weights.rows);

    LayerEntry entry;
    entry.attention = {.heads = heads->heads,
                       .head_steps = heads->head_steps,
                       .head_value_blocks = heads->head_value_blocks,
                       .logit_shift = attention.logit_shift,
                       .logit_multiplier = attention.logit_multiplier,
                       .context_shift = attention.context_shift,
                       .context_multiplier = attention.context_multiplier};
    absl::Status status =
        AddMatrix("query", {layer.query, nullptr, &heads->queries, &hidden_}, entry.query);
    status.Update(AddMatrix("key", {layer.key, nullptr, &heads->keys, &hidden_}, entry.key));
    status.Update(
        AddMatrix("value", {layer.value, nullptr, &heads->values, &hidden_}, entry.value));
    status.Update(AddMatrix("attention output",
                            {layer.attention_output, nullptr, &hidden_, &heads->values},
                            entry.attention_output));
    entry.attention_layer_norm = AddVector(*layer.attention_layer_norm, layer.intermediate_view);
    status.Update(AddMatrix("intermediate", {layer.intermediate, layer.gelu, &inner, &hidden_},
                            entry.intermediate));
    status.Update(AddMatrix("output", {layer.output, nullptr, &hidden_, &inner}, entry.output));
    entry.output_layer_norm = AddVector(*layer.output_layer_norm, next_view);
    image_.layers.push_back(entry);
    return status;
  }

  absl::Status AddMatrix(std::string_view name, const MatrixSource& source, MatrixEntry& entry) {
    const absl::StatusOr<MatrixStream> stream = MakeMatrixStream(source, image_.config);
    if (!stream.ok()) {
      return absl::Status(stream.status().code(),
                          AbslView(StrCat(name, ": ", StdView(stream.status().message()))));
    }
    entry = {.beat = image_.beats(),
             .beats = std::ssize(stream->bytes) / kBeatBytes,
             .windows = stream->windows,
             .steps = stream->steps,
             .channel_blocks = stream->channel_blocks,
             .indexed = stream->indexed,
             .gelu = source.gelu != nullptr,
             .rows = source.linear->weights.rows,
             .columns = source.linear->weights.columns,
             .non_zeros = stream->non_zeros};
    image_.bytes.insert(image_.bytes.end(), stream->bytes.begin(), stream->bytes.end());
    return absl::OkStatus();
  }

  VectorEntry AddVector(const LayerNormParameters& layer_norm, const Int8ViewParameters* view) {
    VectorEntry entry = {.beat = image_.beats(),
                         .view = view != nullptr,
                         .mean_reciprocal = arithmetic::MeanReciprocal(image_.hidden_size),
                         .epsilon = layer_norm.epsilon};
    for (const int32_t channel : hidden_) {
      const bool is_there = channel != kNoChannel;
      const auto c = static_cast<size_t>(is_there ? channel : 0);
      AppendLittleEndian<int16_t>(image_.bytes, is_there ? layer_norm.gain[c] : int16_t{0});
      AppendLittleEndian<int16_t>(image_.bytes, is_there ? layer_norm.bias[c] : int16_t{0});
      AppendLittleEndian<int16_t>(image_.bytes,
                                  is_there && view != nullptr ? view->multiplier[c] : int16_t{0});
      AppendLittleEndian<int16_t>(image_.bytes, 0);
    }
    FillBeat(image_.bytes);
    entry.beats = image_.beats() - entry.beat;
    return entry;
  }

  const ChannelMap hidden_;
  CardImage image_;
};

}  // namespace

absl::StatusOr<CardImage> MakeCardImage(const Program& program, const CardConfig& config) {
  if (absl::Status status = config.Validate(); !status.ok()) return status;
  const absl::StatusOr<MatchedEncoder> encoder = MatchEncoder(program);
  if (!encoder.ok()) return encoder.status();
  return ImageMaker(program, config).Make(*encoder);
}

}  // namespace sta::card
