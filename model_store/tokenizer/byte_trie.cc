// SPDX-License-Identifier: Apache-2.0
#include "model_store/tokenizer/byte_trie.h"

#include <algorithm>

namespace sta {
namespace {

// Keys [begin, end) of the sorted list share their first `depth` bytes.
struct Range {
  uint32_t begin;
  uint32_t end;
  uint32_t depth;
};

}  // namespace

ByteTrie::ByteTrie(std::vector<Key> keys) {
  roots_.fill(kNone);
  std::erase_if(keys, [](const Key& key) { return key.text.empty(); });
  std::stable_sort(keys.begin(), keys.end(),
                   [](const Key& a, const Key& b) { return a.text < b.text; });
  std::vector<Range> ranges;  // of each node
  const auto add_children = [&](const Range& parent) {
    for (uint32_t begin = parent.begin; begin < parent.end;) {
      const auto label = static_cast<unsigned char>(keys[begin].text[parent.depth]);
      uint32_t end = begin + 1;
      while (end < parent.end &&
             static_cast<unsigned char>(keys[end].text[parent.depth]) == label) {
        ++end;
      }
      nodes_.emplace_back();
      labels_.push_back(label);
      ranges.push_back({begin, end, parent.depth + 1});
      begin = end;
    }
  };
  add_children({0, static_cast<uint32_t>(keys.size()), 0});
  for (uint32_t i = 0; i < nodes_.size(); ++i) roots_[labels_[i]] = i;
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    Range range = ranges[i];
    if (keys[range.begin].text.size() == range.depth) {
      nodes_[i].value = keys[range.begin].value;
      while (range.begin < range.end && keys[range.begin].text.size() == range.depth) {
        ++range.begin;  // this key and its duplicates end here
      }
    }
    const auto first_child = static_cast<uint32_t>(nodes_.size());
    add_children(range);
    nodes_[i].first_child = first_child;
    nodes_[i].child_count = static_cast<uint32_t>(nodes_.size()) - first_child;
  }
}

}  // namespace sta
