// SPDX-License-Identifier: Apache-2.0
//
// stactl diagnostic: makes a package without weights.
#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "client/commands/command.h"
#include "client/console/json_text.h"
#include "model_store/package/package.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct DiagnosticFlags {
  std::string operation;
  std::string output;
  std::vector<std::string> tensors;
  int64_t max_batch_size = 0;
  absl::Duration delay = absl::ZeroDuration();
};

// "FP32:2,-1": a datatype and dims; "FP32" alone has none.
absl::StatusOr<DeclaredTensor> ParseTensor(const std::string& text) {
  const size_t colon = text.find(':');
  const absl::StatusOr<Datatype> datatype = ParseDatatype(std::string_view(text).substr(0, colon));
  if (!datatype.ok()) return datatype.status();
  DeclaredTensor tensor = {.datatype = *datatype};
  if (colon == std::string::npos) return tensor;
  for (const absl::string_view part : absl::StrSplit(text.substr(colon + 1), ',')) {
    int64_t dim = 0;
    if (!absl::SimpleAtoi(part, &dim)) {
      return absl::InvalidArgumentError(
          StrCat("tensor '", text, "' is not DATATYPE:DIM,DIM,... such as FP32:64 or BYTES:-1"));
    }
    tensor.dims.push_back(dim);
  }
  return tensor;
}

DeclaredTensor Named(DeclaredTensor tensor, std::string_view prefix, size_t number) {
  tensor.name = StrCat(prefix, number);
  return tensor;
}

absl::StatusOr<DiagnosticConfig> MakeConfig(const DiagnosticFlags& flags) {
  const absl::StatusOr<DiagnosticOperation> operation = ParseOperation(flags.operation);
  if (!operation.ok()) return operation.status();
  const bool is_identity = *operation == DiagnosticOperation::kIdentity;
  std::vector<std::string> tensors = flags.tensors;
  if (tensors.empty()) tensors = {is_identity ? "FP32:64" : "INT32:16"};
  if (!is_identity) {
    if (tensors.size() > 1) {
      return absl::InvalidArgumentError("add_sub takes one --tensor, which all four are like");
    }
    tensors.push_back(tensors.front());
  }
  DiagnosticConfig config = {.operation = *operation,
                             .delay_us = absl::ToInt64Microseconds(flags.delay),
                             .max_batch_size = flags.max_batch_size};
  for (size_t i = 0; i < tensors.size(); ++i) {
    const absl::StatusOr<DeclaredTensor> tensor = ParseTensor(tensors[i]);
    if (!tensor.ok()) return tensor.status();
    config.inputs.push_back(Named(*tensor, "INPUT", i));
    config.outputs.push_back(Named(*tensor, "OUTPUT", i));
  }
  return config;
}

absl::Status RunDiagnostic(CommandContext& context, const DiagnosticFlags& flags) {
  const absl::StatusOr<DiagnosticConfig> config = MakeConfig(flags);
  if (!config.ok()) return config.status();
  absl::Status written = WriteDiagnosticPackage(*config, {.tool = "stactl"}, flags.output);
  if (!written.ok()) return written;
  if (context.json) {
    context.console.out << JsonLine({{"output", flags.output}, {"operation", flags.operation}})
                        << "\n";
  } else {
    context.console.out << flags.operation << " written to " << flags.output << "\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddDiagnosticCommand(CLI::App& app, CommandContext& context) {
  auto flags = std::make_shared<DiagnosticFlags>();
  CLI::App* command =
      app.add_subcommand("diagnostic", "Make a package without weights, to measure and test with");
  command->add_option("OPERATION", flags->operation, "identity or add_sub")->required();
  command->add_option("--output", flags->output, "Directory of the package; must not exist")
      ->type_name("DIR")
      ->required();
  command
      ->add_option("--tensor", flags->tensors,
                   "DATATYPE:DIM,DIM,... of a tensor; -1 is any size; again for further tensors of "
                   "identity (default: FP32:64, of add_sub INT32:16)")
      ->type_name("TENSOR")
      ->take_all()
      ->allow_extra_args(false);
  command
      ->add_option("--max-batch-size", flags->max_batch_size,
                   "Put a batch of 1 to N before the dims; 0: none")
      ->type_name("N")
      ->capture_default_str();
  AddDurationOption(*command, "--delay", flags->delay, "How long each answer takes at least");
  command->footer(R"(
identity answers OUTPUT0, OUTPUT1, ... with what came as INPUT0, INPUT1, ...; add_sub answers
OUTPUT0 with the sum of INPUT0 and INPUT1, OUTPUT1 with their difference. A server takes such
packages where it was started with --allow-diagnostic-models. Needs no server.

Examples:
  stactl diagnostic identity --output store/identity/1
  stactl diagnostic add_sub --output store/simple/1 --tensor INT32:16 --max-batch-size 8
  stactl diagnostic identity --output store/slow/1 --tensor BYTES:-1 --delay 10ms)");
  command->callback([&context, flags] {
    context.action = [&context, flags] { return RunDiagnostic(context, *flags); };
  });
}

}  // namespace sta::client
