// SPDX-License-Identifier: Apache-2.0
//
// The requests of stactl bench: the options that choose them and the mix that they make.
//
//   AddBenchRequestOptions(*command, options->mix);                              // at the start
//   absl::StatusOr<RequestMix> mix = MakeRequestMix(options->mix, "minilm");     // in the action
#ifndef CLIENT_COMMANDS_BENCH_REQUESTS_H_
#define CLIENT_COMMANDS_BENCH_REQUESTS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/load/request_mix.h"

namespace sta::client {

struct BenchRequestFlags {
  std::string text_file;
  std::string request_file;
  std::vector<std::string> tensors;
  std::string input = "text";
  std::string lengths = "uniform:8:64";
  int64_t rows = 1;
  int64_t vocabulary = 30522;
  int64_t seed = 1;
};

// `flags` must live as long as the command.
void AddBenchRequestOptions(CLI::App& command, BenchRequestFlags& flags);

// INVALID_ARGUMENT where a file or a description makes no request; the message names the option.
absl::StatusOr<RequestMix> MakeRequestMix(const BenchRequestFlags& flags, const std::string& model);

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_BENCH_REQUESTS_H_
