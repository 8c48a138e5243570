// SPDX-License-Identifier: Apache-2.0
//
// What the way to a card and back costs: batches through XrtDevice and the real XRT on a virtual
// card that computes nothing in no time.
//
//   build/dev/bench/card/xrt_overhead              # a Markdown table
//
// Fails where a small batch takes longer than its bound.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "accel/device.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/xrt/xrt_device.h"
#include "bench/card/tool.h"
#include "tests/support/random_rows.h"
#include "tests/support/virtual_cards.h"

namespace sta::bench {
namespace {

constexpr size_t kBatches = 20'000;
constexpr size_t kWarmUpBatches = 1'000;
// Of the median, of a batch whose rows cost next to nothing to copy.
constexpr double kMostMicroseconds = 100;

struct Case {
  const char* name;
  RandomEncoderOptions model;
  int32_t tokens;
  bool is_bounded = false;
};

// Microseconds of every batch, in order.
std::vector<double> Measure(Device& device, const Case& test) {
  const std::shared_ptr<const Program> program = Value(CompileProgram(RandomEncoder(test.model)));
  const std::unique_ptr<LoadedProgram> loaded = Value(device.Load(program));
  const std::vector<int32_t> offsets = {0, test.tokens};
  const std::vector<int16_t> rows = RandomRows(test.tokens, program->hidden_size, 1);
  std::vector<int16_t> output(rows.size());
  std::vector<double> microseconds;
  for (size_t i = 0; i < kWarmUpBatches + kBatches; ++i) {
    const absl::Time begin = absl::Now();
    ThrowUnlessOk(device.Run(*loaded, {rows, offsets}, output, absl::InfiniteFuture()));
    const absl::Duration time = absl::Now() - begin;
    if (i >= kWarmUpBatches) microseconds.push_back(absl::ToDoubleMicroseconds(time));
  }
  std::ranges::sort(microseconds);
  return microseconds;
}

// Whether small batches keep to their bound.
bool Run() {
  const RandomEncoderOptions mini_lm = {
      .hidden_size = 384, .intermediate_size = 1536, .layers = 6, .heads = 12, .pattern = {2, 8}};
  const Case cases[] = {{"tiny, 1x16", {}, 16, true},
                        {"MiniLM-L6, 1x16", mini_lm, 16, true},
                        {"MiniLM-L6, 1x128", mini_lm, 128}};
  VirtualCards cards({{.body = "none", .memory_mb = 256}});
  const std::unique_ptr<Device> device = Value(XrtDevice::Open(
      {.index = 0, .xclbin_path = cards.Xclbin(Value(card::CardConfig::Preset("8x8x8")))}));
  std::printf("%s; %s\n\n", MachineName().c_str(), device->caps().detail.c_str());
  std::printf("| batch | p50 us | p99 us |\n|---|---|---|\n");
  bool is_fast = true;
  for (const Case& test : cases) {
    const std::vector<double> times = Measure(*device, test);
    std::printf("| %s | %.1f | %.1f |\n", test.name, times[times.size() / 2],
                times[times.size() * 99 / 100]);
    if (test.is_bounded) is_fast &= times[times.size() / 2] < kMostMicroseconds;
  }
  return is_fast;
}

}  // namespace
}  // namespace sta::bench

int main() {
  try {
    if (sta::bench::Run()) return 0;
    std::fprintf(stderr, "xrt_overhead: a small batch took over %.0f us\n",
                 sta::bench::kMostMicroseconds);
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "xrt_overhead: %s\n", error.what());
    return 1;
  }
}
