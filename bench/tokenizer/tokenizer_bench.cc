// SPDX-License-Identifier: Apache-2.0
//
// Tokens a second of the WordPiece tokenizer, on one core. The goal is 1 million.
//
//   cmake --preset release && cmake --build --preset release --target tokenizer_bench
//   build/release/bench/tokenizer/tokenizer_bench --vocabulary tests/golden/tokenizer/vocab.txt
//       --text bench/accuracy/data/wiki-1000.txt            (both are the defaults)
#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model_store/tokenizer/wordpiece_tokenizer.h"

namespace sta {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> ReadLines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// One iteration tokenizes all texts; tokens count without [CLS] and [SEP].
void Tokenize(benchmark::State& state, const WordPieceTokenizer& tokenizer,
              const std::vector<std::string>& texts) {
  int64_t tokens = 0;
  int64_t bytes = 0;
  while (state.KeepRunning()) {
    for (const std::string& text : texts) {
      const absl::StatusOr<TokenSequence> sequence =
          tokenizer.Encode(text, std::nullopt, std::numeric_limits<int64_t>::max());
      if (!sequence.ok()) return state.SkipWithError(sequence.status().ToString().c_str());
      tokens += std::ssize(sequence->ids) - 2;
      bytes += std::ssize(text);
    }
  }
  state.SetItemsProcessed(tokens);
  state.SetBytesProcessed(bytes);
}

int Run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  CLI::App app("Measures the speed of the tokenizer.");
  std::string vocabulary = "tests/golden/tokenizer/vocab.txt";
  std::string text = "bench/accuracy/data/wiki-1000.txt";
  app.add_option("--vocabulary", vocabulary, "A vocab.txt")->capture_default_str();
  app.add_option("--text", text, "Texts, one a line")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const auto tokenizer = WordPieceTokenizer::FromFiles({.vocab_txt = ReadFile(vocabulary)});
  const std::vector<std::string> texts = ReadLines(text);
  if (!tokenizer.ok() || texts.empty()) {
    std::fprintf(stderr, "cannot use '%s' and '%s'\n", vocabulary.c_str(), text.c_str());
    return 1;
  }
  benchmark::RegisterBenchmark("BM_Tokenize", [&](benchmark::State& state) {
    Tokenize(state, **tokenizer, texts);
  })->Unit(benchmark::kMillisecond);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace sta

int main(int argc, char** argv) try {
  return sta::Run(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "tokenizer_bench: %s\n", error.what());
  return 1;
}
