// SPDX-License-Identifier: Apache-2.0
//
// Package: a model on disk, opened for reading. docs/package-format.md describes the bytes; a
// package is untrusted input, so everything that is returned here was checked first.
//
//   auto package = Package::Open("/models/minilm/1", PackageCheck::kStructure);
//   auto encoder = (*package)->ReadEncoder();
//
// A Package keeps its files mapped read-only while it lives; views that it hands out point into
// those mappings. Immutable and thread-safe after Open. Open and the Read functions do file I/O.
// A file that is cut short or changed meanwhile is DATA_LOSS wherever it is read; only readers of
// views have to ask for that themselves, with CheckEmbeddings.
#ifndef MODEL_STORE_PACKAGE_PACKAGE_H_
#define MODEL_STORE_PACKAGE_PACKAGE_H_

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "model_store/package/diagnostic_config.h"
#include "model_store/package/encoder_parameters.h"
#include "model_store/package/manifest.h"
#include "model_store/package/model_config.h"
#include "model_store/package/safetensors.h"

namespace sta {

enum class PackageCheck {
  kStructure,  // sizes, shapes, names, ranges: enough to run it safely
  kHashes,     // and every file's SHA-256
};

struct EmbeddingTables {
  EmbeddingTableView word;
  EmbeddingTableView position;
  EmbeddingTableView token_type;  // rows == 0 where the model has no token types
};

class Package {
 public:
  // NOT_FOUND: no such directory or no manifest; DATA_LOSS: a damaged or inconsistent package (a
  // file that is missing, not listed, a link or of another size; a tensor that does not fit);
  // FAILED_PRECONDITION: a format or arithmetic version that this build does not know.
  static absl::StatusOr<std::shared_ptr<const Package>> Open(const std::filesystem::path& directory,
                                                             PackageCheck check);

  const Manifest& manifest() const { return manifest_; }
  PackageKind kind() const { return manifest_.kind; }
  // Of a diagnostic package.
  const DiagnosticConfig& diagnostic() const { return diagnostic_; }

  // All that follows is of an encoder; the Read functions say FAILED_PRECONDITION of another.
  const ModelConfig& config() const { return config_; }

  // Decodes the encoder's tensors. The caller owns the result; nothing points into the mapping.
  // Shapes are checked here, ranges of constants by Program::Validate. DATA_LOSS names the tensor.
  absl::StatusOr<EncoderParameters> ReadEncoder() const;
  // Views into the mapping: valid while this Package lives.
  const EmbeddingTables& embeddings() const { return embeddings_; }
  // Whether all that was read of the embeddings so far is what the package holds: MappedFile's
  // CheckIntact, a system call, and damaged, which only tells what is known already.
  absl::Status CheckEmbeddings() const { return embeddings_file_->CheckIntact(); }
  bool embeddings_damaged() const { return embeddings_file_->damaged(); }
  absl::StatusOr<HeadParameters> ReadHead() const;
  // A small text file of the package that the manifest lists (vocab.txt, tokenizer.json, ...).
  // NOT_FOUND where the manifest does not list it.
  absl::StatusOr<std::string> ReadTextFile(std::string_view name) const;

 private:
  Package() = default;
  absl::Status ReadConfig(std::string_view text);
  absl::Status MapTensors(std::unique_ptr<const MappedFile> encoder,
                          std::unique_ptr<const MappedFile> embeddings);
  absl::Status CheckIsEncoder() const;

  std::filesystem::path directory_;
  Manifest manifest_;
  DiagnosticConfig diagnostic_;
  ModelConfig config_;
  std::unique_ptr<const SafetensorsFile> encoder_file_;
  std::unique_ptr<const SafetensorsFile> embeddings_file_;
  EmbeddingTables embeddings_;
};

// What a writer is given; everything is checked as a reader would.
struct PackageContents {
  ModelConfig config;
  EncoderParameters encoder;
  EmbeddingTables embeddings;
  HeadParameters head;
  // Tokenizer files and others to carry along: name -> content.
  std::map<std::string, std::string> text_files;
  // config.json as the model's author wrote it (a JSON object); our `sta` section is added.
  std::string hugging_face_config = "{}";
  Provenance provenance;
};

// Writes a package as a new directory: to a temporary sibling first, synced, then renamed, so that
// `directory` either does not exist or is whole. Parent directories are made. ALREADY_EXISTS where
// `directory` exists; INVALID_ARGUMENT where the contents do not fit together.
absl::Status WritePackage(const PackageContents& contents, const std::filesystem::path& directory);
// As WritePackage, of a diagnostic package.
absl::Status WriteDiagnosticPackage(const DiagnosticConfig& config, const Provenance& provenance,
                                    const std::filesystem::path& directory);

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_PACKAGE_H_
