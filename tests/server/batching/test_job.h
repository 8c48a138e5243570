// SPDX-License-Identifier: Apache-2.0
//
// Jobs as queues have them.
#ifndef TESTS_SERVER_BATCHING_TEST_JOB_H_
#define TESTS_SERVER_BATCHING_TEST_JOB_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/batching/batch_builder.h"
#include "server/batching/job_state.h"

namespace sta {

inline const absl::Time kTestNow = absl::FromUnixSeconds(1000);

inline std::shared_ptr<const ServedModel> TestModel(const std::string& name) {
  auto model = std::make_shared<ServedModel>();
  model->name = name;
  return model;
}

struct TestJobExtra {
  absl::Time deadline = absl::InfiniteFuture();
  std::string client;
  int64_t priority = 0;
  absl::Time submitted = kTestNow;
};

// With sequences of these lengths.
inline std::shared_ptr<JobState> TestJob(const std::shared_ptr<const ServedModel>& model,
                                         const std::vector<size_t>& lengths,
                                         const TestJobExtra& extra = {}) {
  auto state = std::make_shared<JobState>();
  state->submitted = extra.submitted;
  state->job.model = model;
  state->job.deadline = extra.deadline;
  state->job.client = extra.client;
  state->job.priority = extra.priority;
  state->result.sequence_offsets = {0};
  for (const size_t length : lengths) {
    state->job.sequences.push_back({.ids = std::vector<int32_t>(length, 1)});
    state->result.sequence_offsets.push_back(state->result.sequence_offsets.back() +
                                             static_cast<int32_t>(length));
  }
  return state;
}

// A batch of so many tokens on a device that takes no time.
inline BatchLimits TestLimits(int64_t budget_tokens) {
  return {.budget_tokens = budget_tokens, .now = kTestNow, .begin = kTestNow};
}

}  // namespace sta

#endif  // TESTS_SERVER_BATCHING_TEST_JOB_H_
