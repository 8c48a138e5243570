// SPDX-License-Identifier: Apache-2.0
#include "tests/support/simulated_disk.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <random>
#include <set>

namespace sta {
namespace {

using Node = SimulatedDisk::Node;
using Random = std::mt19937;

// A number below `bound`, which is not 0.
size_t Below(Random& random, size_t bound) { return random() % bound; }

// What of `file` reaches the disk when all that still can is written.
std::string BytesWritten(const DiskNode& file) {
  std::string bytes = file.bytes;
  for (const auto& [begin, end] : file.lost_bytes) {
    for (size_t i = begin; i < std::min(end, bytes.size()); ++i) bytes[i] = '\0';
  }
  return bytes;
}

std::string BytesAfterCrash(const DiskNode& file, CrashOutcome::Kind kind, Random& random) {
  if (kind == CrashOutcome::Kind::kLoseUnsynced) return file.durable_bytes;
  std::string bytes = BytesWritten(file);
  if (kind == CrashOutcome::Kind::kKeepAll || bytes == file.durable_bytes) return bytes;
  const size_t safe_bytes = std::min(bytes.size(), file.durable_bytes.size());
  const size_t kept_bytes = safe_bytes + Below(random, bytes.size() - safe_bytes + 1);
  switch (Below(random, 4)) {
    case 0:
      return file.durable_bytes;
    case 1:
      return bytes;
    case 2:
      return bytes.substr(0, kept_bytes);
    default:
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(kept_bytes), bytes.end(), '\0');
      return bytes;
  }
}

}  // namespace

SimulatedDisk::SimulatedDisk() : root_(std::make_shared<DiskNode>()) {
  root_->kind = FileKind::kDirectory;
}

int SimulatedDisk::Locate(std::string_view path, Place& place) const {
  place = {.directory = nullptr, .name = "", .node = root_};
  size_t at = 0;
  while (true) {
    at = path.find_first_not_of('/', at);
    if (at == std::string_view::npos) return 0;
    if (place.node == nullptr) return ENOENT;
    if (place.node->kind == FileKind::kSymlink) return ELOOP;
    if (place.node->kind != FileKind::kDirectory) return ENOTDIR;
    const size_t end = std::min(path.find('/', at), path.size());
    place.directory = place.node;
    place.name = path.substr(at, end - at);
    const auto entry = place.directory->entries.find(place.name);
    place.node = entry == place.directory->entries.end() ? nullptr : entry->second;
    at = end;
  }
}

void SimulatedDisk::Put(const Place& place, const Node& node) {
  if (place.node != nullptr) --place.node->link_count;
  ++node->link_count;
  place.directory->entries[place.name] = node;
  journal_.push_back({{{.directory = place.directory, .name = place.name, .node = node}}});
}

void SimulatedDisk::Remove(const Place& place) {
  --place.node->link_count;
  place.directory->entries.erase(place.name);
  journal_.push_back({{{.directory = place.directory, .name = place.name, .node = nullptr}}});
}

void SimulatedDisk::MoveFile(const Place& from, const Place& to) {
  ++renames_;
  Put(to, from.node);
  journal_.back().rename = renames_;
  Remove(from);
  journal_.back().rename = renames_;
}

void SimulatedDisk::MoveDirectory(const Place& from, const Place& to) {
  from.directory->entries.erase(from.name);
  to.directory->entries[to.name] = from.node;
  journal_.push_back({{{.directory = to.directory, .name = to.name, .node = from.node},
                       {.directory = from.directory, .name = from.name, .node = nullptr}}});
}

bool SimulatedDisk::Touches(const Operation& operation, const Names& names) {
  if (names.contains({nullptr, std::to_string(operation.rename)})) return true;
  return std::ranges::any_of(operation.changes, [&](const Change& change) {
    return names.contains({change.directory.get(), change.name});
  });
}

void SimulatedDisk::AddTo(Names& names, const Operation& operation) {
  if (operation.rename != 0) names.emplace(nullptr, std::to_string(operation.rename));
  for (const Change& change : operation.changes) {
    names.emplace(change.directory.get(), change.name);
  }
}

void SimulatedDisk::ApplyTo(DiskNode::Entries& entries, const Change& change) {
  if (change.node != nullptr) {
    entries[change.name] = change.node;
  } else {
    entries.erase(change.name);
  }
}

void SimulatedDisk::SyncDirectory(const Node& directory) {
  for (Operation& operation : journal_) {
    for (Change& change : operation.changes) {
      if (change.directory == directory) change.synced = true;
    }
  }
  // Operations whose directories are all synced, and those before them on the same names.
  std::vector<bool> commits(journal_.size());
  Names committed;
  for (size_t i = journal_.size(); i-- > 0;) {
    const Operation& operation = journal_[i];
    commits[i] =
        std::ranges::all_of(operation.changes, &Change::synced) || Touches(operation, committed);
    if (commits[i]) AddTo(committed, operation);
  }
  std::vector<Operation> rest;
  for (size_t i = 0; i < journal_.size(); ++i) {
    if (!commits[i]) {
      rest.push_back(std::move(journal_[i]));
      continue;
    }
    for (const Change& change : journal_[i].changes)
      ApplyTo(change.directory->durable_entries, change);
  }
  journal_ = std::move(rest);
}

void SimulatedDisk::SyncFile(DiskNode& file) {
  file.durable_bytes = BytesWritten(file);
  file.durable_read_only = file.read_only;
}

void SimulatedDisk::SyncFailed(DiskNode& file) {
  if (file.bytes.size() > file.durable_bytes.size()) {
    file.lost_bytes.emplace_back(file.durable_bytes.size(), file.bytes.size());
  }
}

void SimulatedDisk::CutFile(DiskNode& file, size_t size_bytes) {
  file.bytes.resize(size_bytes);
  // What is written there next is written anew.
  for (auto& [begin, end] : file.lost_bytes) end = std::min(end, size_bytes);
}

void SimulatedDisk::SyncAll() {
  journal_.clear();
  const std::function<void(DiskNode&)> sync = [&](DiskNode& node) {
    SyncFile(node);
    node.durable_entries = node.entries;
    for (const auto& [name, entry] : node.entries) sync(*entry);
  };
  sync(*root_);
}

int64_t SimulatedDisk::UsedBytes() const {
  int64_t used_bytes = 0;
  std::set<const DiskNode*> seen;
  const std::function<void(const DiskNode&)> add = [&](const DiskNode& node) {
    if (!seen.insert(&node).second) return;
    used_bytes += static_cast<int64_t>(node.bytes.size());
    for (const auto& [name, entry] : node.entries) add(*entry);
  };
  add(*root_);
  return used_bytes;
}

std::vector<const SimulatedDisk::Operation*> SimulatedDisk::Kept(
    const CrashOutcome& outcome) const {
  std::vector<const Operation*> kept;
  if (outcome.kind == CrashOutcome::Kind::kLoseUnsynced) return kept;
  Random random(static_cast<Random::result_type>(outcome.seed));
  const bool all = outcome.kind == CrashOutcome::Kind::kKeepAll;
  const bool up_to_a_point = Below(random, 2) == 0;
  const size_t point = all ? journal_.size() : Below(random, journal_.size() + 1);
  Names lost;
  for (size_t i = 0; i < journal_.size(); ++i) {
    const bool keeps = (all || up_to_a_point) ? i < point : Below(random, 2) == 0;
    if (keeps && !Touches(journal_[i], lost)) {
      kept.push_back(&journal_[i]);
    } else {
      AddTo(lost, journal_[i]);
    }
  }
  return kept;
}

SimulatedDisk SimulatedDisk::AfterCrash(const CrashOutcome& outcome) const {
  std::map<const DiskNode*, std::vector<const Change*>> changes;
  for (const Operation* operation : Kept(outcome)) {
    for (const Change& change : operation->changes)
      changes[change.directory.get()].push_back(&change);
  }
  Random random(static_cast<Random::result_type>(outcome.seed + 1));
  std::map<const DiskNode*, Node> copies;
  const std::function<Node(const DiskNode&)> copy = [&](const DiskNode& node) {
    if (const auto known = copies.find(&node); known != copies.end()) return known->second;
    const Node found = std::make_shared<DiskNode>();
    copies[&node] = found;
    found->kind = node.kind;
    found->modified = node.modified;
    found->bytes = BytesAfterCrash(node, outcome.kind, random);
    found->read_only =
        outcome.kind == CrashOutcome::Kind::kKeepAll ? node.read_only : node.durable_read_only;
    DiskNode::Entries entries = node.durable_entries;
    for (const Change* change : changes[&node]) ApplyTo(entries, *change);
    for (const auto& [name, entry] : entries) {
      found->entries[name] = copy(*entry);
      ++found->entries[name]->link_count;
    }
    return found;
  };
  SimulatedDisk disk;
  disk.root_ = copy(*root_);
  disk.SyncAll();
  return disk;
}

}  // namespace sta
