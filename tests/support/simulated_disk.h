// SPDX-License-Identifier: Apache-2.0
//
// SimulatedDisk: a tree of files in memory that knows what of it would survive a power cut: the
// disk in SimulatedFileSystem, which adds what a call is, what it returns and how it fails.
//
// Two states are kept side by side: what programs see, and what is durable. File bytes and modes
// pass from the one to the other by SyncFile. Names pass by way of a journal: every change of a
// name is an operation in it until the directories that it changes are synced. A rename of a file
// is two operations, of which the removal of the old name is never durable without the new name;
// that of a directory is one, as a directory has never two names.
//
// Not thread-safe. Nodes are shared with the open files that hold them.
#ifndef TESTS_SUPPORT_SIMULATED_DISK_H_
#define TESTS_SUPPORT_SIMULATED_DISK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "model_store/store/file_system.h"

namespace sta {

// What of the unsynced a machine finds when its power is back.
struct CrashOutcome {
  enum class Kind {
    kLoseUnsynced,  // nothing of it
    kKeepAll,       // all of it
    // Some of it, chosen by `seed`. Names: either the journal up to some point, or each operation
    // on its own as long as those of one name stay in order. Bytes of a file: none, all, a part,
    // or the new length with zeros at the end.
    kRandom,
  };
  Kind kind = Kind::kLoseUnsynced;
  uint64_t seed = 0;
};

struct DiskNode {
  using Entries = std::map<std::string, std::shared_ptr<DiskNode>, std::less<>>;

  FileKind kind = FileKind::kFile;
  absl::Time modified;
  int64_t link_count = 0;
  bool locked = false;

  std::string bytes;
  bool read_only = false;
  Entries entries;

  std::string durable_bytes;
  bool durable_read_only = false;
  Entries durable_entries;
  // From, to: bytes whose write-back failed. The system then takes them for written: no later sync
  // brings them to the disk.
  std::vector<std::pair<size_t, size_t>> lost_bytes;
};

class SimulatedDisk {
 public:
  using Node = std::shared_ptr<DiskNode>;

  // Where a path leads. `directory` and `name` are empty for the root, `node` where nothing is.
  struct Place {
    Node directory;
    std::string name;
    Node node;
  };

  SimulatedDisk();
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;
  SimulatedDisk(SimulatedDisk&&) = default;

  const Node& root() const { return root_; }

  // 0, or the errno: ENOENT, ENOTDIR or ELOOP for what is above the last component. Paths are
  // absolute.
  int Locate(std::string_view path, Place& place) const;

  // `place` gets another node; what was there loses a name.
  void Put(const Place& place, const Node& node);
  void Remove(const Place& place);
  void MoveFile(const Place& from, const Place& to);
  void MoveDirectory(const Place& from, const Place& to);

  void SyncDirectory(const Node& directory);
  static void SyncFile(DiskNode& file);
  static void SyncFailed(DiskNode& file);
  static void CutFile(DiskNode& file, size_t size_bytes);
  // Everything is durable from now on.
  void SyncAll();

  // Bytes of all files that have a name, each counted once.
  int64_t UsedBytes() const;

  SimulatedDisk AfterCrash(const CrashOutcome& outcome) const;

 private:
  struct Change {
    Node directory;
    std::string name;
    Node node;  // none: the name is removed
    bool synced = false;
  };
  struct Operation {
    std::vector<Change> changes;
    int64_t rename = 0;  // the same for both operations of one
  };

  // Names, to ask whether two operations touch the same; a rename counts as one.
  using Names = std::set<std::pair<const DiskNode*, std::string>>;

  static bool Touches(const Operation& operation, const Names& names);
  static void AddTo(Names& names, const Operation& operation);
  static void ApplyTo(DiskNode::Entries& entries, const Change& change);
  std::vector<const Operation*> Kept(const CrashOutcome& outcome) const;

  Node root_;
  std::vector<Operation> journal_;  // oldest first
  int64_t renames_ = 0;
};

}  // namespace sta

#endif  // TESTS_SUPPORT_SIMULATED_DISK_H_
