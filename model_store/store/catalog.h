// SPDX-License-Identifier: Apache-2.0
//
// Catalog: the versions that are in a store, as last seen on the disk.
//
//   catalog.Scan(files, layout.root());                        // reads what is new or changed
//   auto snapshot = catalog.MakeSnapshot(records);
//
// Not thread-safe. Scan, Look and Put read the disk, the others memory.
#ifndef MODEL_STORE_STORE_CATALOG_H_
#define MODEL_STORE_STORE_CATALOG_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/store/file_system.h"
#include "model_store/store/model_records.h"
#include "model_store/store/shared_bytes.h"
#include "model_store/store/version_directory.h"

namespace sta {

class Catalog {
 public:
  // Looks at everything; what looks as before is not read again.
  absl::Status Scan(FileSystem& files, const std::filesystem::path& root);
  // Looks at one version that has just come.
  absl::Status Look(FileSystem& files, const StoredVersion& stored);
  void Remove(const std::string& name, int64_t version);

  // Null where there is none, or not a whole one.
  const VersionContent* Find(const std::string& name, int64_t version) const;
  // As it is shown: with what the record knows of its upload.
  static VersionInfo Describe(const VersionContent& content, const ModelRecord& record);
  // Of one name, oldest first.
  std::vector<const VersionContent*> VersionsOf(const std::string& name) const;
  // Whether there is a directory of this number, whole or not.
  bool IsThere(const std::string& name, int64_t version) const {
    return versions_.contains(Key(name, version));
  }
  // Whether the last scan could list the versions of this name; else IsThere may be wrong.
  bool IsRead(const std::string& name) const { return !unread_.contains(name); }
  // The highest number that is taken on the disk, by whatever it is; 0: none.
  int64_t HighestNumber(const std::string& name) const;

  StoreSnapshot MakeSnapshot(const ModelRecords& records) const;

  // Of one model, or of all.
  SharedBytes BytesOf(const std::string& name, const ModelRecord& record) const;
  SharedBytes Bytes(const ModelRecords& records) const;

 private:
  struct Known {
    std::string signature;
    absl::StatusOr<VersionContent> content;
  };
  using Key = std::pair<std::string, int64_t>;

  static Known LookAt(FileSystem& files, const StoredVersion& stored);
  static void AddBytes(const VersionContent& content, const ModelRecord& record,
                       SharedBytes& bytes);

  std::map<Key, Known> versions_;
  // By the last scan:
  std::vector<SkippedEntry> skipped_;
  std::set<std::string, std::less<>> unread_;
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_CATALOG_H_
