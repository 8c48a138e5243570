// SPDX-License-Identifier: Apache-2.0
//
// The tokenizer files that several tests use.
#ifndef TESTS_MODEL_STORE_TOKENIZER_TOKENIZER_FILES_H_
#define TESTS_MODEL_STORE_TOKENIZER_TOKENIZER_FILES_H_

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace sta {

// Contents of tests/golden/tokenizer/`name`; throws, and so fails the test, if it is missing.
inline std::string ReadTokenizerGolden(const std::string& name) {
  const std::string path = std::string(STA_TEST_DATA_DIR) + "/golden/tokenizer/" + name;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The vocabulary of bert-base-uncased, 30,522 lines.
inline std::string GoldenVocabulary() { return ReadTokenizerGolden("vocab.txt"); }

}  // namespace sta

#endif  // TESTS_MODEL_STORE_TOKENIZER_TOKENIZER_FILES_H_
