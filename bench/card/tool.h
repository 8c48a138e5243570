// SPDX-License-Identifier: Apache-2.0
//
// What the benches of cards share. They are tools: what goes wrong is a std::runtime_error, which
// main prints.
#ifndef BENCH_CARD_TOOL_H_
#define BENCH_CARD_TOOL_H_

#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sta::bench {

inline void ThrowUnlessOk(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

template <typename T>
T Value(absl::StatusOr<T> value) {
  ThrowUnlessOk(value.status());
  return *std::move(value);
}

// The processor, as the kernel calls it.
inline std::string MachineName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown machine";
}

}  // namespace sta::bench

#endif  // BENCH_CARD_TOOL_H_
