// SPDX-License-Identifier: Apache-2.0
//
// The smallest client: embeds two sentences and prints the size of the answer.
//   build/dev/client/embed_example 127.0.0.1:8001 minilm
#include <cstdlib>
#include <iostream>

#include "client/client.h"

namespace {

absl::Status Run(const char* address, const char* model) {
  auto client = sta::client::Client::Create({.address = address});
  if (!client.ok()) return client.status();
  auto rows = (*client)->Embed(model, {"A cat sleeps.", "The kitten naps."});
  if (!rows.ok()) return rows.status();
  std::cout << rows->count << " x " << rows->dimension << "\n";
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: embed_example HOST:PORT MODEL\n";
    return 2;
  }
  const absl::Status status = Run(argv[1], argv[2]);
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? EXIT_SUCCESS : EXIT_FAILURE;
}
