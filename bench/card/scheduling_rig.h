// SPDX-License-Identifier: Apache-2.0
//
// SchedulingRig: virtual cards that take simulated time and compute nothing, an emulator that does,
// and how many tokens a second mixes of them get done under a load that never lets them wait.
//
//   SchedulingRig rig({5.0, 5.0, 2.5});                       // milliseconds for 1,024 tokens
//   double alone = rig.BatcherRate({.cards = {0}}, absl::Seconds(1));
//   double both = rig.BatcherRate({.cards = {0}, .emulator = true}, absl::Seconds(1));
//
// Errors are std::runtime_error. One a process: XRT reads its cards once.
#ifndef BENCH_CARD_SCHEDULING_RIG_H_
#define BENCH_CARD_SCHEDULING_RIG_H_

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "accel/device.h"
#include "model_store/model/loaded_model.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/virtual_cards.h"

namespace sta::bench {

struct DeviceMix {
  std::vector<int> cards = {};
  bool emulator = false;  // on all processors
};

class SchedulingRig {
 public:
  explicit SchedulingRig(const std::vector<double>& milliseconds_per_1024_tokens);

  // Tokens a second through batcher and device pool.
  double BatcherRate(const DeviceMix& mix, absl::Duration duration);
  // The same through gRPC: a server and clients in this process.
  double ServedRate(const DeviceMix& mix, absl::Duration duration);

 private:
  std::vector<std::unique_ptr<Device>> Open(const DeviceMix& mix) const;

  VirtualCards cards_;
  const std::string xclbin_;
  const TemporaryDirectory store_;
  std::shared_ptr<const LoadedModel> model_;
};

}  // namespace sta::bench

#endif  // BENCH_CARD_SCHEDULING_RIG_H_
