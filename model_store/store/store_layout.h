// SPDX-License-Identifier: Apache-2.0
//
// StoreLayout: where everything lies in a store (docs/store-format.md). Pure.
//
//   const StoreLayout layout("/models");
//   layout.Version("minilm", 3);        // /models/minilm/3
//   layout.Blob(sha256);                // /models/.sta/blobs/ab/ab01...
//
// The names that are put in were checked by whoever has them: IsModelName, 64 hexadecimal digits,
// ids made by the store.
#ifndef MODEL_STORE_STORE_STORE_LAYOUT_H_
#define MODEL_STORE_STORE_STORE_LAYOUT_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "strings/str_cat.h"

namespace sta {

inline constexpr int64_t kStoreFormat = 1;
inline constexpr std::string_view kStoreFolder = ".sta";
inline constexpr std::string_view kTemporarySuffix = ".tmp";  // of a file that replaces another

class StoreLayout {
 public:
  using Path = std::filesystem::path;

  explicit StoreLayout(Path root) : StoreLayout(root, root) {}
  // `root_directory` names the same directory, where `root` is a symbolic link (StoreDirectory).
  StoreLayout(Path root, Path root_directory)
      : root_(std::move(root)),
        root_directory_(std::move(root_directory)),
        sta_(root_ / kStoreFolder) {}

  const Path& root() const { return root_; }
  const Path& root_directory() const { return root_directory_; }
  Path Model(std::string_view name) const { return root_ / name; }
  Path Version(std::string_view name, int64_t version) const {
    return root_ / name / StrCat(version);
  }

  const Path& sta() const { return sta_; }
  Path Format() const { return sta_ / "format"; }
  Path Lock() const { return sta_ / "lock"; }

  Path Blobs() const { return sta_ / "blobs"; }
  Path BlobFolder(std::string_view sha256) const { return Blobs() / sha256.substr(0, 2); }
  Path Blob(std::string_view sha256) const { return BlobFolder(sha256) / sha256; }

  Path Models() const { return sta_ / "models"; }
  Path Record(std::string_view name) const { return Models() / StrCat(name, ".json"); }

  Path Uploads() const { return sta_ / "uploads"; }
  Path Upload(std::string_view id) const { return Uploads() / id; }

  Path Stagings() const { return sta_ / "staging"; }
  Path Staging(std::string_view id) const { return Stagings() / id; }

  Path Trash() const { return sta_ / "trash"; }

 private:
  Path root_;
  Path root_directory_;
  Path sta_;
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_STORE_LAYOUT_H_
