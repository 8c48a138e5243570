// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/normalized_text.h"

#include "model_store/tokenizer/text_normalizer.h"

namespace sta {
namespace {

// Sink that writes everything down.
struct StringSink {
  void OnLetter(std::string_view character) { text.append(character); }
  void OnSpace(std::string_view character) { text.append(character); }
  void OnPunctuation(std::string_view character) { text.append(character); }
  void OnIdeograph(std::string_view character) {
    text.push_back(' ');
    text.append(character);
    text.push_back(' ');
  }

  std::string text;
};

}  // namespace

std::string NormalizeText(const CharTable& table, std::string_view text) {
  StringSink sink;
  TextNormalizer<StringSink> normalizer(table, &sink);
  normalizer.Feed(text);
  normalizer.Finish();
  return sink.text;
}

}  // namespace sta
