// SPDX-License-Identifier: Apache-2.0
//
// TransferRate: how fast a transfer is lately, and when it will be through.
//
//   TransferRate rate;
//   rate.Update(absl::Now(), moved_bytes);
//   bar.Show("uploading", moved, total, rate.Describe(moved, total));
//
// Averaged over some five seconds, so that the time left does not jump. A value type.
#ifndef CLIENT_CONSOLE_TRANSFER_RATE_H_
#define CLIENT_CONSOLE_TRANSFER_RATE_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace sta::client {

class TransferRate {
 public:
  // `moved_bytes` in all, so far; less than before where a part was lost.
  void Update(absl::Time now, int64_t moved_bytes);

  // 0 until it is known.
  double bytes_per_second() const { return bytes_per_second_; }
  // "12.0 of 90.3 MB, 45.1 MB/s, 2 s left".
  std::string Describe(int64_t moved_bytes, int64_t total_bytes) const;

 private:
  bool begun_ = false;
  absl::Time last_;
  int64_t last_bytes_ = 0;
  double bytes_per_second_ = 0;
};

// "90.3 MB", "512 B"; decimal units.
std::string BytesText(int64_t bytes);

}  // namespace sta::client

#endif  // CLIENT_CONSOLE_TRANSFER_RATE_H_
