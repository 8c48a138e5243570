// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/workload.h"

#include <fstream>
#include <random>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "strings/str_cat.h"

namespace sta::bench {
namespace {

constexpr uint64_t kSeed = 20240229;

struct Shape {
  int64_t sequences = 0;
  int64_t shortest = 0;
  int64_t longest = 0;
  bool is_even = false;
};

absl::StatusOr<Shape> ParseShape(std::string_view text) {
  Shape shape;
  std::string_view rest = text;
  shape.is_even = rest.ends_with('=');
  if (shape.is_even) rest.remove_suffix(1);
  const size_t times = rest.find('x');
  const size_t dash = rest.find('-');
  const bool is_range = dash != std::string_view::npos && times < dash;
  const std::string_view shortest =
      times == std::string_view::npos
          ? std::string_view()
          : rest.substr(times + 1, is_range ? dash - times - 1 : std::string_view::npos);
  const std::string_view longest = is_range ? rest.substr(dash + 1) : shortest;
  const bool is_understood = absl::SimpleAtoi(AbslView(rest.substr(0, times)), &shape.sequences) &&
                             absl::SimpleAtoi(AbslView(shortest), &shape.shortest) &&
                             absl::SimpleAtoi(AbslView(longest), &shape.longest) &&
                             (is_range || !shape.is_even);
  if (!is_understood || shape.sequences < 1 || shape.shortest < 1 ||
      shape.longest < shape.shortest) {
    return absl::InvalidArgumentError(
        StrCat("shape '", text, "' is not like 1x128, 32x16-128, 32x16-128= or @FILE"));
  }
  return shape;
}

// 0..bound - 1. The distributions of the standard library differ between its implementations.
int64_t Draw(std::mt19937_64& engine, int64_t bound) {
  return static_cast<int64_t>(engine() % static_cast<uint64_t>(bound));
}

std::vector<int64_t> LengthsOf(const Shape& shape, std::mt19937_64& engine) {
  std::vector<int64_t> lengths(static_cast<size_t>(shape.sequences));
  int64_t total = 0;
  for (int64_t& length : lengths) {
    length = shape.shortest + Draw(engine, shape.longest - shape.shortest + 1);
    total += length;
  }
  if (!shape.is_even) return lengths;
  // One length, but for the first few that take what does not divide.
  for (int64_t i = 0; i < shape.sequences; ++i) {
    lengths[static_cast<size_t>(i)] =
        total / shape.sequences + (i < total % shape.sequences ? 1 : 0);
  }
  return lengths;
}

absl::StatusOr<Workload> GenerateWorkload(std::string_view text, const WorkloadLimits& limits) {
  const absl::StatusOr<Shape> shape = ParseShape(text);
  if (!shape.ok()) return shape.status();
  if (shape->longest > limits.max_sequence_tokens) {
    return absl::InvalidArgumentError(StrCat("shape '", text, "': a sequence of ", shape->longest,
                                             " tokens is over this model's ",
                                             limits.max_sequence_tokens));
  }
  if (shape->sequences > limits.max_tokens / shape->longest) {
    return absl::InvalidArgumentError(StrCat("shape '", text, "' may have more than the ",
                                             limits.max_tokens, " tokens that the device takes"));
  }
  std::mt19937_64 engine(kSeed);
  Workload workload{.name = std::string(text), .sequences = {}};
  for (const int64_t length : LengthsOf(*shape, engine)) {
    TokenSequence& sequence = workload.sequences.emplace_back();
    for (int64_t i = 0; i < length; ++i) {
      sequence.ids.push_back(static_cast<int32_t>(Draw(engine, limits.vocabulary_size)));
    }
  }
  return workload;
}

absl::StatusOr<Workload> ReadWorkload(std::string_view text, const WorkloadLimits& limits) {
  const std::string path(text.substr(1));
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(StrCat("cannot read '", path, "'"));
  Workload workload{.name = std::string(text), .sequences = {}};
  int64_t tokens = 0;
  for (std::string line; std::getline(file, line);) {
    TokenSequence& sequence = workload.sequences.emplace_back();
    for (const absl::string_view word : absl::StrSplit(line, ' ', absl::SkipEmpty())) {
      if (!absl::SimpleAtoi(word, &sequence.ids.emplace_back())) {
        return absl::InvalidArgumentError(StrCat(path, ":", workload.sequences.size(), ": '",
                                                 StdView(word), "' is not a token id"));
      }
      if (++tokens > limits.max_tokens) {
        return absl::InvalidArgumentError(
            StrCat(path, ": more than the ", limits.max_tokens, " tokens that the device takes"));
      }
    }
  }
  if (workload.sequences.empty()) {
    return absl::InvalidArgumentError(StrCat(path, ": no sequence in it"));
  }
  return workload;
}

}  // namespace

int64_t Workload::token_count() const {
  int64_t tokens = 0;
  for (const TokenSequence& sequence : sequences) {
    tokens += static_cast<int64_t>(sequence.ids.size());
  }
  return tokens;
}

absl::StatusOr<Workload> MakeWorkload(std::string_view text, const WorkloadLimits& limits) {
  return text.starts_with('@') ? ReadWorkload(text, limits) : GenerateWorkload(text, limits);
}

}  // namespace sta::bench
