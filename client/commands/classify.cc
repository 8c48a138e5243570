// SPDX-License-Identifier: Apache-2.0
//
// stactl classify: texts to labels.
#include <algorithm>
#include <utility>

#include "client/commands/command.h"
#include "client/commands/text_request.h"
#include "client/console/json_text.h"
#include "client/console/table.h"

namespace sta::client {
namespace {

constexpr size_t kClassifiedTextWidth = 60;

void PrintText(const std::string& text, const Classification& classification, std::ostream& out) {
  const std::vector<float>& probabilities = classification.probabilities;
  const double top =
      probabilities.empty() ? 0 : *std::max_element(probabilities.begin(), probabilities.end());
  const std::string shown = Shorten(text, kClassifiedTextWidth);
  out << shown << std::string(kClassifiedTextWidth - DisplayWidth(shown), ' ') << "  "
      << FormatFixed(top, 4) << "  " << classification.label << "\n";
}

void PrintJson(const std::string& text, const Classification& classification, std::ostream& out) {
  out << JsonLine({{"text", text},
                   {"label", classification.label},
                   {"probabilities", FloatArray(classification.probabilities)}})
      << "\n";
}

absl::Status RunClassify(CommandContext& context, const TextOptions& options) {
  std::ifstream file;
  const absl::StatusOr<std::unique_ptr<TextSource>> source =
      OpenTexts(options, context.console, file);
  if (!source.ok()) return source.status();
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::string> model =
      ChooseModel(**client, options.model, "sequence_classification");
  if (!model.ok()) return model.status();

  const auto send = [&](const std::vector<std::string>& texts, Client::ClassifyCallback done) {
    (*client)->ClassifyAsync(*model, texts, std::move(done), options.version);
  };
  const auto use = [&](const std::vector<std::string>& texts,
                       const std::vector<Classification>& answers) {
    const auto print = context.json ? PrintJson : PrintText;
    for (size_t i = 0; i < texts.size(); ++i) print(texts[i], answers[i], context.console.out);
    return absl::OkStatus();
  };
  return ForEachBatch<std::vector<Classification>>(**source, options, send, use);
}

}  // namespace

void AddClassifyCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<TextOptions>();
  CLI::App* command = app.add_subcommand("classify", "Give texts their most probable labels");
  AddTextOptions(*command, *options);
  command->footer(R"(
Prints for each text the probability of its label and the label.

Examples:
  stactl classify --model sentiment "A joy from start to end." "Two hours I want back."
  stactl classify --file reviews.txt --json          all probabilities, one JSON object a line)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunClassify(context, *options); };
  });
}

}  // namespace sta::client
