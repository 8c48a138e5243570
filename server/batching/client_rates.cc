// SPDX-License-Identifier: Apache-2.0
#include "server/batching/client_rates.h"

#include <algorithm>

namespace sta {
namespace {

double Filled(double level, int64_t per_second, double seconds) {
  const auto most = static_cast<double>(per_second);
  return std::min(most, level + most * seconds);
}

// Until a bucket that holds `level` holds `enough`.
absl::Duration TimeToFill(double level, double enough, int64_t per_second) {
  if (per_second == 0 || level >= enough) return absl::ZeroDuration();
  return absl::Seconds((enough - level) / static_cast<double>(per_second));
}

}  // namespace

ClientRates::Bucket& ClientRates::BucketOf(const std::string& client, absl::Time now) {
  const auto found = by_client_.find(client);
  if (found == by_client_.end()) {
    if (buckets_.size() >= options_.max_clients) {
      by_client_.erase(buckets_.back().client);
      buckets_.pop_back();
    }
    buckets_.push_front({.client = client,
                         .updated = now,
                         .tokens = static_cast<double>(options_.tokens_per_second),
                         .requests = static_cast<double>(options_.requests_per_second)});
    by_client_.emplace(client, buckets_.begin());
    return buckets_.front();
  }
  buckets_.splice(buckets_.begin(), buckets_, found->second);
  Bucket& bucket = buckets_.front();
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(now - bucket.updated));
  bucket.updated = now;
  bucket.tokens = Filled(bucket.tokens, options_.tokens_per_second, seconds);
  bucket.requests = Filled(bucket.requests, options_.requests_per_second, seconds);
  return bucket;
}

std::optional<absl::Duration> ClientRates::WaitOf(const Bucket& bucket) const {
  // A whole request, and any token.
  const absl::Duration wait = std::max(TimeToFill(bucket.requests, 1, options_.requests_per_second),
                                       TimeToFill(bucket.tokens, 1, options_.tokens_per_second));
  if (wait <= absl::ZeroDuration()) return std::nullopt;
  return wait;
}

std::optional<absl::Duration> ClientRates::WaitOf(const std::string& client, absl::Time now) {
  if (is_unlimited(client)) return std::nullopt;
  return WaitOf(BucketOf(client, now));
}

std::optional<absl::Duration> ClientRates::Take(const std::string& client, int64_t tokens,
                                                absl::Time now) {
  if (is_unlimited(client)) return std::nullopt;
  Bucket& bucket = BucketOf(client, now);
  if (const std::optional<absl::Duration> wait = WaitOf(bucket)) return wait;
  bucket.tokens -= static_cast<double>(tokens);
  bucket.requests -= 1;
  return std::nullopt;
}

}  // namespace sta
