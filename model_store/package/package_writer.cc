// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "model_store/package/encoder_tensors.h"
#include "model_store/package/package.h"
#include "model_store/package/package_files.h"
#include "model_store/package/sha256.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using FileMap = std::map<std::string, std::string>;  // name -> content

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
  for (const auto& [name, content] : files) {
    manifest.files[name] = {.size_bytes = std::ssize(content), .sha256 = Sha256Hex(content)};
  }
  absl::StatusOr<std::string> manifest_text = FormatManifest(manifest);
  if (!manifest_text.ok()) return manifest_text.status();
  files[std::string(kManifestFile)] = *std::move(manifest_text);
  return files;
}

absl::Status WriteSyncedFile(const std::filesystem::path& path, std::string_view content) {
  const std::string what = StrCat("cannot write file '", path.filename().string(), "'");
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) return absl::ErrnoToStatus(errno, what);
  const absl::Cleanup close_descriptor = [descriptor] { close(descriptor); };
  while (!content.empty()) {
    const ssize_t written = write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, what);
    content.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(descriptor) != 0) return absl::ErrnoToStatus(errno, what);
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::filesystem::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return absl::ErrnoToStatus(errno, "cannot open the directory to sync it");
  const absl::Cleanup close_descriptor = [descriptor] { close(descriptor); };
  if (fsync(descriptor) != 0) return absl::ErrnoToStatus(errno, "cannot sync the directory");
  return absl::OkStatus();
}

}  // namespace

absl::Status WritePackage(const PackageContents& contents, const std::filesystem::path& directory) {
  // "a/b/" has an empty file name; its parent is "a/b".
  const std::filesystem::path target =
      directory.has_filename() ? directory : directory.parent_path();
  const std::filesystem::path parent =
      target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(target, error))) {
    return absl::AlreadyExistsError(
        StrCat("'", target.string(), "' exists; choose another place or remove it"));
  }
  const absl::StatusOr<FileMap> files = MakeFiles(contents);
  if (!files.ok()) return files.status();

  std::filesystem::create_directories(parent, error);
  if (error) {
    return absl::FailedPreconditionError(
        StrCat("cannot make directory '", parent.string(), "': ", error.message()));
  }
  // A leading dot: stores and readers skip it.
  std::string staging =
      (parent / StrCat(".", target.filename().string(), ".staging.XXXXXX")).string();
  if (mkdtemp(staging.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, StrCat("cannot make a directory in '", parent.string(), "'"));
  }
  absl::Cleanup remove_staging = [&staging] {
    std::error_code ignored;
    std::filesystem::remove_all(staging, ignored);
  };
  std::filesystem::permissions(staging, std::filesystem::perms(0755), error);
  for (const auto& [name, content] : *files) {
    absl::Status written = WriteSyncedFile(std::filesystem::path(staging) / name, content);
    if (!written.ok()) return written;
  }
  if (absl::Status synced = SyncDirectory(staging); !synced.ok()) return synced;
  std::filesystem::rename(staging, target, error);  // fails where the target is a full directory
  if (error) {
    return absl::AlreadyExistsError(
        StrCat("cannot put the package at '", target.string(), "': ", error.message()));
  }
  std::move(remove_staging).Cancel();
  return SyncDirectory(parent);
}

}  // namespace sta
