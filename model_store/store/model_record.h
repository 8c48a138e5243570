// SPDX-License-Identifier: Apache-2.0
//
// ModelRecord: what a store remembers of one name besides its version directories: the numbers that
// were given, the aliases, where uploaded versions came from. .sta/models/NAME.json. Plain values
// and pure functions.
#ifndef MODEL_STORE_STORE_MODEL_RECORD_H_
#define MODEL_STORE_STORE_MODEL_RECORD_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model_store/store/store_names.h"
#include "model_store/store/store_snapshot.h"

namespace sta {

// Of an uploaded version. An entry whose directory is not there is void: an upload that was cut off
// before its commit.
struct VersionEntry {
  std::string digest;  // SHA-256 of its manifest.json
  std::string key;     // idempotency key
  absl::Time created;

  friend bool operator==(const VersionEntry&, const VersionEntry&) = default;
};

struct ModelRecord {
  int64_t next_version = 1;  // no version from here on was ever given
  std::map<std::string, AliasInfo, std::less<>> aliases;
  std::map<int64_t, VersionEntry> versions;
  // Ranges [first, last] of deleted versions, rising, with gaps between them.
  std::vector<std::pair<int64_t, int64_t>> deleted;

  bool IsDeleted(int64_t version) const;
  // A version was made. Numbers up to it are not given by themselves any more.
  void Add(int64_t version, VersionEntry entry);
  // Its entry, and the aliases that name it, go; its number stays used.
  void Delete(int64_t version);

  friend bool operator==(const ModelRecord&, const ModelRecord&) = default;
};

// A store forgets the gaps between the oldest ranges beyond so many.
inline constexpr size_t kMaxDeletedRanges = 4096;
inline constexpr int64_t kMaxRecordBytes = int64_t{64} << 20;

// DATA_LOSS for anything malformed: unknown keys, too.
absl::StatusOr<ModelRecord> ParseModelRecord(std::string_view json);
// INVALID_ARGUMENT where a key is not valid UTF-8.
absl::StatusOr<std::string> FormatModelRecord(const ModelRecord& record);

}  // namespace sta

#endif  // MODEL_STORE_STORE_MODEL_RECORD_H_
