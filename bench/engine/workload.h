// SPDX-License-Identifier: Apache-2.0
//
// Workload: the batch that a benchmark runs, as token ids.
//
//   MakeWorkload("8x128", limits)          8 sequences of 128 tokens
//   MakeWorkload("32x16-128", limits)      32 sequences of 16 to 128 tokens, drawn uniformly
//   MakeWorkload("32x16-128=", limits)     as many sequences and tokens as that, all of one length
//   MakeWorkload("@ids.txt", limits)       one sequence a line, ids separated by spaces
//
// Lengths and ids are the same on every run and every machine. Plain value; pure functions but for
// reading the file.
#ifndef BENCH_ENGINE_WORKLOAD_H_
#define BENCH_ENGINE_WORKLOAD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model_store/tokenizer/token_sequence.h"

namespace sta::bench {

struct WorkloadLimits {
  int64_t vocabulary_size = 0;
  int64_t max_sequence_tokens = 0;
  int64_t max_tokens = 0;  // of the batch
};

struct Workload {
  std::string name;  // the text that it was made from
  std::vector<TokenSequence> sequences;

  int64_t token_count() const;
};

// INVALID_ARGUMENT: the text is none of the forms above or exceeds a limit; NOT_FOUND: no such
// file. Ids in a file are checked for being integers; LoadedModel::ValidateTokens does the rest.
absl::StatusOr<Workload> MakeWorkload(std::string_view text, const WorkloadLimits& limits);

}  // namespace sta::bench

#endif  // BENCH_ENGINE_WORKLOAD_H_
