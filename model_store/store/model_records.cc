// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/model_records.h"

#include <utility>
#include <vector>

#include "model_store/store/file_operations.h"
#include "model_store/store/store_names.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr std::string_view kRecordSuffix = ".json";

absl::Status WriteRecord(FileSystem& files, const StoreLayout& layout, const std::string& name,
                         const ModelRecord& record) {
  const absl::StatusOr<std::string> text = FormatModelRecord(record);
  if (!text.ok()) return text.status();
  return ReplaceFile(files, layout.Record(name), *text);
}

}  // namespace

absl::Status ModelRecords::Load() {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files_.List(layout_.Models());
  if (!entries.ok() && !absl::IsNotFound(entries.status())) return entries.status();
  std::map<std::string, ModelRecord, std::less<>> records;
  for (const DirectoryEntry& entry : entries.ok() ? *entries : std::vector<DirectoryEntry>()) {
    if (!entry.name.ends_with(kRecordSuffix)) continue;
    const std::string name = entry.name.substr(0, entry.name.size() - kRecordSuffix.size());
    if (!IsModelName(name)) continue;
    const absl::StatusOr<std::string> text =
        files_.ReadFile(layout_.Models() / entry.name, kMaxRecordBytes);
    if (!text.ok()) return text.status();
    absl::StatusOr<ModelRecord> record = ParseModelRecord(*text);
    if (!record.ok()) {
      return absl::DataLossError(
          StrCat("'", (layout_.Models() / entry.name).string(), "': ", record.status().message(),
                 "; restore it from a backup, or remove it and lose the aliases of this model"));
    }
    records[name] = *std::move(record);
  }
  records_ = std::move(records);
  unwritten_.clear();
  return absl::OkStatus();
}

const ModelRecord& ModelRecords::Get(std::string_view name) const {
  static const ModelRecord* const kNone = new ModelRecord();
  const auto found = records_.find(name);
  return found == records_.end() ? *kNone : found->second;
}

absl::Status ModelRecords::Put(const std::string& name, ModelRecord record) {
  if (absl::Status written = WriteRecord(files_, layout_, name, record); !written.ok()) {
    // Which of the two the disk has is not known; memory's is what the next Flush makes true.
    unwritten_.insert(name);
    return written;
  }
  records_[name] = std::move(record);
  unwritten_.erase(name);
  return absl::OkStatus();
}

void ModelRecords::Set(const std::string& name, ModelRecord record) {
  records_[name] = std::move(record);
  unwritten_.insert(name);
}

absl::Status ModelRecords::Flush(const std::string& name) {
  if (IsFlushed(name)) return absl::OkStatus();
  absl::Status written = WriteRecord(files_, layout_, name, Get(name));
  if (written.ok()) unwritten_.erase(name);
  return written;
}

}  // namespace sta
