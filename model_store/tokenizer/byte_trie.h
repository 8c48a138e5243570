// SPDX-License-Identifier: Apache-2.0
//
// ByteTrie: finds the longest of a fixed set of byte strings that a text starts with.
//
//   ByteTrie trie({{"un", 1}, {"unable", 2}});
//   trie.LongestPrefix("unably");   // {.length = 2, .value = 1}
//
// Nodes lie level by level with the children of a node side by side, so a step is a search among a
// few neighboring bytes; the first byte is looked up directly. Memory: 13 bytes a node, at most one
// node a byte of the keys (while building: 25).
//
// Immutable after construction; thread-safe.
#ifndef MODEL_STORE_TOKENIZER_BYTE_TRIE_H_
#define MODEL_STORE_TOKENIZER_BYTE_TRIE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sta {

class ByteTrie {
 public:
  struct Key {
    std::string_view text;  // borrowed during construction only
    int32_t value = 0;      // not negative
  };
  struct Match {
    size_t length = 0;  // 0: no key matches
    int32_t value = -1;
  };

  // Empty keys never match. Of equal keys the first one counts.
  explicit ByteTrie(std::vector<Key> keys);

  Match LongestPrefix(std::string_view text) const {
    Match match;
    if (text.empty()) return match;
    uint32_t node = roots_[static_cast<unsigned char>(text[0])];
    for (size_t depth = 1; node != kNone; ++depth) {
      if (nodes_[node].value >= 0) match = {depth, nodes_[node].value};
      if (depth == text.size()) break;
      node = Child(nodes_[node], static_cast<unsigned char>(text[depth]));
    }
    return match;
  }

  // Whether some key starts with this byte: a quick no for most of a text.
  bool MayStartWith(char byte) const { return roots_[static_cast<unsigned char>(byte)] != kNone; }
  bool empty() const { return nodes_.empty(); }

 private:
  static constexpr uint32_t kNone = 0xFFFFFFFF;
  struct Node {
    uint32_t first_child = 0;
    uint32_t child_count = 0;
    int32_t value = -1;
  };

  uint32_t Child(const Node& node, unsigned char label) const {
    const uint32_t end = node.first_child + node.child_count;
    for (uint32_t child = node.first_child; child < end; ++child) {
      if (labels_[child] == label) return child;
    }
    return kNone;
  }

  std::array<uint32_t, 256> roots_;
  std::vector<Node> nodes_;
  std::vector<unsigned char> labels_;  // the byte that leads to each node
};

}  // namespace sta

#endif  // MODEL_STORE_TOKENIZER_BYTE_TRIE_H_
