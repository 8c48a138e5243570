// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/directory_store.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "model_store/store/store_layout.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

namespace fs = std::filesystem;

// Why an entry is no directory of ours; nothing where it is one.
std::optional<std::string> WhyNoDirectory(const DirectoryEntry& entry) {
  if (entry.kind == FileKind::kSymlink) return "is a symbolic link";
  if (entry.kind != FileKind::kDirectory) return "is no directory";
  return std::nullopt;
}

// RESOURCE_EXHAUSTED says nothing about the model, and is the only error.
absl::Status ScanModel(FileSystem& files, const fs::path& store, const DirectoryEntry& model,
                       StoreListing& listing) {
  const auto skip = [&](const std::string& path, std::string reason) {
    listing.skipped.push_back({.path = path, .reason = std::move(reason)});
    return absl::OkStatus();
  };
  if (!IsModelName(model.name)) return skip(model.name, "is no model name");
  if (std::optional<std::string> why = WhyNoDirectory(model)) return skip(model.name, *why);
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files.List(store / model.name);
  if (absl::IsResourceExhausted(entries.status())) return entries.status();
  if (!entries.ok()) {
    listing.unread.insert(model.name);
    return skip(model.name, std::string(entries.status().message()));
  }
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = StrCat(model.name, "/", entry.name);
    const std::optional<int64_t> version = ParseVersionNumber(entry.name);
    if (!version.has_value()) {
      skip(path, "is no version: a positive number without leading zeros").IgnoreError();
    } else if (std::optional<std::string> why = WhyNoDirectory(entry)) {
      skip(path, *why).IgnoreError();
    } else {
      listing.versions.push_back(
          {.name = model.name, .version = *version, .path = store / model.name / entry.name});
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<fs::path> StoreDirectory(FileSystem& files, const fs::path& store) {
  fs::path directory = store;
  absl::StatusOr<FileInfo> info = files.Stat(directory);
  const bool is_link = info.ok() && info->kind == FileKind::kSymlink;
  if (is_link) {
    directory /= ".";
    info = files.Stat(directory);
  }
  if (absl::IsNotFound(info.status())) {
    return absl::NotFoundError(StrCat("the store '", store.string(), "' does not exist"));
  }
  // What a link names and is no directory has no "." in it.
  const bool is_other = is_link && absl::IsDataLoss(info.status());
  if (is_other || (info.ok() && info->kind != FileKind::kDirectory)) {
    return absl::FailedPreconditionError(
        StrCat("the store '", store.string(), "' is no directory"));
  }
  if (!info.ok()) return info.status();
  return directory;
}

absl::StatusOr<StoreListing> ScanStore(FileSystem& files, const fs::path& store) {
  const absl::StatusOr<fs::path> directory = StoreDirectory(files, store);
  if (!directory.ok()) return directory.status();
  const absl::StatusOr<std::vector<DirectoryEntry>> models = files.List(*directory);
  if (!models.ok()) return models.status();
  StoreListing listing;
  for (const DirectoryEntry& model : *models) {
    if (model.name == kStoreFolder) continue;
    const absl::Status scanned = ScanModel(files, store, model, listing);
    if (!scanned.ok()) return scanned;
  }
  std::ranges::sort(listing.versions, {}, [](const StoredVersion& stored) {
    return std::tuple(stored.name, -stored.version);
  });
  return listing;
}

std::vector<StoredVersion> NewestVersions(const StoreListing& listing) {
  std::vector<StoredVersion> newest;
  for (const StoredVersion& stored : listing.versions) {
    if (newest.empty() || newest.back().name != stored.name) newest.push_back(stored);
  }
  return newest;
}

}  // namespace sta
