// SPDX-License-Identifier: Apache-2.0
//
// CheckedLoad: clients that ask without pause and look at every bit of every answer.
//
//   absl::StatusOr<std::unique_ptr<CheckedLoad>> load = CheckedLoad::Create(address, questions);
//   LoadFigures figures = (*load)->Run(absl::Seconds(10), stop);
//
// Every eighth request is hurried: its deadline is about what an answer takes, so that it may end
// with DEADLINE_EXCEEDED. All others may end with the right answer only. Nothing is sent twice:
// what the server answers is what counts.
#ifndef TESTS_SOAK_CHECKED_LOAD_H_
#define TESTS_SOAK_CHECKED_LOAD_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "client/client.h"
#include "client/load/hdr_histogram.h"
#include "tests/soak/questions.h"

namespace sta::soak {

struct LoadFigures {
  int64_t right = 0;
  int64_t wrong = 0;
  int64_t expired = 0;                          // hurried ones, with DEADLINE_EXCEEDED
  int64_t lost = 0;                             // never answered, long after their deadline
  std::map<absl::StatusCode, int64_t> refused;  // all other codes
  std::string first_refusal;                    // its message
  client::HdrHistogram latency_us;              // of answers
  absl::Duration elapsed;
};

class CheckedLoad {
 public:
  static constexpr int kStreams = 64;

  // `questions` outlives the load.
  static absl::StatusOr<std::unique_ptr<CheckedLoad>> Create(const std::string& address,
                                                             const Questions& questions);

  // Blocks for `duration`, or until `stop`, and then until everything is answered. Where something
  // is lost, threads stay that wait for it and use this object and `stop`: end the process.
  LoadFigures Run(absl::Duration duration, const std::atomic<bool>& stop);

 private:
  CheckedLoad(std::unique_ptr<client::Client> patient, std::unique_ptr<client::Client> hurried,
              const Questions& questions)
      : questions_(questions), patient_(std::move(patient)), hurried_(std::move(hurried)) {}

  absl::Status Judge(int64_t index, const absl::StatusOr<client::InferResult>& answer)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const Questions& questions_;
  const std::unique_ptr<client::Client> patient_;
  const std::unique_ptr<client::Client> hurried_;
  int64_t first_index_ = 0;
  absl::Mutex mutex_;
  LoadFigures figures_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sta::soak

#endif  // TESTS_SOAK_CHECKED_LOAD_H_
