// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/directory_store.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestName = 128;

std::optional<int64_t> ParseVersionDirectory(std::string_view text) {
  int64_t version = 0;
  const bool is_version =
      absl::SimpleAtoi(AbslView(text), &version) && version > 0 && StrCat(version) == text;
  return is_version ? std::optional(version) : std::nullopt;
}

absl::StatusOr<std::vector<fs::directory_entry>> ListDirectory(const fs::path& directory) {
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    entries.push_back(*entry);
  }
  if (error) {
    return absl::PermissionDeniedError(
        StrCat("cannot read directory '", directory.string(), "': ", error.message()));
  }
  std::ranges::sort(entries);
  return entries;
}

// Why an entry is no directory of ours; nothing where it is one.
std::optional<std::string> WhyNoDirectory(const fs::directory_entry& entry) {
  std::error_code error;
  if (entry.is_symlink(error)) return "is a symbolic link";
  if (!entry.is_directory(error)) return "is no directory";
  return std::nullopt;
}

void ScanModel(const fs::directory_entry& model, StoreListing& listing) {
  const std::string name = model.path().filename().string();
  const auto skip = [&](const std::string& path, std::string reason) {
    listing.skipped.push_back({.path = path, .reason = std::move(reason)});
  };
  if (!IsModelName(name)) return skip(name, "is no model name");
  if (std::optional<std::string> why = WhyNoDirectory(model)) return skip(name, *why);
  const absl::StatusOr<std::vector<fs::directory_entry>> entries = ListDirectory(model.path());
  if (!entries.ok()) return skip(name, std::string(entries.status().message()));
  for (const fs::directory_entry& entry : *entries) {
    const std::string directory = entry.path().filename().string();
    const std::string path = StrCat(name, "/", directory);
    const std::optional<int64_t> version = ParseVersionDirectory(directory);
    if (!version.has_value()) {
      skip(path, "is no version: a positive number without leading zeros");
    } else if (std::optional<std::string> why = WhyNoDirectory(entry)) {
      skip(path, *why);
    } else {
      listing.versions.push_back({.name = name, .version = *version, .path = entry.path()});
    }
  }
}

}  // namespace

bool IsModelName(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= kLongestName && name.front() != '.' &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

absl::StatusOr<StoreListing> ScanStore(const fs::path& store) {
  std::error_code error;
  const fs::file_status status = fs::status(store, error);
  if (!fs::exists(status)) {
    return absl::NotFoundError(StrCat("the store '", store.string(), "' does not exist"));
  }
  if (!fs::is_directory(status)) {
    return absl::FailedPreconditionError(
        StrCat("the store '", store.string(), "' is no directory"));
  }
  const absl::StatusOr<std::vector<fs::directory_entry>> models = ListDirectory(store);
  if (!models.ok()) return models.status();
  StoreListing listing;
  for (const fs::directory_entry& model : *models) ScanModel(model, listing);
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
