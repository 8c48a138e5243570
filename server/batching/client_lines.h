// SPDX-License-Identifier: Apache-2.0
//
// ClientLines: jobs of one model and one priority that wait, a line for each client: earliest
// deadline first in a line (first come, first served among equals), deficit round robin over tokens
// between the lines. Internal to the batcher; not thread-safe.
//
// A client that has much waiting so delays its own work, not that of the others. There are no more
// lines than jobs; a client without jobs leaves no trace.
#ifndef SERVER_BATCHING_CLIENT_LINES_H_
#define SERVER_BATCHING_CLIENT_LINES_H_

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/batching/batch_builder.h"
#include "server/batching/job_state.h"

namespace sta {

class ClientLines {
 public:
  // Tokens that a client has taken before it is the next one's turn.
  static constexpr int64_t kTurnTokens = 256;

  bool empty() const { return lines_.empty(); }
  int64_t requests() const { return std::ssize(by_arrival_); }
  int64_t tokens() const { return tokens_; }  // of sequences that are in no batch yet
  int64_t TokensOf(const std::string& client) const;
  using ByArrival = std::map<uint64_t, std::shared_ptr<JobState>>;
  const ByArrival& by_arrival() const { return by_arrival_; }
  // Of at least one job.
  absl::Time earliest_deadline() const;

  void Add(std::shared_ptr<JobState> state);  // its `arrival` is set
  // `state` is one of the jobs; nothing of it will be dispatched any more.
  RemovedJob Remove(std::shared_ptr<JobState> state);

  // Takes sequences until the batch is full or none waits. Jobs that are hopeless are removed, with
  // DEADLINE_EXCEEDED, and added to `hopeless`.
  void TakeInto(BatchBuilder& builder, std::vector<RemovedJob>& hopeless);
  // Of the job that came first, out of turn, until so many tokens are taken: at least one sequence.
  // Returns how many there were.
  int64_t TakeOldestInto(BatchBuilder& builder, int64_t most_tokens,
                         std::vector<RemovedJob>& hopeless);

  // Tokens that will be taken before a job with this deadline that came now, at the least.
  int64_t TokensBefore(const std::string& client, absl::Time deadline) const;

  // The last job, not begun, of the client that would have most tokens waiting were it not for
  // those `chosen` before; null where that is not more than `fair_tokens`.
  std::shared_ptr<JobState> Victim(int64_t fair_tokens,
                                   std::span<const std::shared_ptr<JobState>> chosen) const;

 private:
  using Order = std::pair<absl::Time, uint64_t>;  // deadline, arrival
  struct Line {
    std::string client;
    std::map<Order, std::shared_ptr<JobState>> jobs;
    int64_t tokens = 0;
    int64_t credit_tokens = 0;  // below 0 where it has taken more than was its turn
  };
  using Lines = std::list<Line>;

  static Order OrderOf(const JobState& state) { return {state.job.deadline, state.arrival}; }
  // Sequences of the line's jobs while it has credit.
  void ServeLine(Line& line, BatchBuilder& builder, std::vector<RemovedJob>& hopeless);
  // The next sequence of `state`. A job leaves its line with its last one, or where it is hopeless.
  BatchBuilder::Outcome TakeSequence(Line& line, const std::shared_ptr<JobState>& state,
                                     BatchBuilder& builder, std::vector<RemovedJob>& hopeless);
  void Forget(Line& line, const JobState& state);
  void DropIfEmpty(Lines::iterator line);
  RemovedJob RemoveFrom(Line& line, std::shared_ptr<JobState> state);

  Lines lines_;  // none empty; the front is next
  std::unordered_map<std::string, Lines::iterator> by_client_;
  ByArrival by_arrival_;
  int64_t tokens_ = 0;
};

}  // namespace sta

#endif  // SERVER_BATCHING_CLIENT_LINES_H_
