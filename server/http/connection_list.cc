// SPDX-License-Identifier: Apache-2.0
#include "server/http/connection_list.h"

#include <utility>

namespace sta {

bool ConnectionList::Add(const std::shared_ptr<Connection>& connection) {
  std::shared_ptr<Connection> evicted;
  {
    const absl::MutexLock lock(&mutex_);
    if (is_draining_) return false;
    if (entries_.size() >= max_connections_) {
      evicted = TakeLongestWaiting();
      if (evicted == nullptr) return false;
    }
    entries_[connection.get()] = {.connection = connection, .waits_since = ++events_};
  }
  if (evicted != nullptr) evicted->Close();
  return true;
}

void ConnectionList::Remove(const Connection* connection) {
  const absl::MutexLock lock(&mutex_);
  entries_.erase(connection);
}

void ConnectionList::SetAnswering(const Connection* connection, bool is_answering) {
  const absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(connection);
  if (found == entries_.end()) return;  // it was put out
  found->second.is_answering = is_answering;
  found->second.waits_since = ++events_;
}

void ConnectionList::CloseLongestWaiting() {
  std::shared_ptr<Connection> evicted;
  {
    const absl::MutexLock lock(&mutex_);
    evicted = TakeLongestWaiting();
  }
  if (evicted != nullptr) evicted->Close();
}

std::shared_ptr<ConnectionList::Connection> ConnectionList::TakeLongestWaiting() {
  auto longest = entries_.end();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->second.is_answering) continue;
    if (longest == entries_.end() || entry->second.waits_since < longest->second.waits_since) {
      longest = entry;
    }
  }
  if (longest == entries_.end()) return nullptr;
  std::shared_ptr<Connection> connection = longest->second.connection.lock();
  entries_.erase(longest);
  return connection;
}

bool ConnectionList::is_draining() const {
  const absl::MutexLock lock(&mutex_);
  return is_draining_;
}

size_t ConnectionList::size() const {
  const absl::MutexLock lock(&mutex_);
  return entries_.size();
}

std::vector<std::shared_ptr<ConnectionList::Connection>> ConnectionList::All(
    bool with_answering) const {
  std::vector<std::shared_ptr<Connection>> all;
  const absl::MutexLock lock(&mutex_);
  for (const auto& [key, entry] : entries_) {
    if (entry.is_answering && !with_answering) continue;
    if (std::shared_ptr<Connection> connection = entry.connection.lock()) {
      all.push_back(std::move(connection));
    }
  }
  return all;
}

void ConnectionList::Drain(absl::Time deadline) {
  {
    const absl::MutexLock lock(&mutex_);
    is_draining_ = true;
  }
  for (const auto& connection : All(/*with_answering=*/false)) connection->Close();
  {
    const absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithDeadline(absl::Condition(this, &ConnectionList::IsEmpty), deadline)) return;
  }
  for (const auto& connection : All(/*with_answering=*/true)) connection->Close();
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &ConnectionList::IsEmpty));
}

}  // namespace sta
