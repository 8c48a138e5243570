// SPDX-License-Identifier: Apache-2.0
//
// What one connection may take, in time and in bytes. docs/protocol.md has the same figures.
#ifndef SERVER_HTTP_HTTP_LIMITS_H_
#define SERVER_HTTP_HTTP_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace sta {

struct HttpLimits {
  size_t max_connections = 512;
  int threads = 2;                          // of all connections; none waits for one
  int64_t max_head_bytes = 16 * 1024;       // request line and headers; more are answered with 431
  int64_t max_body_bytes = 64 << 20;        // more are answered with 413
  absl::Duration idle = absl::Seconds(60);  // between requests
  absl::Duration handshake = absl::Seconds(10);  // of TLS
  absl::Duration head = absl::Seconds(10);       // from its first byte to its last
  // Of a body and of an answer: so long, and longer with their size.
  absl::Duration transfer = absl::Seconds(10);
  double transfer_bytes_per_second = 1 << 20;
  // How long what a client still sends is read, after an answer that did not wait for it.
  absl::Duration linger = absl::Seconds(2);

  absl::Duration TransferOf(int64_t bytes) const {
    return transfer + absl::Seconds(static_cast<double>(bytes) / transfer_bytes_per_second);
  }
};

}  // namespace sta

#endif  // SERVER_HTTP_HTTP_LIMITS_H_
