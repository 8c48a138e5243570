// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/model_record.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "model_store/json/strict_json.h"
#include "model_store/store/store_json.h"
#include "model_store/store/store_names.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using Ranges = std::vector<std::pair<int64_t, int64_t>>;

absl::Status RecordDamage(std::string_view what) {
  return absl::DataLossError(StrCat("damaged record: ", what));
}
absl::Status RecordDamage(std::string_view where, const absl::Status& status) {
  return RecordDamage(StrCat(where, StdView(status.message())));
}

// The first range that ends at `version` or later.
Ranges::const_iterator RangeAt(const Ranges& ranges, int64_t version) {
  return std::ranges::lower_bound(ranges, version, {}, &Ranges::value_type::second);
}

absl::StatusOr<AliasInfo> ReadAlias(const nlohmann::json& json) {
  if (absl::Status keys = CheckKeys(json, {"version", "previous"}); !keys.ok()) return keys;
  const absl::StatusOr<int64_t> version = GetInteger(json, "version", 1, kMaxVersion);
  if (!version.ok()) return version.status();
  const absl::StatusOr<int64_t> previous = GetInteger(json, "previous", 0, kMaxVersion);
  if (!previous.ok()) return previous.status();
  return AliasInfo{.version = *version, .previous = *previous};
}

absl::Status ReadAliases(const nlohmann::json& json, ModelRecord& record) {
  if (!json.is_object()) return RecordDamage("key 'aliases' must be an object");
  for (const auto& [name, value] : json.items()) {
    if (!IsAliasName(name)) return RecordDamage("an alias has a name that is none");
    const absl::StatusOr<AliasInfo> alias = ReadAlias(value);
    if (!alias.ok()) return RecordDamage(StrCat("alias '", name, "': "), alias.status());
    record.aliases[name] = *alias;
  }
  return absl::OkStatus();
}

absl::StatusOr<VersionEntry> ReadEntry(const nlohmann::json& json) {
  if (absl::Status keys = CheckKeys(json, {"digest", "idempotency_key", "created"}); !keys.ok()) {
    return keys;
  }
  absl::StatusOr<std::string> digest = GetSha256(json, "digest");
  if (!digest.ok()) return digest.status();
  absl::StatusOr<std::string> key = GetString(json, "idempotency_key");
  if (!key.ok()) return key.status();
  const absl::StatusOr<absl::Time> created = GetStoreTime(json, "created");
  if (!created.ok()) return created.status();
  return VersionEntry{.digest = *std::move(digest), .key = *std::move(key), .created = *created};
}

absl::Status ReadVersions(const nlohmann::json& json, ModelRecord& record) {
  if (!json.is_object()) return RecordDamage("key 'versions' must be an object");
  for (const auto& [number, value] : json.items()) {
    const std::optional<int64_t> version = ParseVersionNumber(number);
    if (!version.has_value() || *version >= record.next_version) {
      return RecordDamage("a version has a number that is none");
    }
    absl::StatusOr<VersionEntry> entry = ReadEntry(value);
    if (!entry.ok()) return RecordDamage(StrCat("version ", number, ": "), entry.status());
    record.versions[*version] = *std::move(entry);
  }
  return absl::OkStatus();
}

absl::Status ReadDeleted(const nlohmann::json& json, ModelRecord& record) {
  if (!json.is_array()) return RecordDamage("key 'deleted' must be a list");
  int64_t lowest = 1;
  for (const nlohmann::json& range : json) {
    const bool is_range = range.is_array() && range.size() == 2 && range[0].is_number_integer() &&
                          range[1].is_number_integer();
    if (!is_range) return RecordDamage("key 'deleted' must have pairs of numbers");
    const int64_t first = range[0].get<int64_t>();
    const int64_t last = range[1].get<int64_t>();
    if (first < lowest || last < first || last >= record.next_version) {
      return RecordDamage("the ranges of 'deleted' must rise, with gaps, below 'next_version'");
    }
    record.deleted.emplace_back(first, last);
    lowest = last + 2;
  }
  return absl::OkStatus();
}

}  // namespace

bool ModelRecord::IsDeleted(int64_t version) const {
  const auto range = RangeAt(deleted, version);
  return range != deleted.end() && range->first <= version;
}

void ModelRecord::Add(int64_t version, VersionEntry entry) {
  versions[version] = std::move(entry);
  next_version = std::max(next_version, version + 1);
}

void ModelRecord::Delete(int64_t version) {
  versions.erase(version);
  std::erase_if(aliases, [&](const auto& alias) { return alias.second.version == version; });
  next_version = std::max(next_version, version + 1);
  if (IsDeleted(version)) return;
  auto range = deleted.insert(RangeAt(deleted, version), {version, version});
  if (const auto next = std::next(range); next != deleted.end() && next->first == version + 1) {
    range->second = next->second;
    range = std::prev(deleted.erase(next));
  }
  if (range != deleted.begin() && std::prev(range)->second == version - 1) {
    std::prev(range)->second = range->second;
    deleted.erase(range);
  }
  if (deleted.size() > kMaxDeletedRanges) {
    deleted[1].first = deleted[0].first;
    deleted.erase(deleted.begin());
  }
}

absl::StatusOr<ModelRecord> ParseModelRecord(std::string_view json) {
  const absl::StatusOr<nlohmann::json> document = ParseStrictJson(json, {.max_depth = 4});
  if (!document.ok()) return RecordDamage("", document.status());
  if (absl::Status keys = CheckKeys(*document, {"next_version", "aliases", "versions", "deleted"});
      !keys.ok()) {
    return RecordDamage("", keys);
  }
  for (const char* key : {"aliases", "versions", "deleted"}) {
    if (!document->contains(key)) return RecordDamage(StrCat("key '", key, "' is missing"));
  }
  ModelRecord record;
  const absl::StatusOr<int64_t> next = GetInteger(*document, "next_version", 1, kMaxVersion + 1);
  if (!next.ok()) return RecordDamage("", next.status());
  record.next_version = *next;
  absl::Status status = ReadAliases((*document)["aliases"], record);
  if (status.ok()) status = ReadVersions((*document)["versions"], record);
  if (status.ok()) status = ReadDeleted((*document)["deleted"], record);
  if (!status.ok()) return status;
  return record;
}

absl::StatusOr<std::string> FormatModelRecord(const ModelRecord& record) {
  nlohmann::json aliases = nlohmann::json::object();
  for (const auto& [name, alias] : record.aliases) {
    aliases[name] = {{"version", alias.version}, {"previous", alias.previous}};
  }
  nlohmann::json versions = nlohmann::json::object();
  for (const auto& [version, entry] : record.versions) {
    versions[StrCat(version)] = {{"digest", entry.digest},
                                 {"idempotency_key", entry.key},
                                 {"created", FormatStoreTime(entry.created)}};
  }
  nlohmann::json deleted = nlohmann::json::array();
  for (const auto& [first, last] : record.deleted) {
    deleted.push_back(nlohmann::json::array({first, last}));
  }
  return FormatStoreJson({{"next_version", record.next_version},
                          {"aliases", aliases},
                          {"versions", versions},
                          {"deleted", deleted}});
}

}  // namespace sta
