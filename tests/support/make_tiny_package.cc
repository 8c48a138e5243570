// SPDX-License-Identifier: Apache-2.0
//
// make_tiny_package TASK DIRECTORY: writes a tiny package, for system tests that are not C++.
#include <cstdio>
#include <string>

#include "tests/support/tiny_package.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr,
                 "usage: make_tiny_package "
                 "sentence_embedding|sequence_classification|last_hidden_state DIRECTORY\n");
    return 2;
  }
  const absl::StatusOr<sta::Task> task = sta::ParseTask(argv[1]);
  const absl::Status status =
      task.ok() ? sta::WriteTinyPackage(argv[2], {.task = *task}) : task.status();
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
