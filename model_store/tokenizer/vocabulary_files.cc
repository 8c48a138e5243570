// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/vocabulary_files.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "model_store/json/strict_json.h"
#include "model_store/tokenizer/json_members.h"
#include "model_store/tokenizer/utf8.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using Json = nlohmann::json;

// Tokenizers that are BERT's under another name. "Fast" behind a name means the same.
constexpr std::array<std::string_view, 9> kBertClasses = {
    "BertTokenizer",       "DistilBertTokenizer",  "ElectraTokenizer",
    "MobileBertTokenizer", "SqueezeBertTokenizer", "ConvBertTokenizer",
    "LxmertTokenizer",     "LayoutLMTokenizer",    "RetriBertTokenizer"};

absl::StatusOr<Json> ParseOptionalObject(std::string_view name, std::string_view contents) {
  if (contents.empty()) return Json::object();
  auto document = ParseStrictJson(contents);
  if (!document.ok()) {
    return absl::InvalidArgumentError(StrCat(name, ": ", document.status().message()));
  }
  if (!document->is_object()) {
    return absl::InvalidArgumentError(StrCat(name, " must be a JSON object"));
  }
  return document;
}

absl::Status CheckClass(const Json& config) {
  const auto name = StringOr(config, "tokenizer_class", "BertTokenizer");
  if (!name.ok()) return name.status();
  std::string_view base = *name;
  if (base.ends_with("Fast")) base.remove_suffix(4);
  if (std::find(kBertClasses.begin(), kBertClasses.end(), base) != kBertClasses.end()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(StrCat("unsupported tokenizer: tokenizer_class is ",
                                           CutUtf8(*name), "; only BERT's WordPiece is served"));
}

absl::Status ReadLines(std::string_view vocab_txt, Vocabulary* vocabulary) {
  if (const auto invalid = FindInvalidUtf8(vocab_txt)) {
    const auto line =
        std::count(vocab_txt.begin(), vocab_txt.begin() + static_cast<ptrdiff_t>(*invalid), '\n');
    return absl::InvalidArgumentError(StrCat("vocab.txt line ", line + 1, " is not valid UTF-8"));
  }
  while (!vocab_txt.empty()) {
    std::string_view line = vocab_txt.substr(0, vocab_txt.find('\n'));
    vocab_txt.remove_prefix(std::min(line.size() + 1, vocab_txt.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (absl::Status status = vocabulary->AddLine(line); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// The text of special token `key` in one file: a string or an object with "content".
absl::StatusOr<std::string> SpecialTokenText(const Json& file, std::string_view key,
                                             std::string_view fallback) {
  const Json* const token = FindPresent(file, key);
  if (token != nullptr && token->is_object()) return GetString(*token, "content");
  return StringOr(file, key, fallback);
}

absl::Status ReadSpecialTokens(const Json& config, const Json& map, TokenizerSpec* spec) {
  struct Special {
    std::string_view key;
    std::string_view fallback;
    int32_t* id;  // nullptr: the tokenizer works without it
  };
  const std::array<Special, 5> specials = {{{"unk_token", "[UNK]", &spec->word_piece.unknown_id},
                                            {"sep_token", "[SEP]", &spec->sep_id},
                                            {"pad_token", "[PAD]", nullptr},
                                            {"cls_token", "[CLS]", &spec->cls_id},
                                            {"mask_token", "[MASK]", nullptr}}};
  for (const Special& special : specials) {
    const auto configured = SpecialTokenText(config, special.key, special.fallback);
    if (!configured.ok()) return configured.status();
    const auto text = SpecialTokenText(map, special.key, *configured);
    if (!text.ok()) return text.status();
    const auto id = spec->vocabulary.Find(*text);
    if (id.has_value() && !text->empty()) {
      if (special.id != nullptr) *special.id = *id;
      spec->added_tokens.push_back({.content = *text, .id = *id});
    } else if (special.id != nullptr) {
      return absl::InvalidArgumentError(StrCat("special token ", special.key, " '", CutUtf8(*text),
                                               "' is not in the vocabulary"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TokenizerSpec> ReadVocabularyText(std::string_view vocab_txt,
                                                 std::string_view tokenizer_config_json,
                                                 std::string_view special_tokens_map_json) {
  const auto config = ParseOptionalObject("tokenizer_config.json", tokenizer_config_json);
  if (!config.ok()) return config.status();
  const auto map = ParseOptionalObject("special_tokens_map.json", special_tokens_map_json);
  if (!map.ok()) return map.status();
  if (absl::Status status = CheckClass(*config); !status.ok()) return status;
  TokenizerSpec spec;
  spec.normalizer = {
      .clean_text = true, .space_ideographs = true, .strip_accents = true, .lowercase = true};
  if (absl::Status status = ReadLines(vocab_txt, &spec.vocabulary); !status.ok()) return status;
  if (absl::Status status = ReadSpecialTokens(*config, *map, &spec); !status.ok()) return status;
  return spec;
}

absl::Status ApplyTokenizerConfig(std::string_view tokenizer_config_json, TokenizerSpec* spec) {
  const auto config = ParseOptionalObject("tokenizer_config.json", tokenizer_config_json);
  if (!config.ok()) return config.status();
  NormalizerOptions& options = spec->normalizer;
  // Without a word on accents they follow the case, once the file speaks of either.
  const bool rules_accents = config->contains("do_lower_case") || config->contains("strip_accents");
  const auto lowercase = BoolOr(*config, "do_lower_case", options.lowercase);
  if (!lowercase.ok()) return lowercase.status();
  const auto accents =
      BoolOr(*config, "strip_accents", rules_accents ? *lowercase : options.strip_accents);
  if (!accents.ok()) return accents.status();
  const auto ideographs = BoolOr(*config, "tokenize_chinese_chars", options.space_ideographs);
  if (!ideographs.ok()) return ideographs.status();
  options.lowercase = *lowercase;
  options.strip_accents = *accents;
  options.space_ideographs = *ideographs;

  const auto side = StringOr(*config, "truncation_side", "right");
  if (!side.ok()) return side.status();
  if (*side != "right") {
    return absl::InvalidArgumentError(
        StrCat("truncation_side '", CutUtf8(*side), "' is not supported; only 'right' is"));
  }
  const auto limit = TokenLimit(*config, "model_max_length");
  if (!limit.ok()) return limit.status();
  if (limit->has_value()) spec->max_tokens = *limit;
  return absl::OkStatus();
}

}  // namespace sta
