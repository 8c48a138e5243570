// SPDX-License-Identifier: Apache-2.0
//
// TextNormalizer: walks text through a CharTable and hands the pieces of words to a sink.
//
//   WordSink sink(...);
//   TextNormalizer<WordSink> normalizer(CharTable::For(options), &sink);
//   normalizer.Feed("Hello, ");   // in as many parts as you like, each whole characters
//   normalizer.Feed("world");
//   normalizer.Finish();          // one Finish a text; the normalizer may then be used again
//
// A Sink has four members, each given one character as UTF-8 (the bytes live during the call):
//   OnLetter, OnSpace, OnPunctuation, OnIdeograph: void (std::string_view character)
//
// Linear in the text but for n log n in runs of reorderable combining marks. Not thread-safe;
// borrows the table and the sink.
#ifndef MODEL_STORE_TOKENIZER_TEXT_NORMALIZER_H_
#define MODEL_STORE_TOKENIZER_TEXT_NORMALIZER_H_

#include <algorithm>
#include <string_view>
#include <vector>

#include "model_store/tokenizer/char_table.h"
#include "model_store/tokenizer/utf8.h"

namespace sta {

template <typename Sink>
class TextNormalizer {
 public:
  TextNormalizer(const CharTable& table, Sink* sink) : table_(table), sink_(*sink) {}

  // `text` is well-formed UTF-8.
  void Feed(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      const size_t start = at;
      const char32_t c = DecodeUtf8(text, &at);
      const CharTable::Entry entry = table_.Lookup(c);
      if (entry.kind() == CharTable::Kind::kSequence) {
        for (const CharTable::Entry part : table_.Sequence(entry)) Take(part, c, {});
      } else {
        Take(entry, c, text.substr(start, at - start));
      }
    }
  }

  void Finish() { FlushRun(); }

 private:
  // `c`, as bytes `itself`, is the character that an entry without a value stands for.
  void Take(CharTable::Entry entry, char32_t c, std::string_view itself) {
    if (entry.combining_class() != 0 || !run_.empty()) [[unlikely]] {
      TakeInRun(entry, c, itself);
    } else {
      Emit(entry, itself);
    }
  }

  // Canonical ordering: kept marks between two starters are sorted by class. Deleted marks with a
  // class do not matter; a deleted starter still ends the run.
  void TakeInRun(CharTable::Entry entry, char32_t c, std::string_view itself) {
    if (entry.kind() == CharTable::Kind::kDeleted) return;
    if (entry.combining_class() == 0) {
      FlushRun();
      Emit(entry, itself);
      return;
    }
    if (entry.value() == 0) entry = CharTable::Entry(entry.kind(), c, entry.combining_class());
    run_.push_back(entry);
  }

  void FlushRun() {
    if (run_.empty()) return;
    std::stable_sort(run_.begin(), run_.end(), [](CharTable::Entry a, CharTable::Entry b) {
      return a.combining_class() < b.combining_class();
    });
    for (const CharTable::Entry entry : run_) Emit(entry, {});
    run_.clear();
  }

  void Emit(CharTable::Entry entry, std::string_view itself) {
    char encoded[4];
    std::string_view character = itself;
    if (entry.value() != 0) character = {encoded, EncodeUtf8(entry.value(), encoded)};
    switch (entry.kind()) {
      case CharTable::Kind::kLetter:
        sink_.OnLetter(character);
        break;
      case CharTable::Kind::kSpace:
        sink_.OnSpace(character);
        break;
      case CharTable::Kind::kPunctuation:
        sink_.OnPunctuation(character);
        break;
      case CharTable::Kind::kIdeograph:
        sink_.OnIdeograph(character);
        break;
      case CharTable::Kind::kDeleted:
      case CharTable::Kind::kDeletedStarter:
      case CharTable::Kind::kSequence:  // taken apart by Feed
        break;
    }
  }

  const CharTable& table_;
  Sink& sink_;
  std::vector<CharTable::Entry> run_;
};

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_TEXT_NORMALIZER_H_
