// SPDX-License-Identifier: Apache-2.0
//
// stactl convert: a Hugging Face directory, or those of a series, to packages.
#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "client/commands/command.h"
#include "client/commands/opened_package.h"
#include "client/commands/series_convert.h"
#include "client/console/progress_bar.h"
#include "client/console/table.h"
#include "model_store/convert/convert_model.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct ConvertFlags {
  std::string model;
  std::string series;
  std::vector<std::string> only;
  std::string output;
  std::string pattern;
  std::string calibrate;
  int64_t sentences = 500;
  std::string task;
  int threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
};

void PrintReport(const ConvertReport& report, CommandContext& context,
                 const ConvertFlags& options) {
  const PackageReport package = ReportOf(report.manifest);
  if (context.json) {
    OrderedJson json = PackageReportJson(package);
    json["output"] = options.output;
    json["elapsed_seconds"] = absl::ToDoubleSeconds(report.elapsed);
    context.console.out << IndentedJson(json) << "\n";
    return;
  }
  context.console.out << PackageReportText(package) << "\nwritten to " << options.output << " in "
                      << FormatFixed(absl::ToDoubleSeconds(report.elapsed), 1) << " s ("
                      << TaskName(report.config.task) << ", calibrated on "
                      << report.calibration_sentences << " sentences, measured on "
                      << report.held_back_sentences << " others)\n";
}

absl::Status RunConvert(CommandContext& context, const ConvertFlags& options) {
  ConvertOptions convert = {.model_directory = options.model,
                            .output_directory = options.output,
                            .patterns = options.pattern,
                            .calibration_text = options.calibrate,
                            .max_calibration_sentences = options.sentences,
                            .task = std::nullopt,
                            .threads = options.threads};
  if (!options.task.empty()) {
    const absl::StatusOr<Task> task = ParseTask(options.task);
    if (!task.ok()) return task.status();
    convert.task = *task;
  }
  if (!options.series.empty()) {
    return RunSeriesConvert(context, {.series = options.series,
                                      .output_directory = options.output,
                                      .only = options.only,
                                      .each = convert});
  }
  absl::StatusOr<ConvertReport> report = [&] {
    ProgressBar progress(context.console, "convert");
    return ConvertModel(convert, [&](std::string_view phase, int64_t done, int64_t total) {
      progress.Show(phase, done, total);
    });
  }();
  if (!report.ok()) return report.status();
  PrintReport(*report, context, options);
  return absl::OkStatus();
}

}  // namespace

void AddConvertCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<ConvertFlags>();
  CLI::App* command = app.add_subcommand("convert", "Make a package from a Hugging Face directory");
  CLI::Option* model = command
                           ->add_option("--model", options->model,
                                        "Directory with config.json and model.safetensors")
                           ->type_name("DIR");
  CLI::Option* series =
      command
          ->add_option("--series", options->series,
                       "Instead of a model: all candidates of a series.json of sta_prune")
          ->type_name("DIR")
          ->excludes(model);
  command->add_option("--only", options->only, "Of the series, only these candidates")
      ->delimiter(',')
      ->type_name("NAMES")
      ->needs(series);
  command
      ->add_option("--output", options->output,
                   "Directory of the package, which must not exist; of a series, of the packages")
      ->type_name("DIR")
      ->required();
  command
      ->add_option("--pattern", options->pattern,
                   "N:M, dense, keep, or a list of rules such as 2:8,*.query.*=dense")
      ->type_name("RULES")
      ->excludes(series);
  command
      ->add_option("--calibrate", options->calibrate,
                   "Text to calibrate on, one sentence a line, like what the model will see")
      ->type_name("FILE")
      ->required();
  command->add_option("--sentences", options->sentences, "Most sentences of it that are used")
      ->capture_default_str()
      ->check(CheckPositiveInteger);
  command->add_option("--task", options->task,
                      "sentence_embedding, sequence_classification or last_hidden_state; found "
                      "from the model's files if not given");
  command->add_option("--threads", options->threads, "Threads to calibrate with")
      ->capture_default_str()
      ->check(CheckPositiveInteger);
  command->footer(R"(
Rules, with commas between: PATTERN is for all matrices, GLOB=PATTERN for those whose name matches
(encoder.layer.0.attention.self.query.weight); of several the last counts. PATTERN is N:M with M of
4, 8, 16 or 32 (pruned by magnitude), dense, or keep (the sparsest N:M that the zeros fit already).
Every tenth sentence is held back to measure the package against the floating-point model. Needs no
server.

Of a series, every candidate becomes a package OUTPUT/NAME that tells its place in the series and its
scores, with the patterns that series.json says: the zeros must be there, nothing is pruned. OUTPUT
gets a series.json for stactl model upload --series. Run again, it goes on with what is missing.

Examples:
  stactl convert --model minilm --output store/minilm/1 --pattern 4:8 --calibrate sentences.txt
  stactl convert --model pruned --output store/sst2/3 --pattern keep --calibrate train.txt
  stactl convert --series sst2 --output packages/sst2 --calibrate train.txt)");
  command->callback([&context, options] {
    if (options->series.empty() && options->model.empty()) {
      throw CLI::RequiredError("--model or --series");
    }
    if (options->series.empty() && options->pattern.empty()) {
      throw CLI::RequiredError("--pattern");
    }
    context.action = [&context, options] { return RunConvert(context, *options); };
  });
}

}  // namespace sta::client
