// SPDX-License-Identifier: Apache-2.0
#include "server/models/model_feed.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr size_t kEpochDigits = 16;

template <typename Number>
std::optional<Number> ParseWhole(std::string_view text, int base) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

absl::Status TooOld() {
  return absl::AbortedError(
      "what changed since then is not kept any more; list the models and watch anew");
}

}  // namespace

std::string ModelFeed::Token(uint64_t number) const {
  return absl::StrFormat("%016x-%d", epoch_, number);
}

void ModelFeed::Update(std::string_view name, const std::vector<ModelStatus>& versions,
                       absl::Time now) {
  {
    const absl::MutexLock lock(&mutex_);
    const uint64_t last = last_;
    Versions& told = told_[std::string(name)];
    // Oldest first, as they were made.
    for (auto status = versions.rbegin(); status != versions.rend(); ++status) {
      ModelStatus& known = told[status->version];
      if (known == *status) continue;
      known = *status;
      Append({.status = *status, .time = now});
    }
    for (auto it = told.begin(); it != told.end();) {
      if (std::ranges::find(versions, it->first, &ModelStatus::version) != versions.end()) {
        ++it;
        continue;
      }
      Append({.status = std::move(it->second), .is_deleted = true, .time = now});
      it = told.erase(it);
    }
    if (told.empty()) told_.erase(told_.find(name));
    if (last_ == last) return;
  }
  NotifyWatchers();
}

void ModelFeed::Append(ModelEvent event) {
  event.resume_token = Token(++last_);
  events_.push_back(std::move(event));
  if (events_.size() > capacity_) events_.pop_front();
}

void ModelFeed::NotifyWatchers() {
  std::vector<std::shared_ptr<Watcher>> watchers;
  {
    const absl::MutexLock lock(&mutex_);
    watchers = watchers_;
  }
  for (const std::shared_ptr<Watcher>& watcher : watchers) watcher->Changed();
}

absl::StatusOr<ModelFeed::Cursor> ModelFeed::Open(std::string_view name,
                                                  std::string_view resume_token) const {
  Cursor cursor;
  cursor.name_ = name;
  const absl::MutexLock lock(&mutex_);
  if (!resume_token.empty()) {
    const std::string_view epoch = resume_token.substr(0, kEpochDigits);
    const std::optional<uint64_t> run = ParseWhole<uint64_t>(epoch, 16);
    const std::optional<uint64_t> number =
        resume_token.size() > kEpochDigits + 1 && resume_token[kEpochDigits] == '-'
            ? ParseWhole<uint64_t>(resume_token.substr(kEpochDigits + 1), 10)
            : std::nullopt;
    if (!run.has_value() || !number.has_value()) {
      return absl::InvalidArgumentError(
          StrCat("resume token '", resume_token.substr(0, 64),
                 "' is none; it has to be the one of an event, or empty"));
    }
    if (*run != epoch_ || *number > last_) {
      return absl::AbortedError(
          "the resume token is of another run of the server; list the models and watch anew");
    }
    if (*number + events_.size() < last_) return TooOld();
    cursor.next_ = *number + 1;
    return cursor;
  }
  cursor.next_ = last_ + 1;
  for (const auto& [told_name, versions] : told_) {
    if (!name.empty() && told_name != name) continue;
    for (const auto& [version, status] : versions) {
      cursor.start_.push_back({.status = status, .time = status.since});
    }
  }
  if (!cursor.start_.empty()) cursor.start_.back().resume_token = Token(last_);
  return cursor;
}

absl::StatusOr<std::vector<ModelEvent>> ModelFeed::Read(Cursor& cursor, size_t max_events) const {
  std::vector<ModelEvent> events;
  while (!cursor.start_.empty() && events.size() < max_events) {
    events.push_back(std::move(cursor.start_.front()));
    cursor.start_.pop_front();
  }
  const absl::MutexLock lock(&mutex_);
  const uint64_t first = last_ + 1 - events_.size();  // number of the oldest that is kept
  if (cursor.next_ < first) return TooOld();
  while (cursor.next_ <= last_ && events.size() < max_events) {
    const ModelEvent& event = events_[cursor.next_++ - first];
    if (cursor.name_.empty() || event.status.name == cursor.name_) events.push_back(event);
  }
  return events;
}

void ModelFeed::AddWatcher(std::shared_ptr<Watcher> watcher) {
  {
    const absl::MutexLock lock(&mutex_);
    if (!closed_) {
      watchers_.push_back(std::move(watcher));
      return;
    }
  }
  watcher->Closed();
}

void ModelFeed::RemoveWatcher(const std::shared_ptr<Watcher>& watcher) {
  const absl::MutexLock lock(&mutex_);
  std::erase(watchers_, watcher);
}

void ModelFeed::Close() {
  std::vector<std::shared_ptr<Watcher>> watchers;
  {
    const absl::MutexLock lock(&mutex_);
    closed_ = true;
    watchers.swap(watchers_);
  }
  for (const std::shared_ptr<Watcher>& watcher : watchers) watcher->Closed();
}

}  // namespace sta
