// SPDX-License-Identifier: Apache-2.0
//
// CharTable: what BERT's normalizer and pre-tokenizer do with each code point, worked out once.
//
//   const CharTable& table = CharTable::For({.lowercase = true, .strip_accents = true});
//   CharTable::Entry entry = table.Lookup(U'É');   // a letter, 'e'
//
// Cleaning, ideograph spacing, decomposition, accent stripping, lower-casing and the classes of the
// results are one lookup in a two-stage table (about 300 KiB, shared by all tokenizers with equal
// options). TextNormalizer walks text with it.
//
// Immutable; thread-safe. For() builds a table on first use (some 50 ms) and blocks meanwhile;
// tables live until the process ends.
#ifndef MODEL_STORE_TOKENIZER_CHAR_TABLE_H_
#define MODEL_STORE_TOKENIZER_CHAR_TABLE_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace sta {

// BertNormalizer's settings, with strip_accents already resolved (absent means as lowercase).
struct NormalizerOptions {
  bool clean_text = false;
  bool space_ideographs = false;
  bool strip_accents = false;
  bool lowercase = false;

  friend bool operator==(const NormalizerOptions&, const NormalizerOptions&) = default;
};

class CharTable {
 public:
  enum class Kind : uint8_t {
    kLetter,          // part of a word
    kSpace,           // ends a word
    kPunctuation,     // a word by itself
    kIdeograph,       // a word by itself, written with a space on both sides
    kDeleted,         // vanishes without a trace
    kDeletedStarter,  // vanishes, but characters are not reordered across it
    kSequence,        // several entries: Sequence()
  };

  // Packed in 32 bits: code point or place of the sequence (21), kind (3), combining class (8).
  class Entry {
   public:
    constexpr Entry() = default;
    constexpr Entry(Kind kind, uint32_t value, uint8_t combining_class = 0)
        : bits_(value | static_cast<uint32_t>(kind) << 21 |
                static_cast<uint32_t>(combining_class) << 24) {}

    constexpr Kind kind() const { return static_cast<Kind>(bits_ >> 21 & 7); }
    // The resulting code point; 0 means the looked-up character itself.
    constexpr uint32_t value() const { return bits_ & 0x1FFFFF; }
    // Not 0 only for kept characters that canonical ordering may move.
    constexpr uint8_t combining_class() const { return static_cast<uint8_t>(bits_ >> 24); }

    friend bool operator==(const Entry&, const Entry&) = default;
    // NOLINTNEXTLINE(modernize-use-nullptr): version 14 mistakes the 0 that <=> is compared with.
    friend auto operator<=>(const Entry&, const Entry&) = default;

   private:
    uint32_t bits_ = 0;
  };

  static const CharTable& For(const NormalizerOptions& options);

  explicit CharTable(const NormalizerOptions& options);

  // `c` <= 0x10FFFF.
  Entry Lookup(char32_t c) const {
    return entries_[static_cast<size_t>(blocks_[c / kBlockSize]) * kBlockSize + c % kBlockSize];
  }

  // The entries that an entry of kind kSequence stands for; none of them is a sequence or means
  // "itself".
  std::span<const Entry> Sequence(Entry entry) const {
    const uint32_t start = entry.value();
    return {sequences_.data() + start + 1, sequences_[start].value()};
  }

 private:
  static constexpr uint32_t kBlockSize = 128;
  static constexpr uint32_t kCodePoints = 0x110000;

  Entry MakeEntry(char32_t c);

  NormalizerOptions options_;
  std::array<uint16_t, kCodePoints / kBlockSize> blocks_;
  std::vector<Entry> entries_;
  // Each sequence is its length (as an entry's value) and then its entries.
  std::vector<Entry> sequences_;
};

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_CHAR_TABLE_H_
