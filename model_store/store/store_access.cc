// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/store_access.h"

#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "model_store/store/directory_store.h"
#include "model_store/store/file_operations.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr std::string_view kFormatWord = "sta-store ";
constexpr int64_t kMaxFormatBytes = 64;

absl::Status CheckFormatText(absl::string_view text) {
  int64_t format = 0;
  const bool is_format = absl::ConsumePrefix(&text, AbslView(kFormatWord)) &&
                         absl::ConsumeSuffix(&text, "\n") && absl::SimpleAtoi(text, &format) &&
                         format > 0;
  if (!is_format) return absl::DataLossError("the store's file .sta/format is damaged");
  if (format > kStoreFormat) {
    return absl::FailedPreconditionError(StrCat("the store has format ", format,
                                                ", this build knows up to ", kStoreFormat,
                                                "; open it with a newer one"));
  }
  return absl::OkStatus();
}

// Whether there is a format, which is then known. It is the last that is made of a new store.
absl::StatusOr<bool> CheckFormat(FileSystem& files, const StoreLayout& layout) {
  const absl::StatusOr<std::string> text = files.ReadFile(layout.Format(), kMaxFormatBytes);
  if (absl::IsNotFound(text.status())) return false;
  if (!text.ok()) return text.status();
  if (absl::Status known = CheckFormatText(*text); !known.ok()) return known;
  return true;
}

absl::StatusOr<std::unique_ptr<FileLock>> MakeAndLock(FileSystem& files,
                                                      const StoreLayout& layout) {
  const absl::Status made = EnsureDirectory(files, layout.sta(), layout.root_directory());
  if (!made.ok()) return made;
  absl::StatusOr<std::unique_ptr<FileLock>> lock = files.Lock(layout.Lock());
  if (!lock.ok()) return lock.status();
  for (const StoreLayout::Path& folder :
       {layout.Blobs(), layout.Models(), layout.Uploads(), layout.Stagings(), layout.Trash()}) {
    if (absl::Status ensured = EnsureDirectory(files, folder); !ensured.ok()) return ensured;
  }
  const absl::StatusOr<bool> has_format = CheckFormat(files, layout);
  if (!has_format.ok()) return has_format.status();
  if (!*has_format) {
    const std::string format = StrCat(kFormatWord, kStoreFormat, "\n");
    if (absl::Status put = ReplaceFile(files, layout.Format(), format); !put.ok()) return put;
  }
  return lock;
}

}  // namespace

absl::StatusOr<StoreAccess> OpenStoreFolder(FileSystem& files, const std::filesystem::path& root,
                                            const StoreOptions& options) {
  absl::StatusOr<std::filesystem::path> directory = StoreDirectory(files, root);
  if (!directory.ok()) return directory.status();
  StoreAccess access{.layout = StoreLayout(root, *std::move(directory))};
  // Before anything is written.
  const absl::StatusOr<bool> format = CheckFormat(files, access.layout);
  if (!format.ok()) return format.status();
  if (options.read_only) return access;

  absl::StatusOr<std::unique_ptr<FileLock>> lock = MakeAndLock(files, access.layout);
  if (lock.ok()) {
    access.lock = *std::move(lock);
    return access;
  }
  const absl::Status& status = lock.status();
  if (absl::IsUnavailable(status)) {
    return absl::FailedPreconditionError(StrCat("the store is in use: ", StdView(status.message()),
                                                "; only read-only servers may share it"));
  }
  const bool cannot_write = absl::IsFailedPrecondition(status) ||
                            absl::IsPermissionDenied(status) || absl::IsResourceExhausted(status);
  if (!cannot_write) return status;
  if (options.on_warning) {
    options.on_warning(StrCat("the store is read-only: ", StdView(status.message())));
  }
  return access;
}

}  // namespace sta
