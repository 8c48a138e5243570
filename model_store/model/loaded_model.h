// SPDX-License-Identifier: Apache-2.0
//
// LoadedModel: a package ready to serve. Front end (text or ids -> int16 rows), the Program that a
// device runs, and the head (int16 rows -> what the client asked for). Front end and head are host
// code shared by all devices, so outputs do not depend on the device.
//
//   auto model = LoadedModel::Load(package);
//   auto tokens = (*model)->Tokenize("a text", std::nullopt);
//   (*model)->Embed(*tokens, rows);                 // int16 [tokens][hidden]
//   absl::Status intact = (*model)->CheckIntact();  // once for all rows of a batch
//   device.Run(...)                                 // model->program()
//   (*model)->SentenceEmbedding(output_rows, out);  // float [hidden]
//
// Immutable and thread-safe; shared_ptr<const LoadedModel> is the lease that a request holds until
// its reply is written. Keeps its Package (and so the mapped embedding tables) alive.
#ifndef MODEL_STORE_MODEL_LOADED_MODEL_H_
#define MODEL_STORE_MODEL_LOADED_MODEL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "accel/program/program.h"
#include "model_store/package/package.h"
#include "model_store/tokenizer/token_sequence.h"

namespace sta {

class LoadedModel {
 public:
  virtual ~LoadedModel() = default;

  // Of an encoder. Statuses of Package's Read functions, of the tokenizer and of the compiler, with
  // context.
  static absl::StatusOr<std::shared_ptr<const LoadedModel>> Load(
      std::shared_ptr<const Package> package);

  virtual const ModelConfig& config() const = 0;
  virtual const Manifest& manifest() const = 0;
  virtual const std::shared_ptr<const Program>& program() const = 0;

  // Text to tokens, cut to config().text_truncation_tokens. INVALID_ARGUMENT: invalid UTF-8.
  virtual absl::StatusOr<TokenSequence> Tokenize(std::string_view text,
                                                 std::optional<std::string_view> pair) const = 0;

  // Checks ids that a client sent: 1..max_sequence_tokens of them, each inside the vocabulary,
  // types inside the token types. INVALID_ARGUMENT says which place, what value, what is allowed.
  virtual absl::Status ValidateTokens(const TokenSequence& tokens) const = 0;

  // The front end, docs/arithmetic.md section 8: `rows` is [tokens.ids.size()][hidden_size].
  // `tokens` must have passed ValidateTokens or come from Tokenize. Reads the package's file: the
  // rows are right only where a CheckIntact that follows says so.
  virtual void Embed(const TokenSequence& tokens, std::span<int16_t> rows) const = 0;

  // Whether every row that Embed has made so far is right. DATA_LOSS: the embeddings' file was cut
  // short, changed, or could not be read; the model is of no use any more, says so for good, and
  // has to be loaded anew. One system call.
  virtual absl::Status CheckIntact() const { return absl::OkStatus(); }
  // Whether CheckIntact is known to fail: a load or two, for whoever wants to refuse early.
  virtual bool damaged() const { return false; }

  // Heads; `rows` is the Program's output for one sequence, [tokens][hidden_size].
  // Sentence embedding: pooled, normalised if the config says so; `embedding` is [hidden_size].
  virtual void SentenceEmbedding(std::span<const int16_t> rows,
                                 std::span<float> embedding) const = 0;
  // `logits` and `probabilities` (softmax of the logits) are [labels].
  virtual void Classify(std::span<const int16_t> rows, std::span<float> logits,
                        std::span<float> probabilities) const = 0;
  // `hidden` is [tokens][hidden_size].
  virtual void LastHiddenState(std::span<const int16_t> rows, std::span<float> hidden) const = 0;
};

}  // namespace sta

#endif  // MODEL_STORE_MODEL_LOADED_MODEL_H_
