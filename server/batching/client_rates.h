// SPDX-License-Identifier: Apache-2.0
//
// ClientRates: how much each client may ask for: token buckets of requests and of tokens, which
// hold what comes in a second.
//
//   ClientRates rates({.tokens_per_second = 20000});
//   if (const auto wait = rates.Take(client, tokens, now)) return refuse(*wait);
//
// A request is let in where its client owes nothing, however large it is, and is paid for
// afterwards: so none is too large for ever. It keeps the clients that asked last, `max_clients` of
// them; one that is forgotten begins anew. Not thread-safe.
#ifndef SERVER_BATCHING_CLIENT_RATES_H_
#define SERVER_BATCHING_CLIENT_RATES_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/time/time.h"

namespace sta {

struct ClientRateOptions {
  // 0: as many as it likes.
  int64_t tokens_per_second = 0;
  int64_t requests_per_second = 0;
  size_t max_clients = 4096;
};

class ClientRates {
 public:
  explicit ClientRates(const ClientRateOptions& options) : options_(options) {}

  // Books a request, or says how long its client has to wait before it may ask again. The empty
  // client is the server itself and may always.
  std::optional<absl::Duration> Take(const std::string& client, int64_t tokens, absl::Time now);
  // The same of a request that is not booked.
  std::optional<absl::Duration> WaitOf(const std::string& client, absl::Time now);

  size_t clients() const { return buckets_.size(); }

 private:
  struct Bucket {
    std::string client;
    absl::Time updated;
    double tokens = 0;  // that it may ask for now; below 0 where it has had more
    double requests = 0;
  };
  using Buckets = std::list<Bucket>;

  bool is_unlimited(const std::string& client) const {
    return client.empty() || (options_.tokens_per_second == 0 && options_.requests_per_second == 0);
  }
  // Filled up to `now`, and the last to be forgotten.
  Bucket& BucketOf(const std::string& client, absl::Time now);
  std::optional<absl::Duration> WaitOf(const Bucket& bucket) const;

  const ClientRateOptions options_;
  Buckets buckets_;  // the front asked last
  std::unordered_map<std::string, Buckets::iterator> by_client_;
};

}  // namespace sta

#endif  // SERVER_BATCHING_CLIENT_RATES_H_
