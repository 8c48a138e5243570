// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/tokenizer_json.h"

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

// Longer added tokens are no words any more, and each byte of text may be compared with one.
constexpr size_t kMaxAddedTokenBytes = 256;

absl::Status Unsupported(std::string_view part, std::string_view found, std::string_view expected) {
  return absl::InvalidArgumentError(StrCat("unsupported tokenizer: its ", part, " is ", found,
                                           "; only ", expected, " is served"));
}

// A component, or the only member of a Sequence of one.
const Json* Unwrapped(const Json& document, std::string_view key, std::string_view list_key) {
  const Json* const component = FindPresent(document, key);
  if (component == nullptr || TypeName(component) != "Sequence") return component;
  const Json* const members = FindPresent(*component, list_key);
  return members != nullptr && members->is_array() && members->size() == 1 ? &members->front()
                                                                           : component;
}

absl::Status ReadModel(const Json& document, TokenizerSpec* spec) {
  const Json* const model = FindPresent(document, "model");
  const Json* const vocabulary = model == nullptr ? nullptr : FindPresent(*model, "vocab");
  // Files of the library's first versions have no type in a WordPiece model.
  const bool is_untyped = model != nullptr && FindPresent(*model, "type") == nullptr &&
                          FindPresent(*model, "max_input_chars_per_word") != nullptr;
  if (!is_untyped && TypeName(model) != "WordPiece") {
    return Unsupported("model", TypeName(model), "WordPiece");
  }
  if (vocabulary == nullptr || !vocabulary->is_object()) {
    return absl::InvalidArgumentError("key 'vocab' of the model must be an object");
  }
  for (const auto& [text, id] : vocabulary->items()) {
    if (!id.is_number_integer()) {
      return absl::InvalidArgumentError(
          StrCat("the id of token '", CutUtf8(text), "' must be an integer"));
    }
    if (id.is_number_unsigned() && id.get<uint64_t>() > Vocabulary::kMaxId) {
      return absl::InvalidArgumentError(
          StrCat("the id of token '", CutUtf8(text), "' is outside 0..", Vocabulary::kMaxId));
    }
    const absl::Status added = spec->vocabulary.Add(text, id.get<int64_t>());
    if (!added.ok()) return added;
  }
  auto prefix = StringOr(*model, "continuing_subword_prefix", "##");
  if (!prefix.ok()) return prefix.status();
  spec->word_piece.continuing_prefix = *std::move(prefix);
  if (FindPresent(*model, "max_input_chars_per_word") != nullptr) {
    const auto limit =
        GetInteger(*model, "max_input_chars_per_word", 1, WordPieceModel::kMaxWordCharacters);
    if (!limit.ok()) return limit.status();
    spec->word_piece.max_word_characters = static_cast<int>(*limit);
  }
  const auto unknown = StringOr(*model, "unk_token", "[UNK]");
  if (!unknown.ok()) return unknown.status();
  const auto unknown_id = spec->vocabulary.Find(*unknown);
  if (!unknown_id.has_value()) {
    return absl::InvalidArgumentError(
        StrCat("unknown token '", CutUtf8(*unknown), "' is not in the vocabulary"));
  }
  spec->word_piece.unknown_id = *unknown_id;
  return absl::OkStatus();
}

absl::Status ReadNormalizer(const Json& document, NormalizerOptions* options) {
  const Json* const normalizer = Unwrapped(document, "normalizer", "normalizers");
  if (TypeName(normalizer) != "BertNormalizer") {
    return Unsupported("normalizer", TypeName(normalizer), "BertNormalizer");
  }
  const auto clean_text = BoolOr(*normalizer, "clean_text", true);
  const auto ideographs = BoolOr(*normalizer, "handle_chinese_chars", true);
  const auto lowercase = BoolOr(*normalizer, "lowercase", true);
  for (const auto* const setting : {&clean_text, &ideographs, &lowercase}) {
    if (!setting->ok()) return setting->status();
  }
  const auto strip_accents = BoolOr(*normalizer, "strip_accents", *lowercase);
  if (!strip_accents.ok()) return strip_accents.status();
  *options = {.clean_text = *clean_text,
              .space_ideographs = *ideographs,
              .strip_accents = *strip_accents,
              .lowercase = *lowercase};
  return absl::OkStatus();
}

absl::StatusOr<AddedToken> ReadAddedToken(const Json& entry) {
  auto content = GetString(entry, "content");
  if (!content.ok()) return content.status();
  if (content->empty() || content->size() > kMaxAddedTokenBytes) {
    return absl::InvalidArgumentError(StrCat("added token '", CutUtf8(*content), "' has ",
                                             content->size(), " bytes; 1..", kMaxAddedTokenBytes,
                                             " are allowed"));
  }
  const auto id = GetInteger(entry, "id", 0, Vocabulary::kMaxId);
  if (!id.ok()) return id.status();
  const auto special = BoolOr(entry, "special", false);
  if (!special.ok()) return special.status();
  AddedToken token{
      .content = *std::move(content), .id = static_cast<int32_t>(*id), .special = *special};
  const std::array<std::pair<std::string_view, bool*>, 4> flags = {
      {{"single_word", &token.single_word},
       {"lstrip", &token.lstrip},
       {"rstrip", &token.rstrip},
       {"normalized", &token.normalized}}};
  for (const auto& [key, flag] : flags) {
    const auto value = BoolOr(entry, key, false);
    if (!value.ok()) return value.status();
    *flag = *value;
  }
  return token;
}

absl::Status ReadAddedTokens(const Json& document, TokenizerSpec* spec) {
  const Json* const entries = FindPresent(document, "added_tokens");
  if (entries == nullptr) return absl::OkStatus();
  if (!entries->is_array()) {
    return absl::InvalidArgumentError("key 'added_tokens' must be an array");
  }
  std::vector<AddedToken> ordinary;
  for (const Json& entry : *entries) {
    auto token = ReadAddedToken(entry);
    if (!token.ok()) return token.status();
    // What only added_tokens lists is no part of the model's own vocabulary.
    if (!spec->vocabulary.Find(token->content)) spec->word_piece.excluded_ids.insert(token->id);
    const absl::Status added = spec->vocabulary.Add(token->content, token->id);
    if (!added.ok()) return added;
    (token->special ? spec->added_tokens : ordinary).push_back(*std::move(token));
  }
  // Special tokens come first where two tokens look the same after normalization.
  for (AddedToken& token : ordinary) spec->added_tokens.push_back(std::move(token));
  return absl::OkStatus();
}

// One step of a template: {"SpecialToken": {"id": "[CLS]", "type_id": 0}} or "Sequence" with A, B.
struct TemplateStep {
  bool is_special = false;
  std::string name;
  int64_t type = 0;

  friend bool operator==(const TemplateStep&, const TemplateStep&) = default;
};

absl::StatusOr<std::vector<TemplateStep>> ReadTemplate(const Json& processor,
                                                       std::string_view key) {
  const Json* const pieces = FindPresent(processor, key);
  if (pieces == nullptr || !pieces->is_array()) {
    return absl::InvalidArgumentError(StrCat("key '", key, "' of the template must be an array"));
  }
  std::vector<TemplateStep> steps;
  for (const Json& piece : *pieces) {
    const Json* const special = FindPresent(piece, "SpecialToken");
    const Json* const body = special != nullptr ? special : FindPresent(piece, "Sequence");
    if (body == nullptr) {
      return absl::InvalidArgumentError(
          StrCat("every step of '", key, "' must be a SpecialToken or a Sequence"));
    }
    auto name = GetString(*body, "id");
    if (!name.ok()) return name.status();
    const auto type = GetInteger(*body, "type_id", 0, 1);
    if (!type.ok()) return type.status();
    steps.push_back({special != nullptr, *std::move(name), *type});
  }
  return steps;
}

// The id that the template's table of special tokens gives to `name`.
absl::StatusOr<int32_t> TemplateTokenId(const Json& processor, const std::string& name,
                                        const Vocabulary& vocabulary) {
  const Json* const table = FindPresent(processor, "special_tokens");
  const Json* const entry = table == nullptr ? nullptr : FindPresent(*table, name);
  const Json* const ids = entry == nullptr ? nullptr : FindPresent(*entry, "ids");
  if (ids == nullptr || !ids->is_array() || ids->size() != 1 || !ids->front().is_number_integer()) {
    return absl::InvalidArgumentError(
        StrCat("special token '", CutUtf8(name), "' of the template must have one id"));
  }
  const auto id = vocabulary.Find(name);
  if (!id.has_value() || ids->front() != *id) {
    return absl::InvalidArgumentError(StrCat("special token '", CutUtf8(name),
                                             "' of the template has another id than in the "
                                             "vocabulary"));
  }
  return *id;
}

absl::Status ReadTemplateProcessing(const Json& processor, TokenizerSpec* spec) {
  const auto single = ReadTemplate(processor, "single");
  if (!single.ok()) return single.status();
  const auto pair = ReadTemplate(processor, "pair");
  if (!pair.ok()) return pair.status();
  constexpr std::string_view kExpected = "[CLS] A [SEP] and [CLS] A [SEP] B [SEP]";
  if (single->size() != 3) return Unsupported("post_processor", "another template", kExpected);
  const std::string cls = single->front().name;
  const std::string sep = single->back().name;
  const std::vector<TemplateStep> bert = {
      {true, cls, 0}, {false, "A", 0}, {true, sep, 0}, {false, "B", 1}, {true, sep, 1}};
  if (*pair != bert || *single != std::vector<TemplateStep>(bert.begin(), bert.begin() + 3)) {
    return Unsupported("post_processor", "another template", kExpected);
  }
  const auto cls_id = TemplateTokenId(processor, cls, spec->vocabulary);
  if (!cls_id.ok()) return cls_id.status();
  const auto sep_id = TemplateTokenId(processor, sep, spec->vocabulary);
  if (!sep_id.ok()) return sep_id.status();
  spec->cls_id = *cls_id;
  spec->sep_id = *sep_id;
  return absl::OkStatus();
}

// {"type": "BertProcessing", "sep": ["[SEP]", 102], "cls": ["[CLS]", 101]}
absl::Status ReadBertProcessing(const Json& processor, TokenizerSpec* spec) {
  const std::array<std::pair<std::string_view, int32_t*>, 2> tokens = {
      {{"cls", &spec->cls_id}, {"sep", &spec->sep_id}}};
  for (const auto& [key, id] : tokens) {
    const Json* const token = FindPresent(processor, key);
    if (token == nullptr || !token->is_array() || token->size() != 2 || !(*token)[0].is_string() ||
        !(*token)[1].is_number_integer()) {
      return absl::InvalidArgumentError(
          StrCat("key '", key, "' of BertProcessing must be a token and its id"));
    }
    const auto known = spec->vocabulary.Find((*token)[0].get_ref<const std::string&>());
    if (!known.has_value() || (*token)[1] != *known) {
      return absl::InvalidArgumentError(
          StrCat("key '", key, "' of BertProcessing has another id than in the vocabulary"));
    }
    *id = *known;
  }
  return absl::OkStatus();
}

absl::Status ReadTruncation(const Json& document, TokenizerSpec* spec) {
  const Json* const truncation = FindPresent(document, "truncation");
  if (truncation == nullptr) return absl::OkStatus();
  const auto direction = StringOr(*truncation, "direction", "Right");
  if (!direction.ok()) return direction.status();
  if (*direction != "Right") {
    return Unsupported("truncation direction", CutUtf8(*direction), "Right");
  }
  auto limit = TokenLimit(*truncation, "max_length");
  if (!limit.ok()) return limit.status();
  spec->max_tokens = *limit;
  return absl::OkStatus();
}

absl::Status ReadSections(const Json& document, TokenizerSpec* spec) {
  if (absl::Status status = ReadModel(document, spec); !status.ok()) return status;
  if (absl::Status status = ReadNormalizer(document, &spec->normalizer); !status.ok()) {
    return status;
  }
  const Json* const pre_tokenizer = Unwrapped(document, "pre_tokenizer", "pretokenizers");
  if (TypeName(pre_tokenizer) != "BertPreTokenizer") {
    return Unsupported("pre_tokenizer", TypeName(pre_tokenizer), "BertPreTokenizer");
  }
  if (absl::Status status = ReadAddedTokens(document, spec); !status.ok()) return status;
  if (absl::Status status = ReadTruncation(document, spec); !status.ok()) return status;
  const Json* const processor = Unwrapped(document, "post_processor", "processors");
  const std::string type = TypeName(processor);
  if (type == "TemplateProcessing") return ReadTemplateProcessing(*processor, spec);
  if (type == "BertProcessing") return ReadBertProcessing(*processor, spec);
  return Unsupported("post_processor", type, "TemplateProcessing or BertProcessing");
}

}  // namespace

absl::StatusOr<TokenizerSpec> ReadTokenizerJson(std::string_view contents) {
  const auto document = ParseStrictJson(contents);
  if (!document.ok()) return document.status();
  TokenizerSpec spec;
  if (absl::Status status = ReadSections(*document, &spec); !status.ok()) return status;
  return spec;
}

}  // namespace sta
