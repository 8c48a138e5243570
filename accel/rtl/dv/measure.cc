// SPDX-License-Identifier: Apache-2.0
//
// Cycles of encoder layers on the simulated kernel, everything included: loads, products, softmax,
// LayerNorm, stores. The memory gives 64 bytes a cycle after 150 cycles. Outputs are compared with
// the reference's on the way.
//
//   rtl_measure [--json FILE] [--model bert|minilm] [--tokens 128,512] [--patterns dense,2:8,1:8]
//   rtl_measure --package DIR [--layers 6] [--tokens 32]
//
// Every figure is a measurement in simulation. Without a package weights are random: cycles depend
// on the pattern only.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "Vsta_kernel_measured.h"
#include "absl/status/statusor.h"
#include "accel/program/card/batch_schedule.h"
#include "accel/program/card/card_image.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/reference/interpreter.h"
#include "accel/rtl/dv/kernel_runner.h"
#include "accel/rtl/dv/verilated_kernel.h"
#include "model_store/model/loaded_model.h"
#include "model_store/package/package.h"
#include "strings/str_cat.h"
#include "tests/support/random_rows.h"

namespace sta::rtl {
namespace {

struct Shape {
  int64_t hidden_size;
  int64_t intermediate_size;
  int32_t heads;
};

struct Measurement {
  KernelCounters counters;
  int64_t product_steps = 0;  // of the weight products

  double Share(uint64_t cycles) const {
    return static_cast<double>(cycles) / static_cast<double>(counters.cycles);
  }
  // Steps over all cycles that are not the attention's: what the weight products lose to anything.
  double ProductBusy() const {
    const uint64_t attention_steps = counters.engine_busy - static_cast<uint64_t>(product_steps);
    return static_cast<double>(product_steps) /
           static_cast<double>(counters.cycles - attention_steps - counters.wait_softmax);
  }
};

int64_t ProductSteps(const card::ScheduledRun& run) {
  int64_t steps = 0;
  for (const card::CardInstruction& instruction : run.stream) {
    if (const auto* matmul = std::get_if<card::MatmulInstruction>(&instruction.operation)) {
      steps += matmul->channel_blocks * matmul->token_groups * matmul->windows * matmul->steps;
    }
  }
  return steps;
}

// Measures `program` on one sequence of `rows`, whose output equals the reference's.
absl::StatusOr<Measurement> Measure(const Program& program, std::span<const int16_t> rows) {
  const card::CardConfig config = {.tile = STA_MEASURED_TILE,
                                   .lanes = STA_MEASURED_LANES,
                                   .activation_rows = STA_MEASURED_ACTIVATION_ROWS,
                                   .residual_beats = 16384,
                                   .key_value_tiles = STA_MEASURED_KEY_VALUE_TILES};
  const auto image = card::MakeCardImage(program, config);
  if (!image.ok()) return image.status();
  const std::vector<int32_t> offsets = {
      0, static_cast<int32_t>(std::ssize(rows) / program.hidden_size)};
  const auto runs = card::ScheduleBatch(*image, offsets);
  if (!runs.ok()) return runs.status();

  std::vector<int16_t> output(rows.size());
  VerilatedKernel<Vsta_kernel_measured> kernel(1);
  KernelRunner runner(&kernel, *image, {.latency = 150, .beats_a_cycle = 1}, 1);
  if (absl::Status status = runner.Run({rows, offsets}, output); !status.ok()) return status;
  std::vector<int16_t> expected(rows.size());
  if (absl::Status status = Interpret(program, {rows, offsets}, expected, {}); !status.ok()) {
    return status;
  }
  if (output != expected) return absl::InternalError("output differs from the reference's");
  return Measurement{runner.counters(), ProductSteps(runs->front())};
}

absl::StatusOr<Measurement> MeasureRandom(const Shape& shape, int64_t tokens, Pattern pattern) {
  const auto program = CompileProgram(RandomEncoder({.seed = 1,
                                                     .hidden_size = shape.hidden_size,
                                                     .intermediate_size = shape.intermediate_size,
                                                     .layers = 1,
                                                     .heads = shape.heads,
                                                     .pattern = pattern}));
  if (!program.ok()) return program.status();
  return Measure(**program, RandomRows(tokens, shape.hidden_size, 1));
}

// The first `layers` layers of a package, on a sentence as long as it must be.
absl::StatusOr<Measurement> MeasurePackage(const std::string& directory, size_t layers,
                                           int64_t tokens) {
  const auto package = Package::Open(directory, PackageCheck::kStructure);
  if (!package.ok()) return package.status();
  const auto model = LoadedModel::Load(*package);
  if (!model.ok()) return model.status();
  absl::StatusOr<EncoderParameters> encoder = (*package)->ReadEncoder();
  if (!encoder.ok()) return encoder.status();
  encoder->layers.resize(std::min(layers, encoder->layers.size()));
  const auto program = CompileProgram(*std::move(encoder));
  if (!program.ok()) return program.status();

  std::string text;
  for (int64_t i = 0; i < tokens; ++i) text += i % 2 == 0 ? "the river " : "runs past a town ";
  absl::StatusOr<TokenSequence> sequence = (*model)->Tokenize(text, std::nullopt);
  if (!sequence.ok()) return sequence.status();
  const auto count = static_cast<size_t>(std::min(tokens, std::ssize(sequence->ids)));
  sequence->ids.resize(count);
  sequence->types.resize(count);
  std::vector<int16_t> rows(count * static_cast<size_t>((*program)->hidden_size));
  (*model)->Embed(*sequence, rows);
  if (absl::Status intact = (*model)->CheckIntact(); !intact.ok()) return intact;
  return Measure(**program, rows);
}

int Main(int argc, char** argv) {
  CLI::App app("Measures cycles of encoder layers on the simulated kernel.");
  std::string json_path;
  std::string model = "bert";
  std::string package;
  size_t layers = 1;
  std::vector<int64_t> tokens = {128};
  std::vector<std::string> patterns = {"dense", "2:8", "1:8", "1:16"};
  app.add_option("--json", json_path, "write {name, value} of all figures")->type_name("FILE");
  app.add_option("--model", model)->check(CLI::IsMember({"bert", "minilm"}));
  app.add_option("--tokens", tokens)->delimiter(',');
  app.add_option("--patterns", patterns, "the first one is what speed-ups are over")
      ->delimiter(',');
  app.add_option("--package", package, "run this model's first layers instead, on a text")
      ->type_name("DIR");
  app.add_option("--layers", layers, "how many of them");
  CLI11_PARSE(app, argc, argv);

  if (!package.empty()) {
    const auto measured = MeasurePackage(package, layers, tokens.front());
    if (!measured.ok()) {
      std::cerr << package << ": " << measured.status() << '\n';
      return 1;
    }
    std::cout << package << ": " << layers << " layers, equal to the reference, "
              << measured->counters.cycles << " cycles\n";
    return 0;
  }

  const Shape shape = model == "bert" ? Shape{768, 3072, 12} : Shape{384, 1536, 12};
  nlohmann::json results = nlohmann::json::array();
  const int64_t multipliers = STA_MEASURED_TILE * STA_MEASURED_TILE * STA_MEASURED_LANES;
  for (const int64_t count : tokens) {
    double first_cycles = 0;
    for (const std::string& text : patterns) {
      const absl::StatusOr<Pattern> pattern = Pattern::Parse(text);
      if (!pattern.ok()) {
        std::cerr << pattern.status() << '\n';
        return 2;
      }
      const absl::StatusOr<Measurement> measured = MeasureRandom(shape, count, *pattern);
      if (!measured.ok()) {
        std::cerr << model << ' ' << text << ' ' << count << ": " << measured.status() << '\n';
        return 1;
      }
      const KernelCounters& counters = measured->counters;
      const auto cycles = static_cast<double>(counters.cycles);
      if (first_cycles == 0) first_cycles = cycles;
      // bert_layer_512mac_2:8: of 128 tokens, which names leave out.
      const std::string name = StrCat(model, "_layer_", count == 128 ? "" : StrCat(count, "t_"),
                                      multipliers, "mac_", text);
      const auto add = [&](const std::string& what, double value) {
        std::cout << name << '_' << what << ' ' << value << '\n';
        results.push_back({{"name", StrCat(name, "_", what)}, {"value", value}});
      };
      add("cycles", cycles);
      add(StrCat("over_", patterns.front()), first_cycles / cycles);
      add("engine_busy", measured->ProductBusy());
      add("waits_for_vector", measured->Share(counters.wait_units));
      add("waits_for_softmax", measured->Share(counters.wait_softmax));
      add("waits_for_weights", measured->Share(counters.wait_weights));
      add("waits_for_epilogue", measured->Share(counters.wait_epilogue));
      add("idle", measured->Share(counters.engine_idle));
      std::cout.flush();
    }
  }
  if (json_path.empty()) return 0;
  std::ofstream file(json_path);
  file << results.dump(2) << std::endl;
  return file ? 0 : 1;
}

}  // namespace
}  // namespace sta::rtl

int main(int argc, char** argv) try {
  return sta::rtl::Main(argc, argv);
} catch (const std::exception& error) {
  std::cerr << "rtl_measure: " << error.what() << '\n';
  return 1;
}
