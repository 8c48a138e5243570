// SPDX-License-Identifier: Apache-2.0
//
// card_soak: a server in this process with four virtual cards behind the real XRT and an emulator,
// over gRPC, while the cards fail. docs/testing.md says how it is run for longer.
//
//   card_soak --seconds 3600
//   card_soak --mode silent-card --audit-fraction 0.01
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <random>
#include <string>
#include <vector>

#include "server/observability/logging.h"
#include "tests/soak/fault_soak.h"
#include "tests/soak/silent_card_soak.h"
#include "tests/soak/soak_run.h"

namespace sta::soak {
namespace {

// Smaller ones take longer than anybody waits.
constexpr double kLeastSilentCardFraction = 1e-3;

int Main(int argc, char** argv) {
  CLI::App app(
      "Lets virtual cards fail in every way under load, and checks that no client notices.");
  SoakOptions options = {.seed = std::random_device()()};
  std::string mode = "faults";
  bool verbose = false;
  app.add_option("--seconds", options.seconds, "How long, without what it waits for in the end")
      ->check(CLI::Range(5.0, 1e6))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Of weights, requests and faults; random where not given");
  app.add_option("--audit-fraction", options.audit_fraction,
                 "Of the server; below 1 no card computes wrong, and 0 leaves damage to checksums")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--mode", mode, "faults, or silent-card: one card computes wrong")
      ->check(CLI::IsMember({"faults", "silent-card"}))
      ->capture_default_str();
  app.add_flag("--verbose", verbose, "Show the server's log");
  CLI11_PARSE(app, argc, argv);
  if (mode != "faults" && options.audit_fraction < kLeastSilentCardFraction) {
    std::fprintf(stderr, "card_soak: only an audit finds a silent card: --audit-fraction %g .. 1\n",
                 kLeastSilentCardFraction);
    return 2;
  }

  // Nothing hangs there, and no emulator helps where a busy machine keeps a card waiting.
  if (mode != "faults") options.card_timeout = absl::Seconds(5);
  SetUpLogging(LogFormat::kText, verbose ? spdlog::level::info : spdlog::level::err);
  std::printf("card_soak: %s, %.0f s, seed %lu, audit fraction %g\n", mode.c_str(), options.seconds,
              options.seed, options.audit_fraction);
  const absl::StatusOr<std::unique_ptr<SoakRun>> run = SoakRun::Set(options);
  std::vector<std::string> wrong;
  if (!run.ok()) {
    wrong.push_back(run.status().ToString());
  } else if (mode == "faults") {
    wrong = RunFaultSoak(**run, options);
  } else {
    wrong = RunSilentCardSoak(**run, options);
  }
  for (const std::string& what : wrong) std::printf("WRONG: %s\n", what.c_str());
  std::fflush(nullptr);
  // What was lost is still waited for by threads that nothing ends.
  if (!wrong.empty()) _exit(1);
  return 0;
}

}  // namespace
}  // namespace sta::soak

int main(int argc, char** argv) try {
  return sta::soak::Main(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "card_soak: %s\n", error.what());
  return 1;
}
