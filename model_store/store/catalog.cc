// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/catalog.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "model_store/store/store_names.h"
#include "strings/str_cat.h"

namespace sta {

Catalog::Known Catalog::LookAt(FileSystem& files, const StoredVersion& stored) {
  // First, so that what changes in between differs at the next look.
  const absl::StatusOr<std::string> signature = DirectorySignature(files, stored.path);
  if (!signature.ok()) return {.signature = "", .content = signature.status()};
  return {.signature = *signature, .content = ReadVersion(files, stored)};
}

absl::Status Catalog::Scan(FileSystem& files, const std::filesystem::path& root) {
  absl::StatusOr<StoreListing> listing = ScanStore(files, root);
  if (!listing.ok()) return listing.status();
  std::map<Key, Known> versions;
  for (const StoredVersion& stored : listing->versions) {
    const Key key(stored.name, stored.version);
    const auto known = versions_.find(key);
    const absl::StatusOr<std::string> signature = DirectorySignature(files, stored.path);
    // What could not be read may be readable now, although nothing was written.
    const bool is_known =
        known != versions_.end() &&
        (known->second.content.ok() || absl::IsFailedPrecondition(known->second.content.status()));
    const bool is_as_before = is_known && signature.ok() && known->second.signature == *signature;
    if (is_as_before) {
      versions.insert(*known);
      continue;
    }
    Known now = LookAt(files, stored);
    // A whole version stays until it is seen that it is none.
    const bool is_unseen =
        IsOfTheDisk(now.content.status()) && known != versions_.end() && known->second.content.ok();
    if (is_unseen) now = known->second;
    versions.emplace(key, std::move(now));
  }
  for (const auto& [key, known] : versions_) {
    if (known.content.ok() && listing->unread.contains(key.first)) versions.emplace(key, known);
  }
  versions_ = std::move(versions);
  skipped_ = std::move(listing->skipped);
  unread_ = std::move(listing->unread);
  return absl::OkStatus();
}

absl::Status Catalog::Look(FileSystem& files, const StoredVersion& stored) {
  Known known = LookAt(files, stored);
  absl::Status status = known.content.status();
  versions_.insert_or_assign(Key(stored.name, stored.version), std::move(known));
  return status;
}

void Catalog::Remove(const std::string& name, int64_t version) {
  versions_.erase(Key(name, version));
}

const VersionContent* Catalog::Find(const std::string& name, int64_t version) const {
  const auto found = versions_.find(Key(name, version));
  return found != versions_.end() && found->second.content.ok() ? &*found->second.content : nullptr;
}

VersionInfo Catalog::Describe(const VersionContent& content, const ModelRecord& record) {
  VersionInfo info = content.info;
  const auto entry = record.versions.find(info.version);
  // The same number may have come by other means since.
  if (entry != record.versions.end() && entry->second.digest == info.digest) {
    info.uploaded = true;
    info.created = entry->second.created;
  }
  return info;
}

std::vector<const VersionContent*> Catalog::VersionsOf(const std::string& name) const {
  std::vector<const VersionContent*> found;
  for (auto known = versions_.lower_bound(Key(name, 0));
       known != versions_.end() && known->first.first == name; ++known) {
    if (known->second.content.ok()) found.push_back(&*known->second.content);
  }
  return found;
}

int64_t Catalog::HighestNumber(const std::string& name) const {
  int64_t highest = 0;
  for (auto known = versions_.lower_bound(Key(name, 0));
       known != versions_.end() && known->first.first == name; ++known) {
    highest = known->first.second;
  }
  // A file or a link may have a version's name as well.
  const std::string folder = StrCat(name, "/");
  for (const SkippedEntry& entry : skipped_) {
    if (!entry.path.starts_with(folder)) continue;
    const std::optional<int64_t> version = ParseVersionNumber(entry.path.substr(folder.size()));
    highest = std::max(highest, version.value_or(0));
  }
  return highest;
}

StoreSnapshot Catalog::MakeSnapshot(const ModelRecords& records) const {
  StoreSnapshot snapshot{.skipped = skipped_};
  for (const auto& [key, known] : versions_) {
    if (known.content.ok()) {
      snapshot.versions.push_back(Describe(*known.content, records.Get(key.first)));
    } else {
      snapshot.skipped.push_back({.path = StrCat(key.first, "/", key.second),
                                  .reason = std::string(known.content.status().message())});
    }
  }
  std::ranges::sort(snapshot.versions, {}, [](const VersionInfo& info) {
    return std::tuple(std::string_view(info.name), -info.version);
  });
  std::ranges::sort(snapshot.skipped, {}, &SkippedEntry::path);
  for (const auto& [name, record] : records.all()) {
    if (!record.aliases.empty()) snapshot.aliases[name] = record.aliases;
  }
  return snapshot;
}

// Files of uploads are shared, those that came by other means are their own.
void Catalog::AddBytes(const VersionContent& content, const ModelRecord& record,
                       SharedBytes& bytes) {
  if (!Describe(content, record).uploaded) return bytes.AddOwn(content.info.size_bytes);
  int64_t files_bytes = 0;
  for (const auto& [name, entry] : content.files) files_bytes += entry.size_bytes;
  bytes.AddOwn(content.info.size_bytes - files_bytes);  // the manifest
  bytes.AddShared(content.files);
}

SharedBytes Catalog::BytesOf(const std::string& name, const ModelRecord& record) const {
  SharedBytes bytes;
  for (const VersionContent* content : VersionsOf(name)) AddBytes(*content, record, bytes);
  return bytes;
}

SharedBytes Catalog::Bytes(const ModelRecords& records) const {
  SharedBytes bytes;
  for (const auto& [key, known] : versions_) {
    if (known.content.ok()) AddBytes(*known.content, records.Get(key.first), bytes);
  }
  return bytes;
}

}  // namespace sta
