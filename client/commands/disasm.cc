// SPDX-License-Identifier: Apache-2.0
//
// stactl disasm: what an STA card would hold and run for a package.
#include <limits>

#include "accel/program/card/batch_schedule.h"
#include "accel/program/card/card_image.h"
#include "accel/program/card/disassembler.h"
#include "accel/program/compiler.h"
#include "client/commands/command.h"
#include "client/console/json_text.h"
#include "client/console/table.h"
#include "model_store/package/package.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct DisasmOptions {
  std::string package;
  std::string array = "8x8x8";
  std::vector<int32_t> lengths = {128};
};

std::string StepsText(const card::MatrixEntry& matrix) {
  return StrCat(matrix.steps, " of ", card::kLaneBytes);
}

void PrintImage(const card::CardImage& image, std::ostream& out) {
  out << image.config.Name() << " array, instruction set " << card::kInstructionSetVersion
      << ", image format " << card::kCardImageVersion << "; hidden size " << image.hidden_size
      << ", " << image.layers.size() << " layers\n\n";
  Table table({{"matrix", Align::kLeft},
               {"rows", Align::kRight},
               {"columns", Align::kRight},
               {"density", Align::kRight},
               {"steps", Align::kRight},
               {"beat", Align::kRight},
               {"bytes", Align::kRight}});
  for (size_t layer = 0; layer < image.layers.size(); ++layer) {
    for (const auto& [name, matrix] : image.layers[layer].matrices()) {
      table.AddRow({StrCat("layer ", layer, " ", name), StrCat(matrix->rows),
                    StrCat(matrix->columns), FormatFixed(matrix->Density(), 4), StepsText(*matrix),
                    StrCat(matrix->beat), WithThousands(matrix->beats * card::kBeatBytes)});
    }
  }
  table.AddRule();
  table.AddRow({"image", "", "", "", "", "", WithThousands(std::ssize(image.bytes))});
  out << table.ToString();
}

// Of the batch's sequences, a run has the next ones each time.
void PrintRuns(const std::vector<card::ScheduledRun>& runs, std::ostream& out) {
  size_t first = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    const card::ScheduledRun& run = runs[i];
    const size_t last = first + run.sequences.size() - 1;
    out << "\nrun " << i << ": sequences " << first << ".." << last << ", "
        << run.layout.token_groups << " token groups, " << run.layout.blocks << " blocks, "
        << run.stream.size() << " instructions\n"
        << card::DisassembleStream(run.stream);
    first = last + 1;
  }
}

OrderedJson ImageJson(const card::CardImage& image) {
  OrderedJson json = {{"array", image.config.Name()},
                      {"instruction_set_version", card::kInstructionSetVersion},
                      {"image_version", card::kCardImageVersion},
                      {"image_bytes", image.bytes.size()},
                      {"matrices", OrderedJson::array()}};
  for (size_t layer = 0; layer < image.layers.size(); ++layer) {
    for (const auto& [name, matrix] : image.layers[layer].matrices()) {
      json["matrices"].push_back({{"layer", layer},
                                  {"name", std::string(name)},
                                  {"rows", matrix->rows},
                                  {"columns", matrix->columns},
                                  {"density", matrix->Density()},
                                  {"windows", matrix->windows},
                                  {"steps", matrix->steps},
                                  {"beat", matrix->beat},
                                  {"bytes", matrix->beats * card::kBeatBytes}});
    }
  }
  return json;
}

OrderedJson RunsJson(const std::vector<card::ScheduledRun>& runs) {
  OrderedJson json = OrderedJson::array();
  for (const card::ScheduledRun& run : runs) {
    OrderedJson instructions = OrderedJson::array();
    for (const card::CardInstruction& instruction : run.stream) {
      instructions.push_back(card::Disassemble(instruction));
    }
    json.push_back({{"sequences", run.sequences.size()},
                    {"token_groups", run.layout.token_groups},
                    {"blocks", run.layout.blocks},
                    {"instructions", std::move(instructions)}});
  }
  return json;
}

absl::StatusOr<card::CardImage> ReadImage(const DisasmOptions& options) {
  const absl::StatusOr<card::CardConfig> config = card::CardConfig::Preset(options.array);
  if (!config.ok()) return config.status();
  const absl::StatusOr<std::shared_ptr<const Package>> package =
      Package::Open(options.package, PackageCheck::kStructure);
  if (!package.ok()) return package.status();
  absl::StatusOr<EncoderParameters> encoder = (*package)->ReadEncoder();
  if (!encoder.ok()) return encoder.status();
  const absl::StatusOr<std::shared_ptr<const Program>> program =
      CompileProgram(*std::move(encoder));
  if (!program.ok()) return program.status();
  return card::MakeCardImage(**program, *config);
}

absl::StatusOr<std::vector<int32_t>> OffsetsOf(const std::vector<int32_t>& lengths) {
  std::vector<int32_t> offsets = {0};
  for (const int32_t length : lengths) {
    const int64_t end = int64_t{offsets.back()} + length;
    if (end > std::numeric_limits<int32_t>::max()) {
      return absl::InvalidArgumentError("--lengths: a batch has at most 2147483647 tokens");
    }
    offsets.push_back(static_cast<int32_t>(end));
  }
  return offsets;
}

absl::Status RunDisasm(CommandContext& context, const DisasmOptions& options) {
  const absl::StatusOr<card::CardImage> image = ReadImage(options);
  if (!image.ok()) return image.status();
  const absl::StatusOr<std::vector<int32_t>> offsets = OffsetsOf(options.lengths);
  if (!offsets.ok()) return offsets.status();
  const absl::StatusOr<std::vector<card::ScheduledRun>> runs = ScheduleBatch(*image, *offsets);
  if (!runs.ok()) return runs.status();
  if (context.json) {
    OrderedJson json = ImageJson(*image);
    json["runs"] = RunsJson(*runs);
    context.console.out << IndentedJson(json) << "\n";
    return absl::OkStatus();
  }
  PrintImage(*image, context.console.out);
  PrintRuns(*runs, context.console.out);
  return absl::OkStatus();
}

}  // namespace

void AddDisasmCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<DisasmOptions>();
  CLI::App* command =
      app.add_subcommand("disasm", "Show what an STA card would hold and run for a package");
  command->add_option("PACKAGE", options->package, "Directory of the package")->required();
  command->add_option("--lengths", options->lengths, "Tokens of each sequence of the batch")
      ->delimiter(',')
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  command->add_option("--array", options->array, "Size of the array: 4x4x4, 8x8x8 or 16x16x8")
      ->capture_default_str();
  command->footer(R"(
"steps" are the cycles that the array takes for 16 inputs of a token; dense matrices take all 16.
Sequences that do not fit on the chip together become several runs. Needs no server and no card.

Examples:
  stactl disasm store/minilm/1
  stactl disasm store/minilm/1 --lengths 16,128 --array 16x16x8)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunDisasm(context, *options); };
  });
}

}  // namespace sta::client
