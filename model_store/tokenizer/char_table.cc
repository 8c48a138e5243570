// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/char_table.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "model_store/tokenizer/unicode_data.h"

namespace sta {
namespace {

CharTable::Kind ClassOf(char32_t c) {
  if (IsUnicodeWhitespace(c)) return CharTable::Kind::kSpace;
  return IsBertPunctuation(c) ? CharTable::Kind::kPunctuation : CharTable::Kind::kLetter;
}

}  // namespace

const CharTable& CharTable::For(const NormalizerOptions& options) {
  static std::mutex mutex;
  // Never destroyed, so that tokenizers may outlive main.
  static auto& tables = *new std::array<std::unique_ptr<const CharTable>, 16>;
  const size_t index = (options.clean_text ? 1U : 0U) | (options.space_ideographs ? 2U : 0U) |
                       (options.strip_accents ? 4U : 0U) | (options.lowercase ? 8U : 0U);
  const std::lock_guard<std::mutex> lock(mutex);
  if (tables[index] == nullptr) tables[index] = std::make_unique<const CharTable>(options);
  return *tables[index];
}

CharTable::CharTable(const NormalizerOptions& options) : options_(options) {
  // Most blocks are alike (unassigned planes, ideographs): each different one is kept once.
  std::map<std::vector<Entry>, uint16_t> known;
  std::vector<Entry> block(kBlockSize);
  for (uint32_t start = 0; start < kCodePoints; start += kBlockSize) {
    for (uint32_t i = 0; i < kBlockSize; ++i) block[i] = MakeEntry(start + i);
    const auto [found, is_new] = known.try_emplace(block, static_cast<uint16_t>(known.size()));
    if (is_new) entries_.insert(entries_.end(), block.begin(), block.end());
    blocks_[start / kBlockSize] = found->second;
  }
}

// In BertNormalizer's order: clean, set ideographs apart, decompose and strip, lower-case.
CharTable::Entry CharTable::MakeEntry(char32_t c) {
  if (options_.clean_text) {
    if (IsDeletedByCleaning(c)) return {Kind::kDeleted, 0};
    if (IsUnicodeWhitespace(c)) return {Kind::kSpace, U' '};
  }
  const bool is_ideograph = options_.space_ideographs && IsBertIdeograph(c);
  const std::u32string decomposed =
      options_.strip_accents ? CanonicalDecomposition(c) : std::u32string(1, c);
  std::vector<Entry> results;
  for (const char32_t part : decomposed) {
    const uint8_t combining_class = options_.strip_accents ? CombiningClass(part) : uint8_t{0};
    if (options_.strip_accents && IsNonspacingMark(part)) {
      if (combining_class == 0) results.emplace_back(Kind::kDeletedStarter, 0);
      continue;
    }
    const std::u32string lowered =
        options_.lowercase ? FullLowercase(part) : std::u32string(1, part);
    for (const char32_t result : lowered) {
      results.emplace_back(is_ideograph ? Kind::kIdeograph : ClassOf(result), result,
                           combining_class);
    }
  }
  if (results.empty()) return {Kind::kDeleted, 0};
  if (results.size() == 1) {
    const Entry only = results[0];
    return only.value() == c ? Entry(only.kind(), 0, only.combining_class()) : only;
  }
  const Entry sequence(Kind::kSequence, static_cast<uint32_t>(sequences_.size()));
  sequences_.emplace_back(Kind::kLetter, static_cast<uint32_t>(results.size()));
  sequences_.insert(sequences_.end(), results.begin(), results.end());
  return sequence;
}

}  // namespace sta
