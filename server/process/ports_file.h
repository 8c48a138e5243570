// SPDX-License-Identifier: Apache-2.0
//
// Tells scripts and tests which ports a server took: a line "grpc=127.0.0.1:40001" for each
// address, "http=127.0.0.1:40002" likewise and, where metrics are served,
// "metrics=127.0.0.1:40003".
#ifndef SERVER_PROCESS_PORTS_FILE_H_
#define SERVER_PROCESS_PORTS_FILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/config/settings.h"

namespace sta {

// Writes the file in one step (a temporary sibling, then rename): a reader sees all of it or none.
// An empty metrics host leaves its line out. UNAVAILABLE where the file cannot be written.
absl::Status WritePortsFile(const std::string& path, const std::vector<Address>& grpc,
                            const std::vector<Address>& http, const Address& metrics);

}  // namespace sta

#endif  // SERVER_PROCESS_PORTS_FILE_H_
