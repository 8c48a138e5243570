// SPDX-License-Identifier: Apache-2.0
//
// LruCache: values with a size in bytes, the least recently used of which can be given up. A value
// that someone else holds is in use and stays.
//
//   LruCache<uint64_t, Buffer> cache;
//   if (std::shared_ptr<Buffer> buffer = cache.Find(key)) ...
//   while (cache.bytes() + bytes > capacity && cache.EvictOne()) {}
//   cache.Insert(key, bytes, std::move(buffer));
//
// Thread-compatible; so that it can know what is in use, values go from hand to hand in one thread.
#ifndef ACCEL_XRT_LRU_CACHE_H_
#define ACCEL_XRT_LRU_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <utility>

namespace sta {

template <typename Key, typename Value>
class LruCache {
 public:
  // Null where it is not there; else it is now the most recently used.
  std::shared_ptr<Value> Find(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }

  // The most recently used, in place of what was there with this key.
  void Insert(const Key& key, int64_t bytes, std::shared_ptr<Value> value) {
    Erase(key);
    entries_.push_front({key, bytes, std::move(value)});
    places_.emplace(key, entries_.begin());
    bytes_ += bytes;
  }

  void Erase(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    bytes_ -= found->second->bytes;
    entries_.erase(found->second);
    places_.erase(found);
  }

  // Gives up the least recently used value that is not in use; false where there is none.
  bool EvictOne() {
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
      if (entry->value.use_count() > 1) continue;
      Erase(Key(entry->key));
      return true;
    }
    return false;
  }

  int64_t bytes() const { return bytes_; }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Key key;
    int64_t bytes;
    std::shared_ptr<Value> value;
  };

  std::list<Entry> entries_;  // the most recently used first
  std::map<Key, typename std::list<Entry>::iterator> places_;
  int64_t bytes_ = 0;
};

}  // namespace sta

#endif  // ACCEL_XRT_LRU_CACHE_H_
