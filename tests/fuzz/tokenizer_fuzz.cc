// SPDX-License-Identifier: Apache-2.0
//
// Feeds the tokenizer: the first byte chooses between arbitrary text for a fixed tokenizer and
// arbitrary tokenizer files. Seeds: tests/fuzz/corpus/tokenizer_fuzz.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model_store/tokenizer/wordpiece_tokenizer.h"

namespace sta {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

const WordPieceTokenizer& FixedTokenizer() {
  static const std::unique_ptr<const WordPieceTokenizer> tokenizer = [] {
    auto made = WordPieceTokenizer::FromFiles(
        {.vocab_txt = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\na\n##s\n##t\nb\n##b\n.\n,\n"});
    Require(made.ok());
    return *std::move(made);
  }();
  return *tokenizer;
}

void FuzzText(std::string_view input) {
  if (input.empty()) return;
  const int64_t max_tokens = static_cast<uint8_t>(input[0]) % 40;
  input.remove_prefix(1);
  const size_t middle = input.size() / 2;
  const bool has_pair = max_tokens % 2 == 1;
  const auto tokens = FixedTokenizer().Encode(
      has_pair ? input.substr(0, middle) : input,
      has_pair ? std::optional(input.substr(middle)) : std::nullopt, max_tokens);
  if (!tokens.ok()) return;
  Require(static_cast<int64_t>(tokens->ids.size()) <= max_tokens);
  Require(tokens->types.empty() || tokens->types.size() == tokens->ids.size());
  for (const int32_t id : tokens->ids) {
    Require(id >= 0 && id < FixedTokenizer().vocabulary_size());
  }
}

void FuzzFiles(std::string_view input) {
  if (input.empty()) return;
  const bool is_json = static_cast<uint8_t>(input[0]) % 2 == 1;
  const std::string content(input.substr(1));
  const auto tokenizer = is_json ? WordPieceTokenizer::FromFiles({.tokenizer_json = content})
                                 : WordPieceTokenizer::FromFiles({.vocab_txt = content});
  if (!tokenizer.ok()) return;
  const auto tokens = (*tokenizer)->Encode("The cat's caf\xc3\xa9.", std::nullopt, 16);
  if (!tokens.ok()) return;
  for (const int32_t id : tokens->ids) {
    Require(id >= 0 && id < (*tokenizer)->vocabulary_size());
  }
}

}  // namespace
}  // namespace sta

// The tokenizer's character tables take seconds to build under the sanitizers: not from the time of
// the inputs.
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  sta::FixedTokenizer();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 4 == 3) {
    sta::FuzzFiles(rest);
  } else {
    sta::FuzzText(rest);
  }
  return 0;
}
