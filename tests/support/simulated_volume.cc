// SPDX-License-Identifier: Apache-2.0
//
// The methods of SimulatedFileSystem that are no calls: what tests arrange and look at.
#include <functional>
#include <utility>

#include "strings/str_cat.h"
#include "tests/support/simulated_file_system.h"

namespace sta {

int64_t SimulatedFileSystem::calls() const {
  const absl::MutexLock lock(&mutex_);
  return calls_;
}

void SimulatedFileSystem::SetFault(const Fault& fault) {
  const absl::MutexLock lock(&mutex_);
  fault_ = fault;
  struck_.clear();
}

std::string SimulatedFileSystem::struck() const {
  const absl::MutexLock lock(&mutex_);
  return struck_;
}

void SimulatedFileSystem::SetCapacity(int64_t bytes) {
  const absl::MutexLock lock(&mutex_);
  capacity_bytes_ = bytes;
}

void SimulatedFileSystem::SetReadOnlyVolume(bool read_only) {
  const absl::MutexLock lock(&mutex_);
  read_only_ = read_only;
}

void SimulatedFileSystem::SetHardLinks(bool possible) {
  const absl::MutexLock lock(&mutex_);
  hard_links_ = possible;
}

bool SimulatedFileSystem::has_hard_links() const {
  const absl::MutexLock lock(&mutex_);
  return hard_links_;
}

void SimulatedFileSystem::Deny(std::string_view path) {
  const absl::MutexLock lock(&mutex_);
  denied_ = path;
}

void SimulatedFileSystem::PutFile(std::string_view path, std::string_view bytes) {
  PutNode(path, FileKind::kFile, bytes);
}
void SimulatedFileSystem::PutDirectory(std::string_view path) {
  PutNode(path, FileKind::kDirectory, "");
}
void SimulatedFileSystem::PutSymlink(std::string_view path) {
  PutNode(path, FileKind::kSymlink, "");
}
void SimulatedFileSystem::PutFifo(std::string_view path) { PutNode(path, FileKind::kOther, ""); }

void SimulatedFileSystem::PutNode(std::string_view path, FileKind kind, std::string_view bytes) {
  const absl::MutexLock lock(&mutex_);
  for (size_t end = path.find('/', 1); end != std::string_view::npos;
       end = path.find('/', end + 1)) {
    SimulatedDisk::Place above;
    disk_.Locate(path.substr(0, end), above);
    if (above.node == nullptr) disk_.Put(above, MakeNode(FileKind::kDirectory));
  }
  SimulatedDisk::Place place;
  disk_.Locate(path, place);
  if (place.node == nullptr) {
    const SimulatedDisk::Node node = MakeNode(kind);
    disk_.Put(place, node);
    place.node = node;
  }
  place.node->bytes = bytes;
  Touch(*place.node);
  disk_.SyncAll();
}

void SimulatedFileSystem::RemoveAll(std::string_view path) {
  const absl::MutexLock lock(&mutex_);
  SimulatedDisk::Place place;
  disk_.Locate(path, place);
  const std::function<void(const SimulatedDisk::Place&)> remove =
      [&](const SimulatedDisk::Place& at) {
        const DiskNode::Entries entries = at.node->entries;
        for (const auto& [name, node] : entries) remove({at.node, name, node});
        disk_.Remove(at);
      };
  remove(place);
  disk_.SyncAll();
}

std::map<std::string, std::string> SimulatedFileSystem::Tree() const {
  const absl::MutexLock lock(&mutex_);
  std::map<std::string, std::string> tree;
  const std::function<void(const DiskNode&, const std::string&)> add =
      [&](const DiskNode& node, const std::string& path) {
        for (const auto& [name, entry] : node.entries) {
          const bool is_directory = entry->kind == FileKind::kDirectory;
          const std::string entry_path = StrCat(path, name, is_directory ? "/" : "");
          tree[entry_path] = entry->bytes;
          add(*entry, entry_path);
        }
      };
  add(*disk_.root(), "/");
  return tree;
}

std::unique_ptr<SimulatedFileSystem> SimulatedFileSystem::AfterCrash(
    const CrashOutcome& outcome) const {
  const absl::MutexLock lock(&mutex_);
  std::unique_ptr<SimulatedFileSystem> found(
      new SimulatedFileSystem(clock_, disk_.AfterCrash(outcome)));
  found->capacity_bytes_ = capacity_bytes_;
  found->hard_links_ = hard_links_;
  return found;
}

}  // namespace sta
