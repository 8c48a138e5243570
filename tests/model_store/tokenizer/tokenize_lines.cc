// SPDX-License-Identifier: Apache-2.0
//
// Tokenizes lines for tests/golden/tokenizer/generate.py, which compares the answers with the
// `tokenizers` library.
//
//   tokenize_lines DIR < requests > answers
//
// DIR holds vocab.txt, tokenizer.json, tokenizer_config.json (any of them). A request is one line
// of JSON, [text, pair or null, max_tokens]; its answer is [ids, types] or an error as a string.
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "model_store/tokenizer/wordpiece_tokenizer.h"

namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

nlohmann::json Answer(const sta::WordPieceTokenizer& tokenizer, const nlohmann::json& request) {
  const auto text = request.at(0).get<std::string>();
  std::string pair;
  if (request.at(1).is_string()) pair = request.at(1).get<std::string>();
  const auto tokens = tokenizer.Encode(
      text, request.at(1).is_string() ? std::optional<std::string_view>(pair) : std::nullopt,
      request.at(2).get<int64_t>());
  if (!tokens.ok()) return std::string(tokens.status().message());
  return {tokens->ids, tokens->types};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: tokenize_lines DIR < requests > answers\n";
    return 2;
  }
  const std::string directory = std::string(argv[1]) + "/";
  const auto tokenizer = sta::WordPieceTokenizer::FromFiles(
      {.vocab_txt = ReadFile(directory + "vocab.txt"),
       .tokenizer_json = ReadFile(directory + "tokenizer.json"),
       .tokenizer_config_json = ReadFile(directory + "tokenizer_config.json"),
       .special_tokens_map_json = ReadFile(directory + "special_tokens_map.json")});
  if (!tokenizer.ok()) {
    std::cerr << tokenizer.status().ToString() << "\n";
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << Answer(**tokenizer, nlohmann::json::parse(line)).dump() << "\n";
  }
  return 0;
}
