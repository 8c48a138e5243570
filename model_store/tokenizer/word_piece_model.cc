// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/word_piece_model.h"

namespace sta {
namespace {

std::vector<ByteTrie::Key> KeysWithPrefix(const Vocabulary& vocabulary, std::string_view prefix,
                                          const WordPieceOptions& options) {
  // A longer token can never be part of a word (4 bytes are the longest character).
  const size_t max_bytes = static_cast<size_t>(options.max_word_characters) * 4;
  std::vector<ByteTrie::Key> keys;
  keys.reserve(vocabulary.ids().size());
  for (const auto& [text, id] : vocabulary.ids()) {
    const std::string_view token = text;
    if (!token.starts_with(prefix) || options.excluded_ids.contains(id)) continue;
    const std::string_view key = token.substr(prefix.size());
    if (key.size() <= max_bytes) keys.push_back({key, id});
  }
  return keys;
}

}  // namespace

WordPieceModel::WordPieceModel(const Vocabulary& vocabulary, const WordPieceOptions& options)
    : unknown_id_(options.unknown_id),
      max_word_characters_(options.max_word_characters),
      initial_(KeysWithPrefix(vocabulary, "", options)),
      continuing_(KeysWithPrefix(vocabulary, options.continuing_prefix, options)) {}

void WordPieceModel::Split(std::string_view word, std::vector<int32_t>* ids) const {
  const size_t size_before = ids->size();
  const ByteTrie* trie = &initial_;
  while (!word.empty()) {
    const ByteTrie::Match match = trie->LongestPrefix(word);
    if (match.length == 0) {
      ids->resize(size_before);
      ids->push_back(unknown_id_);
      return;
    }
    ids->push_back(match.value);
    word.remove_prefix(match.length);
    trie = &continuing_;
  }
}

}  // namespace sta
