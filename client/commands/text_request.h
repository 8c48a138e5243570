// SPDX-License-Identifier: Apache-2.0
//
// What embed and classify share: the options that say which texts go to which model, and the loop
// that sends them in batches, several in flight, and hands back the answers in order.
#ifndef CLIENT_COMMANDS_TEXT_REQUEST_H_
#define CLIENT_COMMANDS_TEXT_REQUEST_H_

#include <cstdint>
#include <deque>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/commands/command.h"
#include "client/console/ordered_window.h"
#include "client/console/text_source.h"

namespace sta::client {

struct TextOptions {
  std::string model;
  std::string version;
  std::vector<std::string> texts;
  std::string file;
  int64_t rows = 32;
  int64_t in_flight = 4;
};

// Adds TEXT..., --model, --version, --file, --rows and --in-flight to `command`.
void AddTextOptions(CLI::App& command, TextOptions& options);

// Where the texts come from: the arguments, else --file, else standard input. `file` is opened
// where it is wanted and must outlive the source. NOT_FOUND where --file cannot be read.
absl::StatusOr<std::unique_ptr<TextSource>> OpenTexts(const TextOptions& options, Console& console,
                                                      std::ifstream& file);

// Starts `send` (texts, callback) for every batch and calls `use` (texts, result) in order. Stops
// at the first error of either, after the calls in flight have ended.
template <typename Result>
absl::Status ForEachBatch(
    TextSource& source, const TextOptions& options,
    const std::function<void(const std::vector<std::string>&,
                             std::function<void(absl::StatusOr<Result>)>)>& send,
    const std::function<absl::Status(const std::vector<std::string>&, const Result&)>& use) {
  OrderedWindow<Result> window(static_cast<size_t>(options.in_flight));
  std::deque<std::vector<std::string>> sent;
  absl::Status status;
  const auto use_front = [&] {
    const absl::StatusOr<Result> result = window.WaitForFront();
    const std::vector<std::string> texts = std::move(sent.front());
    sent.pop_front();
    if (!status.ok()) return;
    status = result.ok() ? use(texts, *result) : result.status();
  };
  while (status.ok()) {
    absl::StatusOr<std::vector<std::string>> batch = source.NextBatch();
    if (!batch.ok()) status = batch.status();
    if (!batch.ok() || batch->empty()) break;
    if (window.IsFull()) use_front();
    if (!status.ok()) break;
    sent.push_back(*std::move(batch));
    send(sent.back(), window.Start());
  }
  while (!window.IsEmpty()) use_front();
  return status;
}

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_TEXT_REQUEST_H_
