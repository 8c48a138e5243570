// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/vocabulary.h"

#include <algorithm>

#include "model_store/tokenizer/utf8.h"
#include "strings/str_cat.h"

namespace sta {

absl::Status Vocabulary::CheckNew(std::string_view text, int64_t id) {
  if (id < 0 || id > kMaxId) {
    return absl::InvalidArgumentError(StrCat("token id ", id, " is outside 0..", kMaxId));
  }
  if (texts_.contains(id)) {
    return absl::InvalidArgumentError(StrCat("token id ", id, " is given to two tokens, '",
                                             CutUtf8(Text(id)), "' and '", CutUtf8(text), "'"));
  }
  text_bytes_ += static_cast<int64_t>(text.size());
  if (text_bytes_ > kMaxTextBytes) {
    return absl::InvalidArgumentError(
        StrCat("the vocabulary's tokens take more than ", kMaxTextBytes, " bytes"));
  }
  return absl::OkStatus();
}

void Vocabulary::Insert(std::string_view text, int64_t id) {
  texts_.emplace(id, text);
  ids_[std::string(text)] = static_cast<int32_t>(id);
  size_ = std::max(size_, id + 1);
}

absl::Status Vocabulary::Add(std::string_view text, int64_t id) {
  if (const auto present = Find(text)) {
    if (*present == id) return absl::OkStatus();
    return absl::InvalidArgumentError(
        StrCat("token '", CutUtf8(text), "' has two ids, ", *present, " and ", id));
  }
  if (absl::Status status = CheckNew(text, id); !status.ok()) return status;
  Insert(text, id);
  return absl::OkStatus();
}

absl::Status Vocabulary::AddLine(std::string_view text) {
  const int64_t id = size_;
  if (absl::Status status = CheckNew(text, id); !status.ok()) return status;
  Insert(text, id);
  return absl::OkStatus();
}

std::optional<int32_t> Vocabulary::Find(std::string_view text) const {
  const auto found = ids_.find(AbslView(text));
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::string_view Vocabulary::Text(int64_t id) const {
  const auto found = texts_.find(id);
  if (found == texts_.end()) return {};
  return found->second;
}

}  // namespace sta
