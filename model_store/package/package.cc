// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/package.h"

#include <utility>

#include "model_store/package/encoder_tensors.h"
#include "model_store/package/mapped_file.h"
#include "model_store/package/package_files.h"
#include "model_store/package/sha256.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr int64_t kMaxJsonFileBytes = int64_t{64} << 20;
constexpr int64_t kMaxTextFileBytes = int64_t{64} << 20;

// What lies in the directory is exactly what the manifest lists.
absl::Status CheckListing(const std::filesystem::path& directory, const Manifest& manifest) {
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name != kManifestFile && !manifest.files.contains(name)) {
      return absl::DataLossError(
          StrCat("file '", name.substr(0, 128), "' is not listed in the manifest"));
    }
  }
  if (error) return absl::DataLossError(StrCat("cannot list the package: ", error.message()));
  for (const std::string_view required : RequiredFiles(manifest.kind)) {
    if (!manifest.files.contains(std::string(required))) {
      return absl::DataLossError(StrCat("the manifest does not list '", required, "'"));
    }
  }
  return absl::OkStatus();
}

using OpenFile = std::unique_ptr<const MappedFile>;

// Opens a file that the manifest lists. What is checked here is what is read later, whatever
// becomes of its name.
absl::StatusOr<OpenFile> OpenListedFile(const std::filesystem::path& path, const FileEntry& entry,
                                        PackageCheck check) {
  absl::StatusOr<OpenFile> file = MappedFile::Open(path);
  const std::string name = path.filename().string();
  if (absl::IsNotFound(file.status())) {
    return absl::DataLossError(StrCat("file '", name, "' is missing"));
  }
  if (!file.ok()) return file;
  const int64_t size = std::ssize((*file)->bytes());
  if (size != entry.size_bytes) {
    return absl::DataLossError(
        StrCat("file '", name, "' has ", size, " bytes, the manifest says ", entry.size_bytes));
  }
  if (check == PackageCheck::kHashes) {
    const std::string hash = Sha256Hex((*file)->bytes());
    if (absl::Status intact = (*file)->CheckIntact(); !intact.ok()) return intact;
    if (hash != entry.sha256) {
      return absl::DataLossError(
          StrCat("file '", name, "' is damaged: its SHA-256 is not the manifest's"));
    }
  }
  return file;
}

absl::StatusOr<std::string> ReadSmallFile(const MappedFile& file, int64_t max_bytes) {
  if (std::ssize(file.bytes()) > max_bytes) {
    return absl::DataLossError(StrCat("file '", file.name(), "' has ", file.bytes().size(),
                                      " bytes, allowed are ", max_bytes));
  }
  std::string content(file.text());
  if (absl::Status intact = file.CheckIntact(); !intact.ok()) return intact;
  return content;
}

absl::StatusOr<std::string> ReadSmallFile(const std::filesystem::path& path, int64_t max_bytes) {
  const absl::StatusOr<OpenFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  return ReadSmallFile(**file, max_bytes);
}

absl::Status InFile(std::string_view file, const absl::Status& status) {
  return absl::DataLossError(StrCat("file '", file, "': ", status.message()));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Package>> Package::Open(const std::filesystem::path& directory,
                                                             PackageCheck check) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    return absl::NotFoundError(StrCat("'", directory.string(), "' is no directory"));
  }
  const absl::StatusOr<std::string> manifest_text =
      ReadSmallFile(directory / kManifestFile, kMaxJsonFileBytes);
  if (!manifest_text.ok()) return manifest_text.status();
  absl::StatusOr<Manifest> manifest = ParseManifest(*manifest_text);
  if (!manifest.ok()) return manifest.status();
  if (absl::Status listed = CheckListing(directory, *manifest); !listed.ok()) return listed;
  OpenFile config_file;
  OpenFile encoder_file;
  OpenFile embeddings_file;
  for (const auto& [name, entry] : manifest->files) {
    absl::StatusOr<OpenFile> file = OpenListedFile(directory / name, entry, check);
    if (!file.ok()) return file.status();
    if (name == kConfigFile) {
      config_file = *std::move(file);
    } else if (name == kEncoderFile) {
      encoder_file = *std::move(file);
    } else if (name == kEmbeddingsFile) {
      embeddings_file = *std::move(file);
    }  // the others are only checked
  }

  auto package = std::shared_ptr<Package>(new Package());
  package->directory_ = directory;
  package->manifest_ = *std::move(manifest);
  const absl::StatusOr<std::string> config_text = ReadSmallFile(*config_file, kMaxJsonFileBytes);
  if (!config_text.ok()) return config_text.status();
  if (absl::Status read = package->ReadConfig(*config_text); !read.ok()) return read;
  if (package->kind() == PackageKind::kDiagnostic) return package;
  absl::Status mapped = package->MapTensors(std::move(encoder_file), std::move(embeddings_file));
  if (!mapped.ok()) return mapped;
  return package;
}

absl::Status Package::ReadConfig(std::string_view text) {
  if (kind() == PackageKind::kDiagnostic) {
    absl::StatusOr<DiagnosticConfig> diagnostic = ParseDiagnosticConfig(text);
    if (!diagnostic.ok()) return InFile(kConfigFile, diagnostic.status());
    diagnostic_ = *std::move(diagnostic);
    return absl::OkStatus();
  }
  absl::StatusOr<ModelConfig> config = ParseModelConfig(text);
  if (!config.ok()) return InFile(kConfigFile, config.status());
  config_ = *std::move(config);
  return absl::OkStatus();
}

absl::Status Package::MapTensors(OpenFile encoder_file, OpenFile embeddings_file) {
  absl::StatusOr<std::unique_ptr<const SafetensorsFile>> encoder =
      SafetensorsFile::Open(std::move(encoder_file));
  if (!encoder.ok()) return encoder.status();
  encoder_file_ = *std::move(encoder);
  absl::StatusOr<std::unique_ptr<const SafetensorsFile>> embeddings =
      SafetensorsFile::Open(std::move(embeddings_file));
  if (!embeddings.ok()) return embeddings.status();
  embeddings_file_ = *std::move(embeddings);
  absl::StatusOr<EmbeddingTables> tables = ReadEmbeddingTensors(*embeddings_file_, config_);
  if (absl::Status intact = CheckEmbeddings(); !intact.ok()) return intact;
  if (!tables.ok()) return InFile(kEmbeddingsFile, tables.status());
  embeddings_ = *tables;
  return absl::OkStatus();
}

absl::Status Package::CheckIsEncoder() const {
  if (kind() == PackageKind::kEncoder) return absl::OkStatus();
  return absl::FailedPreconditionError("the package is a diagnostic model: it has no encoder");
}

absl::StatusOr<EncoderParameters> Package::ReadEncoder() const {
  if (absl::Status is_encoder = CheckIsEncoder(); !is_encoder.ok()) return is_encoder;
  absl::StatusOr<EncoderParameters> encoder =
      ReadEncoderTensors(*encoder_file_, config_, manifest_);
  if (absl::Status intact = encoder_file_->CheckIntact(); !intact.ok()) return intact;
  if (!encoder.ok()) return InFile(kEncoderFile, encoder.status());
  return encoder;
}

absl::StatusOr<HeadParameters> Package::ReadHead() const {
  if (absl::Status is_encoder = CheckIsEncoder(); !is_encoder.ok()) return is_encoder;
  absl::StatusOr<HeadParameters> head = ReadHeadTensors(*encoder_file_, config_);
  if (absl::Status intact = encoder_file_->CheckIntact(); !intact.ok()) return intact;
  if (!head.ok()) return InFile(kEncoderFile, head.status());
  return head;
}

absl::StatusOr<std::string> Package::ReadTextFile(std::string_view name) const {
  if (!manifest_.files.contains(std::string(name))) {
    return absl::NotFoundError(StrCat("the package has no file '", name, "'"));
  }
  return ReadSmallFile(directory_ / name, kMaxTextFileBytes);
}

}  // namespace sta
