// SPDX-License-Identifier: Apache-2.0
//
// stactl embed: texts to vectors.
#include <utility>

#include "client/commands/command.h"
#include "client/commands/embed_output.h"
#include "client/commands/text_request.h"

namespace sta::client {
namespace {

struct EmbedOptions {
  TextOptions text;
  bool similarity = false;
  std::string output;
};

absl::StatusOr<std::unique_ptr<EmbedOutput>> MakeOutput(const EmbedOptions& options,
                                                        const CommandContext& context) {
  std::ostream& out = context.console.out;
  if (!options.output.empty()) return MakeNpyEmbedOutput(options.output, out);
  if (options.similarity) return MakeSimilarityOutput(context.json, out);
  return context.json ? MakeJsonEmbedOutput(out) : MakeTextEmbedOutput(out);
}

absl::Status RunEmbed(CommandContext& context, const EmbedOptions& options) {
  std::ifstream file;
  const absl::StatusOr<std::unique_ptr<TextSource>> source =
      OpenTexts(options.text, context.console, file);
  if (!source.ok()) return source.status();
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::string> model =
      ChooseModel(**client, options.text.model, "sentence_embedding");
  if (!model.ok()) return model.status();
  const absl::StatusOr<std::unique_ptr<EmbedOutput>> output = MakeOutput(options, context);
  if (!output.ok()) return output.status();

  const auto send = [&](const std::vector<std::string>& texts, Client::EmbedCallback done) {
    (*client)->EmbedAsync(*model, texts, std::move(done), options.text.version);
  };
  const auto use = [&](const std::vector<std::string>& texts, const Embeddings& rows) {
    for (size_t i = 0; i < texts.size(); ++i) {
      absl::Status status = (*output)->Add(texts[i], rows.Row(static_cast<int64_t>(i)));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  };
  absl::Status status = ForEachBatch<Embeddings>(**source, options.text, send, use);
  if (!status.ok()) return status;
  return (*output)->Finish();
}

}  // namespace

void AddEmbedCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<EmbedOptions>();
  CLI::App* command = app.add_subcommand("embed", "Turn texts into vectors");
  AddTextOptions(*command, options->text);
  CLI::Option* similarity = command->add_flag("--similarity", options->similarity,
                                              "Print the cosine of each text with each");
  command->add_option("--output", options->output, "Write all vectors to this NumPy file")
      ->type_name("FILE.npy")
      ->excludes(similarity);
  command->footer(R"(
Examples:
  stactl embed "A cat sleeps."                       the size and the first values
  stactl embed --similarity "A cat." "A kitten."     a table of cosines
  echo "A cat." | stactl embed --json                the whole vector, one JSON object a line
  stactl embed --file corpus.txt --output v.npy      a file of any size; results keep its order)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunEmbed(context, *options); };
  });
}

}  // namespace sta::client
