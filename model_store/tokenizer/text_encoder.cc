// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/text_encoder.h"

#include <algorithm>
#include <optional>

#include "model_store/tokenizer/normalized_text.h"
#include "model_store/tokenizer/utf8.h"

namespace sta {
namespace {

// Text between two looks at whether enough tokens are there.
constexpr size_t kWindowBytes = 4096;

size_t CharacterBoundaryFrom(std::string_view text, size_t at) {
  while (at < text.size() && IsUtf8Continuation(text[at])) ++at;
  return at;
}

}  // namespace

WordSink::WordSink(const WordPieceModel& model) : model_(model) {}

void WordSink::SplitWord() {
  if (characters_ > model_.max_word_characters()) {
    ids_.push_back(model_.unknown_id());
  } else {
    model_.Split(word_, &ids_);
  }
  word_.clear();
  characters_ = 0;
}

TextEncoder::TextEncoder(const Parts& parts)
    : parts_(parts),
      words_(parts.model),
      raw_normalizer_(parts.normalizing, &words_),
      splitter_(parts.splitting, &words_) {}

void TextEncoder::Encode(std::string_view text, size_t keep_tokens, bool count_all) {
  size_t fed = 0;       // bytes that are encoded or belong to an added token
  size_t searched = 0;  // bytes where no further added token begins
  while (searched < text.size()) {
    const size_t limit =
        CharacterBoundaryFrom(text, std::min(text.size(), searched + kWindowBytes));
    const auto match =
        parts_.raw_added.Next(text, {.from = searched, .limit = limit, .taken = fed});
    const size_t piece_end = match.has_value() ? match->begin : limit;
    if (fed < piece_end) FeedRaw(text.substr(fed, piece_end - fed));
    fed = std::max(fed, piece_end);
    searched = limit;
    if (match.has_value()) {
      EndPiece();
      ids().push_back(match->id);
      fed = match->end;
      searched = match->resume;
    }
    if (ids().size() > keep_tokens) {
      if (!count_all) break;
      dropped_ += ids().size() - keep_tokens;
      ids().resize(keep_tokens);
    }
  }
  EndPiece();
  if (ids().size() > keep_tokens) {
    dropped_ += ids().size() - keep_tokens;
    ids().resize(keep_tokens);
  }
}

void TextEncoder::FeedRaw(std::string_view piece) {
  if (parts_.normalized_added.empty()) {
    raw_normalizer_.Feed(piece);
  } else {
    piece_.append(piece);
  }
}

void TextEncoder::EndPiece() {
  if (parts_.normalized_added.empty()) {
    raw_normalizer_.Finish();
    words_.EndWord();
    return;
  }
  EncodeNormalized(NormalizeText(parts_.normalizing, piece_));
  piece_.clear();
}

void TextEncoder::EncodeNormalized(std::string_view text) {
  size_t fed = 0;
  size_t searched = 0;
  while (fed < text.size() || searched < text.size()) {
    const auto match =
        parts_.normalized_added.Next(text, {.from = searched, .limit = text.size(), .taken = fed});
    const size_t piece_end = match.has_value() ? match->begin : text.size();
    if (fed < piece_end) splitter_.Feed(text.substr(fed, piece_end - fed));
    words_.EndWord();
    if (!match.has_value()) break;
    ids().push_back(match->id);
    fed = match->end;
    searched = match->resume;
  }
}

}  // namespace sta
