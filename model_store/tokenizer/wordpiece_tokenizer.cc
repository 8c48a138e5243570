// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/wordpiece_tokenizer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "model_store/tokenizer/normalized_text.h"
#include "model_store/tokenizer/text_encoder.h"
#include "model_store/tokenizer/tokenizer_json.h"
#include "model_store/tokenizer/utf8.h"
#include "model_store/tokenizer/vocabulary_files.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::StatusOr<TokenizerSpec> ReadSpec(const TokenizerFiles& files) {
  auto spec = files.tokenizer_json.empty()
                  ? ReadVocabularyText(files.vocab_txt, files.tokenizer_config_json,
                                       files.special_tokens_map_json)
                  : ReadTokenizerJson(files.tokenizer_json);
  if (!spec.ok()) return spec.status();
  const absl::Status applied = ApplyTokenizerConfig(files.tokenizer_config_json, &*spec);
  if (!applied.ok()) return applied;
  // A normalized token is searched for as the normalizer would write it.
  const CharTable& table = CharTable::For(spec->normalizer);
  for (AddedToken& token : spec->added_tokens) {
    if (!token.normalized) continue;
    std::string normalized = NormalizeText(table, token.content);
    if (normalized.empty()) {
      return absl::InvalidArgumentError(
          StrCat("added token '", CutUtf8(token.content), "' normalizes to nothing"));
    }
    token.content = std::move(normalized);
  }
  return spec;
}

std::vector<AddedToken> Select(const std::vector<AddedToken>& tokens, bool normalized) {
  std::vector<AddedToken> selected;
  for (const AddedToken& token : tokens) {
    if (token.normalized == normalized) selected.push_back(token);
  }
  return selected;
}

absl::Status CheckUtf8(std::string_view name, std::string_view text) {
  if (const auto invalid = FindInvalidUtf8(text)) {
    return absl::InvalidArgumentError(StrCat(name, " is not valid UTF-8 at byte ", *invalid));
  }
  return absl::OkStatus();
}

struct PairLengths {
  size_t first;
  size_t second;
};

// Hugging Face's longest_first: the longer text is cut down to the shorter one's length; if that is
// not enough both get half, and the longer one (the second if equal) the odd token.
PairLengths CutLongestFirst(PairLengths lengths, size_t allowed) {
  const size_t shorter = std::min(lengths.first, lengths.second);
  const size_t longer = std::max(lengths.first, lengths.second);
  if (shorter + longer <= allowed) return lengths;
  const size_t shorter_cut = std::min(shorter, allowed / 2);
  const size_t longer_cut = allowed - shorter_cut;
  if (lengths.first > lengths.second) return {longer_cut, shorter_cut};
  return {shorter_cut, longer_cut};
}

}  // namespace

absl::StatusOr<std::unique_ptr<const WordPieceTokenizer>> WordPieceTokenizer::FromFiles(
    const TokenizerFiles& files) {
  if (files.tokenizer_json.empty() && files.vocab_txt.empty()) {
    return absl::InvalidArgumentError("the model has neither tokenizer.json nor vocab.txt");
  }
  auto spec = ReadSpec(files);
  if (!spec.ok()) return spec.status();
  // The constructor is private, so make_unique cannot be used.
  return std::unique_ptr<const WordPieceTokenizer>(new WordPieceTokenizer(*std::move(spec)));
}

WordPieceTokenizer::WordPieceTokenizer(TokenizerSpec spec)
    : vocabulary_(std::move(spec.vocabulary)),
      model_(vocabulary_, spec.word_piece),
      normalizing_(CharTable::For(spec.normalizer)),
      splitting_(CharTable::For({})),
      raw_added_(Select(spec.added_tokens, false)),
      normalized_added_(Select(spec.added_tokens, true)),
      cls_id_(spec.cls_id),
      sep_id_(spec.sep_id),
      max_tokens_(spec.max_tokens) {}

absl::StatusOr<TokenSequence> WordPieceTokenizer::Encode(std::string_view text,
                                                         std::optional<std::string_view> pair,
                                                         int64_t max_tokens) const {
  const int64_t specials = pair.has_value() ? 3 : 2;
  if (max_tokens < specials) {
    return absl::InvalidArgumentError(
        StrCat("max_tokens is ", max_tokens, ", but the special tokens alone take ", specials));
  }
  if (absl::Status status = CheckUtf8("text", text); !status.ok()) return status;
  if (pair.has_value()) {
    if (absl::Status status = CheckUtf8("text_pair", *pair); !status.ok()) return status;
  }
  const auto allowed = static_cast<size_t>(max_tokens - specials);
  const TextEncoder::Parts parts = {model_, normalizing_, splitting_, raw_added_,
                                    normalized_added_};
  TextEncoder first(parts);
  // Which text of a pair is the longer one decides who gets the odd token: count all.
  first.Encode(text, allowed, /*count_all=*/pair.has_value());
  TokenSequence tokens;
  tokens.ids.push_back(cls_id_);
  if (!pair.has_value()) {
    tokens.ids.insert(tokens.ids.end(), first.ids().begin(), first.ids().end());
    tokens.ids.push_back(sep_id_);
    return tokens;
  }
  TextEncoder second(parts);
  second.Encode(*pair, allowed, /*count_all=*/true);
  const PairLengths lengths =
      CutLongestFirst({first.total_tokens(), second.total_tokens()}, allowed);
  first.ids().resize(lengths.first);
  second.ids().resize(lengths.second);
  tokens.ids.insert(tokens.ids.end(), first.ids().begin(), first.ids().end());
  tokens.ids.push_back(sep_id_);
  tokens.types.assign(tokens.ids.size(), 0);
  tokens.ids.insert(tokens.ids.end(), second.ids().begin(), second.ids().end());
  tokens.ids.push_back(sep_id_);
  tokens.types.resize(tokens.ids.size(), 1);
  return tokens;
}

}  // namespace sta
