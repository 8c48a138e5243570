// SPDX-License-Identifier: Apache-2.0
#include "client/commands/bench_requests.h"

#include <fstream>
#include <utility>

#include "client/commands/command.h"
#include "client/console/infer_json.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

// Enough different requests that nothing is always the same, few enough to prepare at once.
constexpr int64_t kRequests = 256;

// The lines that are not empty; INVALID_ARGUMENT where there are none.
absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& path,
                                                   std::string_view option) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  if (lines.empty()) {
    return absl::InvalidArgumentError(
        StrCat(option, ": '", path, "' cannot be read or has no line"));
  }
  return lines;
}

absl::StatusOr<RequestMix> MixOfRequestFile(const std::string& path, const std::string& model) {
  const absl::StatusOr<std::vector<std::string>> lines = ReadLines(path, "--request-file");
  if (!lines.ok()) return lines.status();
  std::vector<InferRequest> requests;
  for (const std::string& line : *lines) {
    absl::StatusOr<InferRequest> request = ParseInferRequest(line);
    if (!request.ok()) {
      return absl::InvalidArgumentError(StrCat("--request-file: request ", requests.size() + 1,
                                               " of '", path, "': ", request.status().message()));
    }
    requests.push_back(*std::move(request));
  }
  return RequestMix::FromRequests(model, std::move(requests));
}

absl::StatusOr<RequestMix> MixOfTensors(const BenchRequestFlags& flags, const std::string& model) {
  std::vector<GeneratedTensor> inputs;
  for (const std::string& text : flags.tensors) {
    const absl::StatusOr<GeneratedTensor> input = GeneratedTensor::Parse(text);
    if (!input.ok()) return input.status();
    inputs.push_back(*input);
  }
  return RequestMix::GeneratedTensors(model, inputs, kRequests, static_cast<uint64_t>(flags.seed));
}

// For CLI11: empty, or what is wrong with the text.
std::string CheckTensor(const std::string& text) {
  return std::string(GeneratedTensor::Parse(text).status().message());
}

void AddGivenRequestOptions(CLI::App& command, BenchRequestFlags& flags) {
  CLI::Option* texts =
      command.add_option("--file", flags.text_file, "Texts to send, one a line")->type_name("FILE");
  CLI::Option* requests =
      command
          .add_option("--request-file", flags.request_file,
                      "Requests to send in turn, one a line, each JSON as 'stactl infer' takes it")
          ->type_name("FILE")
          ->excludes(texts);
  command
      .add_option("--tensor", flags.tensors,
                  "An input to generate, such as INPUT0:FP32:1,64; repeat it for each input")
      ->type_name("NAME:DATATYPE:SHAPE")
      // A shape has commas, and each option one value.
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(CheckTensor)
      ->excludes(texts)
      ->excludes(requests);
}

}  // namespace

void AddBenchRequestOptions(CLI::App& command, BenchRequestFlags& flags) {
  AddGivenRequestOptions(command, flags);
  command.add_option("--rows", flags.rows, "Texts, or sequences of ids, in a request")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096))
      ->excludes("--request-file")
      ->excludes("--tensor");
  command
      .add_option("--input", flags.input, "What to generate where nothing is given: text or ids")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "ids"}))
      ->excludes("--request-file")
      ->excludes("--tensor");
  command
      .add_option("--lengths", flags.lengths,
                  "Words or ids of a generated row: fixed:N or uniform:LOW:HIGH")
      ->capture_default_str();
  command.add_option("--vocabulary", flags.vocabulary, "Generated ids are below this")
      ->capture_default_str()
      ->check(CheckPositiveInteger);
  command.add_option("--seed", flags.seed, "Of everything that is random")->capture_default_str();
}

absl::StatusOr<RequestMix> MakeRequestMix(const BenchRequestFlags& flags,
                                          const std::string& model) {
  if (!flags.request_file.empty()) return MixOfRequestFile(flags.request_file, model);
  if (!flags.tensors.empty()) return MixOfTensors(flags, model);
  if (!flags.text_file.empty()) {
    const absl::StatusOr<std::vector<std::string>> texts = ReadLines(flags.text_file, "--file");
    if (!texts.ok()) return texts.status();
    return RequestMix::FromTexts(model, *texts, flags.rows, kRequests);
  }
  const absl::StatusOr<LengthDistribution> lengths = LengthDistribution::Parse(flags.lengths);
  if (!lengths.ok()) return lengths.status();
  const auto seed = static_cast<uint64_t>(flags.seed);
  if (flags.input == "ids") {
    return RequestMix::GeneratedIds(model, *lengths, flags.rows, kRequests, flags.vocabulary, seed);
  }
  return RequestMix::GeneratedTexts(model, *lengths, flags.rows, kRequests, seed);
}

}  // namespace sta::client
