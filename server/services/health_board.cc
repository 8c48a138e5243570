// SPDX-License-Identifier: Apache-2.0
#include "server/services/health_board.h"

#include <utility>

namespace sta {

std::vector<std::shared_ptr<HealthBoard::Watcher>> HealthBoard::WatchersOf(
    std::string_view name) const {
  std::vector<std::shared_ptr<Watcher>> watchers;
  const auto [begin, end] = watchers_.equal_range(name);
  for (auto it = begin; it != end; ++it) watchers.push_back(it->second);
  return watchers;
}

void HealthBoard::Set(std::string_view name, bool serving) {
  std::vector<std::shared_ptr<Watcher>> watchers;
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return;
    serving_.insert_or_assign(std::string(name), serving);
    watchers = WatchersOf(name);
  }
  for (const std::shared_ptr<Watcher>& watcher : watchers) watcher->Changed();
}

void HealthBoard::Remove(std::string_view name) {
  std::vector<std::shared_ptr<Watcher>> watchers;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = serving_.find(name);
    if (closed_ || found == serving_.end()) return;
    serving_.erase(found);
    watchers = WatchersOf(name);
  }
  for (const std::shared_ptr<Watcher>& watcher : watchers) watcher->Changed();
}

Health HealthBoard::Get(std::string_view name) const {
  absl::MutexLock lock(&mutex_);
  const auto found = serving_.find(name);
  if (found == serving_.end()) return Health::kUnknownName;
  return found->second ? Health::kServing : Health::kNotServing;
}

void HealthBoard::Close() {
  std::multimap<std::string, std::shared_ptr<Watcher>, std::less<>> watchers;
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    for (auto& [name, serving] : serving_) serving = false;
    watchers.swap(watchers_);
  }
  for (const auto& [name, watcher] : watchers) watcher->Closed();
}

void HealthBoard::AddWatcher(std::string_view name, std::shared_ptr<Watcher> watcher) {
  {
    absl::MutexLock lock(&mutex_);
    if (!closed_) {
      watchers_.emplace(std::string(name), std::move(watcher));
      return;
    }
  }
  watcher->Closed();
}

void HealthBoard::RemoveWatcher(std::string_view name, const std::shared_ptr<Watcher>& watcher) {
  absl::MutexLock lock(&mutex_);
  const auto [begin, end] = watchers_.equal_range(name);
  for (auto it = begin; it != end; ++it) {
    if (it->second == watcher) {
      watchers_.erase(it);
      return;
    }
  }
}

}  // namespace sta
