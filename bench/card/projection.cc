// SPDX-License-Identifier: Apache-2.0
//
// What encoders would take on cards, from the cycle model: a projection, no measurement. Arrays
// above 2,048 multipliers are several kernels of that size on one card, each with a memory bank of
// its own and with its share of the sequences.
//
//   build/dev/bench/card/card_projection            # a Markdown table
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "accel/cycle_model/cycle_model.h"
#include "accel/program/card/batch_schedule.h"
#include "accel/program/card/card_image.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "bench/card/tool.h"

namespace sta::bench {
namespace {

struct Model {
  const char* name;
  int64_t hidden_size;
  int64_t intermediate_size;
  int32_t heads;
  int64_t layers;
};
constexpr Model kModels[] = {{"MiniLM-L6", 384, 1536, 12, 6}, {"BERT-base", 768, 3072, 12, 12}};
constexpr int64_t kTokens = 128;
constexpr int64_t kSequences = 8;
constexpr int64_t kKernelMultipliers = 2048;

int64_t LayerCycles(const Model& model, int64_t layers, Pattern pattern, int64_t sequences) {
  const auto program =
      Value(CompileProgram(RandomEncoder({.seed = 1,
                                          .hidden_size = model.hidden_size,
                                          .intermediate_size = model.intermediate_size,
                                          .layers = layers,
                                          .heads = model.heads,
                                          .pattern = pattern})));
  const card::CardConfig config = Value(card::CardConfig::Preset("16x16x8"));
  const card::CardImage image = Value(card::MakeCardImage(*program, config));
  std::vector<int32_t> offsets = {0};
  for (int64_t i = 0; i < sequences; ++i) {
    offsets.push_back(offsets.back() + static_cast<int32_t>(kTokens));
  }
  int64_t cycles = 0;
  for (const card::ScheduledRun& run : Value(card::ScheduleBatch(image, offsets))) {
    cycles += Value(card::PredictCycles(run.stream, config,
                                        {.bytes_per_cycle = 64, .latency_cycles = 150}))
                  .cycles;
  }
  return cycles;
}

// Layers after the first take the same number of cycles each.
int64_t Cycles(const Model& model, Pattern pattern, int64_t sequences) {
  const int64_t one = LayerCycles(model, 1, pattern, sequences);
  const int64_t two = LayerCycles(model, 2, pattern, sequences);
  return one + (model.layers - 1) * (two - one);
}

void PrintRow(const Model& model, Pattern pattern) {
  const auto milliseconds = [](int64_t cycles, int64_t mhz) {
    return static_cast<double>(cycles) / static_cast<double>(mhz) / 1000.0;
  };
  std::printf("| %s | %s |", model.name, pattern.ToString().c_str());
  const int64_t single = Cycles(model, pattern, 1);
  std::printf(" %.2f / %.2f |", milliseconds(single, 200), milliseconds(single, 300));
  for (const int64_t kernels : {1, 4, 8}) {
    const int64_t cycles = Cycles(model, pattern, kSequences / kernels);
    std::printf(" %.2f / %.2f |", milliseconds(cycles, 200), milliseconds(cycles, 300));
  }
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace
}  // namespace sta::bench

int main() try {
  using sta::Pattern;
  std::printf(
      "| model | pattern | 1x128 on %lld MACs | 8x128 on 2,048 | 8x128 on 8,192 (4 kernels) "
      "| 8x128 on 16,384 (8 kernels) |\n|---|---|---|---|---|---|\n",
      static_cast<long long>(sta::bench::kKernelMultipliers));
  for (const auto& model : sta::bench::kModels) {
    for (const Pattern pattern : {Pattern::Dense(), Pattern{2, 8}, Pattern{1, 8}, Pattern{1, 16}}) {
      sta::bench::PrintRow(model, pattern);
    }
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "card_projection: %s\n", error.what());
  return 1;
}
