// SPDX-License-Identifier: Apache-2.0
//
// What the two soaks share: a server with four virtual cards and an emulator, questions that the
// emulator alone has answered, a load on it, and somebody who looks after the devices.
//
//   absl::StatusOr<std::unique_ptr<SoakRun>> run = SoakRun::Set({.seed = 7});
//   LoadFigures figures = (*run)->load().Run(absl::Seconds(5), stop);
#ifndef TESTS_SOAK_SOAK_RUN_H_
#define TESTS_SOAK_SOAK_RUN_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/soak/checked_load.h"
#include "tests/soak/operator.h"
#include "tests/soak/questions.h"
#include "tests/support/in_process_server.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_cards.h"

namespace sta::soak {

inline constexpr int kCards = 4;

struct SoakOptions {
  double seconds = 20;
  uint64_t seed = 0;
  double audit_fraction = 1;
  // Hanging runs are what a soak of faults waits for most.
  absl::Duration card_timeout = absl::Milliseconds(200);
};

class SoakRun {
 public:
  // Once a process: XRT reads its cards once.
  static absl::StatusOr<std::unique_ptr<SoakRun>> Set(const SoakOptions& options);

  const VirtualCards& cards() const { return cards_; }
  const InProcessServer& server() const { return *server_; }
  CheckedLoad& load() { return *load_; }
  Operator& devices() { return *operator_; }

 private:
  SoakRun();
  absl::Status Prepare(const SoakOptions& options);
  absl::Status AskEmulator(uint64_t seed);

  VirtualCards cards_;
  const TemporaryDirectory store_;
  std::optional<Questions> questions_;
  std::unique_ptr<InProcessServer> server_;
  std::unique_ptr<CheckedLoad> load_;
  std::unique_ptr<Operator> operator_;
};

}  // namespace sta::soak

#endif  // TESTS_SOAK_SOAK_RUN_H_
