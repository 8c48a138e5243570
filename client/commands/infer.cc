// SPDX-License-Identifier: Apache-2.0
//
// stactl infer: any model, tensors as JSON.
#include <fstream>
#include <iterator>
#include <sstream>

#include "client/commands/command.h"
#include "client/console/infer_json.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

constexpr size_t kMaxJsonBytes = size_t{512} << 20;

struct InferOptions {
  std::string model;
  std::string version;
  std::string request;
  std::string file;
};

absl::StatusOr<std::string> ReadAll(std::istream& stream, const std::string& name) {
  std::string text;
  try {
    std::istreambuf_iterator<char> next(stream);
    for (; next != std::istreambuf_iterator<char>(); ++next) {
      if (text.size() == kMaxJsonBytes) {
        return absl::InvalidArgumentError(StrCat(name, " is over ", kMaxJsonBytes, " bytes"));
      }
      text.push_back(*next);
    }
  } catch (const std::ios_base::failure& failure) {
    return absl::DataLossError(StrCat("reading ", name, " failed: ", failure.what()));
  }
  return text;
}

absl::StatusOr<std::string> ReadRequest(const InferOptions& options, Console& console) {
  if (!options.request.empty()) return options.request;
  if (options.file.empty()) {
    if (console.in_is_terminal) {
      console.err << "reading the request's JSON from the terminal; Ctrl-D ends it\n";
    }
    return ReadAll(console.in, "standard input");
  }
  std::ifstream file(options.file, std::ios::binary);
  if (!file) return absl::NotFoundError(StrCat("cannot read ", options.file));
  return ReadAll(file, options.file);
}

absl::Status RunInfer(CommandContext& context, const InferOptions& options) {
  const absl::StatusOr<std::string> json = ReadRequest(options, context.console);
  if (!json.ok()) return json.status();
  absl::StatusOr<InferRequest> request = ParseInferRequest(*json);
  if (!request.ok()) return request.status();
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context);
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::string> model = ChooseModel(**client, options.model, "");
  if (!model.ok()) return model.status();
  request->model = *model;
  request->version = options.version;
  const absl::StatusOr<InferResult> result = (*client)->Infer(*request);
  if (!result.ok()) return result.status();
  const absl::StatusOr<OrderedJson> answer = InferResultToJson(*result);
  if (!answer.ok()) return answer.status();
  context.console.out << JsonLine(*answer) << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddInferCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<InferOptions>();
  CLI::App* command = app.add_subcommand("infer", "Run any model on tensors given as JSON");
  CLI::Option* request = command->add_option(
      "REQUEST", options->request,
      "The request as JSON; without it, it is read from --file or standard input");
  command
      ->add_option("--model", options->model,
                   "Name of the model; may be left out where there is only one")
      ->type_name("NAME");
  command->add_option("--version", options->version, "Version of the model (default: the newest)")
      ->type_name("VERSION");
  command->add_option("--file", options->file, "Read the request from this file")
      ->type_name("FILE")
      ->excludes(request);
  command->footer(R"(
Request and answer have the form of the Open Inference Protocol's REST API. "data" is row-major,
flat or nested; "outputs", "id" and "parameters" may be left out.

Examples:
  stactl infer --model minilm '{"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1],
    "data": ["A cat sleeps."]}]}'
  stactl infer --model minilm --file request.json)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunInfer(context, *options); };
  });
}

}  // namespace sta::client
