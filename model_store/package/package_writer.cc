// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <utility>

#include "model_store/package/encoder_tensors.h"
#include "model_store/package/package.h"
#include "model_store/package/package_directory.h"
#include "model_store/package/package_files.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status CheckSizes(const PackageContents& contents) {
  const ModelConfig& config = contents.config;
  const auto expect = [](std::string_view what, int64_t value, int64_t expected) {
    if (value == expected) return absl::OkStatus();
    return absl::InvalidArgumentError(StrCat(what, " is ", value, ", the config says ", expected));
  };
  const EmbeddingTables& tables = contents.embeddings;
  const HeadParameters& head = contents.head;
  const int64_t pooler = head.pooler_weight.empty() ? 0 : config.hidden_size;
  const int64_t labels =
      config.task == Task::kSequenceClassification ? std::ssize(config.labels) : 0;
  absl::Status status = expect("hidden size", contents.encoder.hidden_size, config.hidden_size);
  status.Update(
      expect("intermediate size", contents.encoder.intermediate_size, config.intermediate_size));
  status.Update(expect("layer count", std::ssize(contents.encoder.layers), config.layer_count));
  status.Update(expect("word table's rows", tables.word.rows, config.vocabulary_size));
  status.Update(expect("position table's rows", tables.position.rows,
                       config.max_sequence_tokens + config.position_offset));
  status.Update(expect("token type table's rows", tables.token_type.rows, config.token_type_count));
  status.Update(
      expect("pooler weights", std::ssize(head.pooler_weight), pooler * config.hidden_size));
  status.Update(expect("pooler biases", std::ssize(head.pooler_bias), pooler));
  status.Update(expect("classifier weights", std::ssize(head.classifier_weight),
                       labels * config.hidden_size));
  status.Update(expect("classifier biases", std::ssize(head.classifier_bias), labels));
  for (const EmbeddingTableView* table : {&tables.word, &tables.position, &tables.token_type}) {
    if (table->rows > 0) {
      status.Update(expect("embedding width", table->columns, config.hidden_size));
    }
  }
  for (const LayerParameters& layer : contents.encoder.layers) {
    status.Update(expect("head count", layer.attention.heads, config.head_count));
  }
  return status;
}

absl::StatusOr<FileMap> MakeFiles(const PackageContents& contents) {
  if (absl::Status sizes = CheckSizes(contents); !sizes.ok()) return sizes;
  FileMap files;
  for (const auto& [name, content] : contents.text_files) {
    if (!IsPackageFileName(name) || name == kConfigFile || name == kEncoderFile ||
        name == kEmbeddingsFile) {
      return absl::InvalidArgumentError(StrCat("a package cannot carry a file '", name, "'"));
    }
    files[name] = content;
  }
  Manifest manifest;
  manifest.output_step = contents.encoder.output_step;
  manifest.provenance = contents.provenance;

  SafetensorsWriter encoder;
  absl::Status written = WriteEncoderTensors(contents.encoder, encoder, manifest.matrices);
  if (!written.ok()) return written;
  WriteHeadTensors(contents.head, contents.config, encoder);
  SafetensorsWriter embeddings;
  written = WriteEmbeddingTensors(contents.embeddings, embeddings);
  if (!written.ok()) return written;

  for (const auto& [name, content] :
       {std::pair{kEncoderFile, encoder.Finish()},
        {kEmbeddingsFile, embeddings.Finish()},
        {kConfigFile, FormatModelConfig(contents.config, contents.hugging_face_config)}}) {
    if (!content.ok()) return content.status();
    files[std::string(name)] = *content;
  }
  if (absl::Status added = AddManifest(std::move(manifest), files); !added.ok()) return added;
  return files;
}

}  // namespace

absl::Status WritePackage(const PackageContents& contents, const std::filesystem::path& directory) {
  if (absl::Status is_free = CheckIsFree(directory); !is_free.ok()) return is_free;
  const absl::StatusOr<FileMap> files = MakeFiles(contents);
  if (!files.ok()) return files.status();
  return WritePackageDirectory(*files, directory);
}

absl::Status WriteDiagnosticPackage(const DiagnosticConfig& config, const Provenance& provenance,
                                    const std::filesystem::path& directory) {
  if (absl::Status sound = CheckDiagnosticConfig(config); !sound.ok()) return sound;
  FileMap files = {{std::string(kConfigFile), FormatDiagnosticConfig(config)}};
  absl::Status added =
      AddManifest({.kind = PackageKind::kDiagnostic, .provenance = provenance}, files);
  if (!added.ok()) return added;
  return WritePackageDirectory(files, directory);
}

}  // namespace sta
