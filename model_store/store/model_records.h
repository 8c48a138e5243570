// SPDX-License-Identifier: Apache-2.0
//
// ModelRecords: the records of all models (model_record.h), in memory and in .sta/models.
//
//   ModelRecord record = records.Get("minilm");
//   record.Add(3, {...});
//   absl::Status durable = records.Put("minilm", std::move(record));
//
// Not thread-safe. Get reads memory, the others the disk.
#ifndef MODEL_STORE_STORE_MODEL_RECORDS_H_
#define MODEL_STORE_STORE_MODEL_RECORDS_H_

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "model_store/store/file_system.h"
#include "model_store/store/model_record.h"
#include "model_store/store/store_layout.h"

namespace sta {

class ModelRecords {
 public:
  // Both outlive the records.
  ModelRecords(FileSystem& files, const StoreLayout& layout) : files_(files), layout_(layout) {}

  // What is on the disk, in the place of what is in memory; no folder is no record. DATA_LOSS names
  // a damaged one, and nothing is changed.
  absl::Status Load();

  const ModelRecord& Get(std::string_view name) const;
  const std::map<std::string, ModelRecord, std::less<>>& all() const { return records_; }

  // On the disk, then in memory. After an error memory is as before; the disk has either.
  absl::Status Put(const std::string& name, ModelRecord record);

  // In memory only, for what has happened and cannot be undone: Flush brings it to the disk.
  void Set(const std::string& name, ModelRecord record);
  absl::Status Flush(const std::string& name);
  bool IsFlushed(const std::string& name) const { return !unwritten_.contains(name); }

 private:
  FileSystem& files_;
  const StoreLayout& layout_;
  std::map<std::string, ModelRecord, std::less<>> records_;
  std::set<std::string> unwritten_;
};

}  // namespace sta

#endif  // MODEL_STORE_STORE_MODEL_RECORDS_H_
