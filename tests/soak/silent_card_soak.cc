// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/silent_card_soak.h"

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <numeric>
#include <thread>

#include "absl/time/clock.h"
#include "strings/str_cat.h"

namespace sta::soak {
namespace {

constexpr double kFalseAlarm = 1e-6;
// That a card may finish while the first audited batch waits for its second computation, and before
// the list of devices shows that: not batches that could have been audited earlier.
constexpr int64_t kBatchesUntilVerdict = 64;
constexpr absl::Duration kDetectionLimit = absl::Minutes(2);
constexpr absl::Duration kReturnLimit = absl::Seconds(30);
constexpr int kCard = 1;
constexpr char kDevice[] = "xrt:1";
// It is faster than cards that run as programs, and would leave them no work.
constexpr char kEmulator[] = "emulator";

// So many batches that fewer than `audits` of them are audited with probability kFalseAlarm at the
// most, where each is with probability `fraction`.
int64_t BatchesFor(int audits, double fraction) {
  std::vector<double> chances(static_cast<size_t>(audits), 0);  // of 0, 1, .. audits - 1 of them
  chances[0] = 1;
  int64_t batches = 0;
  while (std::accumulate(chances.begin(), chances.end(), 0.0) > kFalseAlarm) {
    for (size_t i = chances.size() - 1; i > 0; --i) {
      chances[i] = chances[i] * (1 - fraction) + chances[i - 1] * fraction;
    }
    chances[0] *= 1 - fraction;
    ++batches;
  }
  return batches;
}

bool IsOtherOrReady(const client::DeviceInfo& device) {
  return device.name != kDevice || device.state == "READY";
}

class SilentCardSoak {
 public:
  SilentCardSoak(SoakRun& run, const SoakOptions& options)
      : run_(run), options_(options), bound_(BatchesFor(1, options.audit_fraction)) {}

  std::vector<std::string> Run() {
    if (absl::Status held = run_.devices().Hold(kEmulator); !held.ok()) return {held.ToString()};
    std::printf("bound: %ld batches (false alarm %.0e) + %ld until the verdict is known\n", bound_,
                kFalseAlarm, kBatchesUntilVerdict);
    const absl::Time end = absl::Now() + absl::Seconds(options_.seconds);
    int64_t sum = 0;
    int rounds = 0;
    while (wrong_.empty() && (rounds == 0 || absl::Now() < end)) {
      sum += Round();
      ++rounds;
    }
    const int64_t bound = BatchesFor(rounds, options_.audit_fraction);
    std::printf(
        "%d rounds; %.0f batches on average, at most %.0f expected; %ld in all, bound: %ld + %ld\n",
        rounds, static_cast<double>(sum) / rounds, 1 / options_.audit_fraction, sum, bound,
        rounds * kBatchesUntilVerdict);
    if (sum > bound + rounds * kBatchesUntilVerdict) {
      wrong_.push_back(StrCat("in ", rounds, " rounds it computed ", sum, " batches"));
    }
    return wrong_;
  }

 private:
  client::DeviceInfo Device() {
    for (const client::DeviceInfo& device : run_.devices().devices()) {
      if (device.name == kDevice) return device;
    }
    return {};
  }

  // Batches until the card was found out.
  int64_t Round() {
    const client::DeviceInfo before = Device();
    run_.cards().Control(StrCat("fault ", kCard, " wrong forever"));
    std::atomic<bool> stop = false;
    LoadFigures figures;
    std::thread load([&] { figures = run_.load().Run(kDetectionLimit, stop); });
    const bool is_found = run_.devices().WaitForAll(kDetectionLimit, [&](const auto& device) {
      return device.name != kDevice || device.audit_mismatches > before.audit_mismatches;
    });
    const client::DeviceInfo found = Device();
    stop = true;
    load.join();
    const int64_t batches = found.batches - before.batches;
    std::printf("found after %ld batches, %ld answers wrong\n", batches, figures.wrong);
    if (!is_found) wrong_.emplace_back("the card was not found out");
    if (batches > bound_ + kBatchesUntilVerdict) {
      wrong_.push_back(StrCat("the card computed ", batches, " batches before it was found out"));
    }
    if (options_.audit_fraction >= 1 && figures.wrong != 0) {
      wrong_.push_back(StrCat(figures.wrong, " answers are wrong, and every batch was audited"));
    }
    if (figures.lost != 0) wrong_.push_back(StrCat(figures.lost, " requests are lost"));
    if (!figures.refused.empty()) wrong_.push_back(StrCat("refused: ", figures.first_refusal));
    CheckOthers();
    CheckQuarantine(found);
    CheckRecovery();
    return batches;
  }

  // Those that are right are not blamed.
  void CheckOthers() {
    for (const client::DeviceInfo& device : run_.devices().devices()) {
      if (device.name != kDevice && device.audit_mismatches != 0) {
        wrong_.push_back(StrCat(device.name, " is right, and was taken to be wrong"));
      }
    }
  }

  // Nobody gets its answers any more, though it would be tried again every now and then.
  void CheckQuarantine(const client::DeviceInfo& found) {
    if (found.state == "READY") wrong_.emplace_back("it was found out and not quarantined");
    const std::atomic<bool> stop = false;
    const LoadFigures figures = run_.load().Run(absl::Seconds(3), stop);
    if (figures.wrong != 0) {
      wrong_.push_back(StrCat(figures.wrong, " answers are wrong after it was quarantined"));
    }
    if (Device().failures <= found.failures) wrong_.emplace_back("it was not tried again");
  }

  void CheckRecovery() {
    run_.cards().Control(StrCat("clear ", kCard));
    if (!run_.devices().WaitForAll(kReturnLimit, IsOtherOrReady)) {
      wrong_.emplace_back("it computes right again, and has not come back");
    }
  }

  SoakRun& run_;
  const SoakOptions& options_;
  const int64_t bound_;
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> RunSilentCardSoak(SoakRun& run, const SoakOptions& options) {
  return SilentCardSoak(run, options).Run();
}

}  // namespace sta::soak
