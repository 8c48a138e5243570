// SPDX-License-Identifier: Apache-2.0
//
// Small but complete packages for tests: a random encoder, embedding tables, a head and a
// vocabulary that the WordPiece tokenizer reads.
//
//   ASSERT_THAT(WriteTinyPackage(store / "tiny" / "1", {.task = Task::kSentenceEmbedding}),
//   IsOk());
//
// Deterministic in its options.
#ifndef TESTS_SUPPORT_TINY_PACKAGE_H_
#define TESTS_SUPPORT_TINY_PACKAGE_H_

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "accel/program/random_encoder.h"
#include "model_store/package/package.h"

namespace sta {

struct TinyPackageOptions {
  Task task = Task::kSentenceEmbedding;
  Pooling pooling = Pooling::kMean;
  bool normalize = true;
  RandomEncoderOptions encoder = {.pattern = {2, 8}};
  int64_t max_sequence_tokens = 64;
  std::vector<std::string> labels = {"negative", "positive"};  // of a classifier
};

// The vocabulary: special tokens, a few words, letters and digits alone and as ##pieces.
std::vector<std::string> TinyVocabulary();

// Package contents whose embedding tables live in the object itself.
struct TinyPackage {
  explicit TinyPackage(const TinyPackageOptions& options);
  TinyPackage(const TinyPackage&) = delete;
  TinyPackage& operator=(const TinyPackage&) = delete;

  PackageContents contents;

 private:
  struct Table;
  EmbeddingTableView AddTable(uint64_t seed, int64_t rows, int64_t columns);

  std::vector<std::shared_ptr<Table>> tables_;
};

absl::Status WriteTinyPackage(const std::filesystem::path& directory,
                              const TinyPackageOptions& options = {});

}  // namespace sta

#endif  // TESTS_SUPPORT_TINY_PACKAGE_H_
