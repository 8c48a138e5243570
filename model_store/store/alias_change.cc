// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/alias_change.h"

#include "model_store/store/store_names.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status NoSuchAlias(std::string_view alias) {
  return absl::NotFoundError(StrCat("no alias '", alias.substr(0, 128), "'"));
}

absl::Status CheckExpected(const ModelRecord& record, const std::string& alias,
                           std::optional<int64_t> expected) {
  if (!expected.has_value()) return absl::OkStatus();
  const auto found = record.aliases.find(alias);
  const int64_t version = found == record.aliases.end() ? 0 : found->second.version;
  if (version == *expected) return absl::OkStatus();
  return absl::AbortedError(
      version == 0
          ? StrCat("there is no alias '", alias, "', expected was version ", *expected)
          : StrCat("alias '", alias, "' names version ", version, ", expected was ", *expected));
}

}  // namespace

absl::StatusOr<AliasChange> ChangeAlias(ModelRecord& record, const std::string& alias,
                                        int64_t version, std::optional<int64_t> expected) {
  if (!IsAliasName(alias)) {
    return absl::InvalidArgumentError(
        StrCat("'", alias.substr(0, 128),
               "' is no alias: a letter, then letters, digits, '.', '_' and '-', at most 128"));
  }
  if (absl::Status status = CheckExpected(record, alias, expected); !status.ok()) return status;
  const auto [found, is_new] = record.aliases.try_emplace(alias);
  if (is_new && record.aliases.size() > kMaxAliases) {
    record.aliases.erase(found);
    return absl::ResourceExhaustedError(
        StrCat("the model has ", kMaxAliases, " aliases, which is all it may have"));
  }
  const int64_t previous = found->second.version;
  if (previous != version) found->second = {.version = version, .previous = previous};
  return AliasChange{.previous = previous, .version = version};
}

absl::StatusOr<AliasChange> SwapAlias(ModelRecord& record, const std::string& alias,
                                      std::optional<int64_t> expected,
                                      const std::function<bool(int64_t)>& is_there) {
  const auto found = record.aliases.find(alias);
  if (found == record.aliases.end()) return NoSuchAlias(alias);
  if (absl::Status status = CheckExpected(record, alias, expected); !status.ok()) return status;
  const AliasInfo info = found->second;
  if (info.previous == 0) {
    return absl::FailedPreconditionError(
        StrCat("alias '", alias, "' named nothing before version ", info.version));
  }
  if (!is_there(info.previous)) {
    return absl::FailedPreconditionError(StrCat("alias '", alias, "' named version ", info.previous,
                                                " before, which is not in the store any more"));
  }
  found->second = {.version = info.previous, .previous = info.version};
  return AliasChange{.previous = info.version, .version = info.previous};
}

absl::Status RemoveAlias(ModelRecord& record, const std::string& alias) {
  return record.aliases.erase(alias) > 0 ? absl::OkStatus() : NoSuchAlias(alias);
}

}  // namespace sta
