// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/fault_soak.h"

#include <atomic>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/time/clock.h"
#include "client/console/table.h"
#include "strings/str_cat.h"
#include "tests/soak/process_resources.h"
#include "tests/soak/saboteur.h"

namespace sta::soak {
namespace {

using client::Align;
using client::FormatFixed;
using client::WithThousands;

constexpr absl::Duration kRecoveryLimit = absl::Seconds(30);
// gRPC and the allocator keep threads and pages for some seconds after they were needed.
constexpr absl::Duration kSettleLimit = absl::Seconds(30);
// gRPC's executors start threads when they are busier than ever, cards keep 16 MB of instruction
// streams each, and the allocator's arenas grow. Bounds however long a soak is: leaks grow with the
// faults.
constexpr int64_t kMostNewThreads = 4;
constexpr int64_t kMostGrowth = (kCards * int64_t{16} + 16) << 20;
// On a card: three of each of the two batches in flight, and the images of the model and the probe.
constexpr int64_t kMostBuffersOfACard = 8;
// After so many injections of a kind, or in a phase of faults this long, one must have struck.
constexpr int64_t kInjectionsUntilOneStrikes = 4;
constexpr absl::Duration kEveryKindStrikes = absl::Seconds(30);

bool IsReady(const client::DeviceInfo& device) { return device.state == "READY"; }

std::string Codes(const LoadFigures& figures) {
  std::string text;
  for (const auto& [code, count] : figures.refused) {
    StrAppend(&text, text.empty() ? "" : ", ", count, " ", absl::StatusCodeToString(code));
  }
  return text;
}

std::vector<std::string> LoadRow(const char* phase, const LoadFigures& figures) {
  const auto milliseconds = [&](double percentile) {
    return FormatFixed(static_cast<double>(figures.latency_us.Percentile(percentile)) / 1000, 2);
  };
  return {phase,
          WithThousands(figures.right),
          WithThousands(figures.wrong),
          WithThousands(figures.expired),
          figures.refused.empty() ? "0" : Codes(figures),
          WithThousands(figures.lost),
          milliseconds(50),
          milliseconds(99),
          milliseconds(100)};
}

// Of all cards.
int64_t CountCardBuffers(const VirtualCards& cards) {
  int64_t sum = 0;
  for (int card = 0; card < kCards; ++card) {
    sum += nlohmann::json::parse(cards.Control(StrCat("status ", card)))["buffers"].get<int64_t>();
  }
  return sum;
}

void PrintFaults(const Saboteur& saboteur) {
  client::Table table(
      {{"fault", Align::kLeft}, {"injected", Align::kRight}, {"struck", Align::kRight}});
  for (const auto& [kind, count] : saboteur.counts()) {
    table.AddRow({std::string(kind), WithThousands(count.injected), WithThousands(count.struck)});
  }
  std::printf("%s\n", table.ToString().c_str());
}

void PrintDevices(const std::vector<client::DeviceInfo>& devices) {
  client::Table table({{"device", Align::kLeft},
                       {"state", Align::kLeft},
                       {"batches", Align::kRight},
                       {"failures", Align::kRight},
                       {"audits", Align::kRight},
                       {"wrong", Align::kRight},
                       {"last failure", Align::kLeft}});
  for (const client::DeviceInfo& device : devices) {
    table.AddRow({device.name, device.state, WithThousands(device.batches),
                  WithThousands(device.failures), WithThousands(device.audits),
                  WithThousands(device.audit_mismatches),
                  client::Shorten(device.reason + " ", 60)});
  }
  std::printf("%s\n", table.ToString().c_str());
}

void CheckLoad(const char* phase, const LoadFigures& figures, std::vector<std::string>& wrong) {
  const auto expect_none = [&](int64_t count, const char* what) {
    if (count != 0) wrong.push_back(StrCat(phase, ": ", count, " ", what));
  };
  expect_none(figures.wrong, "answers are wrong");
  expect_none(figures.lost, "requests are lost");
  if (!figures.refused.empty()) {
    wrong.push_back(StrCat(phase, ": refused: ", Codes(figures), ": ", figures.first_refusal));
  }
  if (figures.right == 0) wrong.push_back(StrCat(phase, ": nothing was answered"));
}

class FaultSoak {
 public:
  FaultSoak(SoakRun& run, const SoakOptions& options)
      : run_(run),
        options_(options),
        plan_(options.seed, kCards, /*with_wrong=*/options.audit_fraction >= 1) {}

  std::vector<std::string> Run() {
    // Everything that grows once, and all that XRT keeps of a card that was opened again.
    Sabotaged(absl::Seconds(options_.seconds / 5), "warm-up");
    Recover("warm-up");
    const ProcessResources before = CountResources();
    const int64_t buffers_before = CountCardBuffers(run_.cards());
    const LoadFigures quiet = run_.load().Run(absl::Seconds(options_.seconds / 5), stop_);
    CheckLoad("without faults", quiet, wrong_);
    const LoadFigures faulty = Sabotaged(absl::Seconds(options_.seconds * 3 / 5), "with faults");
    Recover("with faults");
    CheckResources(before);
    CheckCardBuffers(buffers_before);
    CheckFaults();
    Print(quiet, faulty);
    return wrong_;
  }

 private:
  LoadFigures Sabotaged(absl::Duration duration, const char* phase) {
    saboteur_.emplace(run_.cards(), plan_);
    LoadFigures figures = run_.load().Run(duration, stop_);
    saboteur_->Stop();
    CheckLoad(phase, figures, wrong_);
    return figures;
  }

  // Every card that failed comes back, and works.
  void Recover(const char* phase) {
    const bool are_ready = run_.devices().WaitForAll(kRecoveryLimit, IsReady);
    if (!run_.devices().status().ok()) wrong_.push_back(run_.devices().status().ToString());
    if (!are_ready) wrong_.push_back(StrCat(phase, ": not every card came back"));
    const std::vector<client::DeviceInfo> before = run_.devices().devices();
    CheckLoad("after recovery", run_.load().Run(absl::Seconds(1), stop_), wrong_);
    const bool all_work = run_.devices().WaitForAll(absl::Seconds(10), [&](const auto& device) {
      for (const client::DeviceInfo& was : before) {
        if (was.name == device.name) return device.batches > was.batches && IsReady(device);
      }
      return false;
    });
    if (!all_work) wrong_.push_back(StrCat(phase, ": not every card works after it came back"));
  }

  void CheckResources(const ProcessResources& before) {
    ProcessResources after = CountResources();
    const auto is_settled = [&] {
      return after.threads <= before.threads + kMostNewThreads &&
             after.descriptors <= before.descriptors &&
             after.resident_bytes <= before.resident_bytes + kMostGrowth;
    };
    // Nothing tells that they were given back: /proc can only be asked again.
    for (const absl::Time limit = absl::Now() + kSettleLimit;
         !is_settled() && absl::Now() < limit;) {
      absl::SleepFor(absl::Milliseconds(100));
      after = CountResources();
    }
    std::printf("before: %ld threads, %ld descriptors, %.1f MB; after: %ld, %ld, %.1f MB\n\n",
                before.threads, before.descriptors,
                static_cast<double>(before.resident_bytes) / (1 << 20), after.threads,
                after.descriptors, static_cast<double>(after.resident_bytes) / (1 << 20));
    if (!is_settled()) wrong_.emplace_back("threads, descriptors or memory leak");
  }

  void CheckCardBuffers(int64_t before) {
    const int64_t after = CountCardBuffers(run_.cards());
    std::printf("buffers on the cards before: %ld, after: %ld\n\n", before, after);
    if (after > kCards * kMostBuffersOfACard) {
      wrong_.push_back(StrCat("buffers on the cards leak: there are ", after));
    }
  }

  // A fault that meets nothing tests nothing.
  void CheckFaults() {
    const bool is_long = absl::Seconds(options_.seconds * 3 / 5) >= kEveryKindStrikes;
    for (const std::string_view kind : plan_.kinds()) {
      const auto found = saboteur_->counts().find(kind);
      const FaultCount count = found == saboteur_->counts().end() ? FaultCount() : found->second;
      if (count.struck == 0 && (is_long || count.injected >= kInjectionsUntilOneStrikes)) {
        wrong_.push_back(StrCat("no fault of the kind ", kind, " struck"));
      }
    }
  }

  void Print(const LoadFigures& quiet, const LoadFigures& faulty) {
    PrintFaults(*saboteur_);
    PrintDevices(run_.devices().devices());
    client::Table table({{"phase", Align::kLeft},
                         {"right", Align::kRight},
                         {"wrong", Align::kRight},
                         {"expired", Align::kRight},
                         {"refused", Align::kRight},
                         {"lost", Align::kRight},
                         {"p50 ms", Align::kRight},
                         {"p99", Align::kRight},
                         {"max", Align::kRight}});
    table.AddRow(LoadRow("without faults", quiet));
    table.AddRow(LoadRow("with faults", faulty));
    const Operator::Counts counts = run_.devices().counts();
    const absl::StatusOr<double> failovers = run_.server().Metric("sta_device_failovers_total");
    if (!failovers.ok()) wrong_.push_back(failovers.status().ToString());
    std::printf("%s\n%.0f failovers, %ld quarantines, %ld of them ended by an operator\n",
                table.ToString().c_str(), failovers.value_or(0), counts.quarantines,
                counts.releases);
    if (faulty.expired == 0) wrong_.emplace_back("no deadline passed: nothing was tested there");
    if (counts.quarantines == 0) wrong_.emplace_back("no fault had a consequence");
  }

  SoakRun& run_;
  const SoakOptions& options_;
  FaultPlan plan_;
  std::optional<Saboteur> saboteur_;
  const std::atomic<bool> stop_ = false;
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> RunFaultSoak(SoakRun& run, const SoakOptions& options) {
  return FaultSoak(run, options).Run();
}

}  // namespace sta::soak
