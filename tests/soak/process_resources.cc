// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/process_resources.h"

#include <malloc.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace sta::soak {
namespace {

int64_t CountEntries(const char* directory) {
  return std::distance(std::filesystem::directory_iterator(directory),
                       std::filesystem::directory_iterator());
}

}  // namespace

ProcessResources CountResources() {
  malloc_trim(0);
  int64_t all_pages = 0;
  int64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> all_pages >> resident_pages;
  return {.threads = CountEntries("/proc/self/task"),
          // Without the one that reads the directory.
          .descriptors = CountEntries("/proc/self/fd") - 1,
          .resident_bytes = resident_pages * sysconf(_SC_PAGESIZE)};
}

}  // namespace sta::soak
