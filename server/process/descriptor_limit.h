// SPDX-License-Identifier: Apache-2.0
//
// How many descriptors the process may have, and how many of them connections may take: where they
// take all, no file of a model can be opened.
//
//   const int limit = ConnectionDescriptorLimit(RaiseDescriptorLimit(), settings.max_connections);
#ifndef SERVER_PROCESS_DESCRIPTOR_LIMIT_H_
#define SERVER_PROCESS_DESCRIPTOR_LIMIT_H_

#include <cstdint>

namespace sta {

// Raises the process's limit to the highest that it may have; returns it.
int64_t RaiseDescriptorLimit();

// The descriptor from which on a connection is one too many: `max_connections` above those that the
// server has itself, and an eighth of `process_limit`, 16 to 1024, below that.
int ConnectionDescriptorLimit(int64_t process_limit, int64_t max_connections);

}  // namespace sta

#endif  // SERVER_PROCESS_DESCRIPTOR_LIMIT_H_
