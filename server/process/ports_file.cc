// SPDX-License-Identifier: Apache-2.0
#include "server/process/ports_file.h"

#include <cstdio>
#include <fstream>

#include "strings/str_cat.h"

namespace sta {

absl::Status WritePortsFile(const std::string& path, const std::vector<Address>& grpc,
                            const std::vector<Address>& http, const Address& metrics) {
  const std::string temporary = path + ".tmp";
  std::ofstream file(temporary, std::ios::trunc);
  for (const Address& address : grpc) file << "grpc=" << address.ToString() << "\n";
  for (const Address& address : http) file << "http=" << address.ToString() << "\n";
  if (!metrics.host.empty()) file << "metrics=" << metrics.ToString() << "\n";
  file.close();
  if (!file || std::rename(temporary.c_str(), path.c_str()) != 0) {
    std::remove(temporary.c_str());
    return absl::UnavailableError(StrCat("cannot write the ports file '", path, "'"));
  }
  return absl::OkStatus();
}

}  // namespace sta
