// SPDX-License-Identifier: Apache-2.0
//
// StoreClient::Export: a stream of chunks into a directory.
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include "checksum/crc32c.h"
#include "client/client_impl.h"
#include "client/store_client.h"
#include "client/wire.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

// Writes the files of a stream, one after another, into a directory that is not there yet until
// they are whole.
class ExportDirectory {
 public:
  explicit ExportDirectory(std::filesystem::path directory)
      : directory_(std::move(directory)), partial_(directory_.string() + ".partial") {}
  ~ExportDirectory() {
    std::error_code ignored;
    if (made_) std::filesystem::remove_all(partial_, ignored);
  }
  ExportDirectory(const ExportDirectory&) = delete;
  ExportDirectory& operator=(const ExportDirectory&) = delete;

  absl::Status Make() {
    std::error_code error;
    if (std::filesystem::exists(directory_, error)) {
      return absl::AlreadyExistsError(StrCat("'", directory_.string(), "' exists"));
    }
    if (directory_.has_parent_path()) {
      std::filesystem::create_directories(directory_.parent_path(), error);
    }
    if (error || !std::filesystem::create_directory(partial_, error)) {
      return absl::FailedPreconditionError(
          StrCat("'", partial_.string(), "' cannot be made: ",
                 error ? error.message() : "it exists; another export may be under way"));
    }
    made_ = true;
    return absl::OkStatus();
  }

  absl::Status Write(const v1::ExportResponse& chunk) {
    if (!file_.has_value() || chunk.file() != name_) {
      if (absl::Status begun = Begin(chunk.file()); !begun.ok()) return begun;
    }
    if (chunk.offset() != offset_ || chunk.crc32c() != Crc32c(chunk.data())) {
      return absl::DataLossError(StrCat("'", name_, "' came damaged at byte ", offset_));
    }
    file_->write(chunk.data().data(), static_cast<std::streamsize>(chunk.data().size()));
    offset_ += static_cast<int64_t>(chunk.data().size());
    return Check();
  }

  absl::Status Finish() {
    if (!file_.has_value()) return absl::DataLossError("the server sent no file");
    file_->close();
    if (absl::Status written = Check(); !written.ok()) return written;
    std::error_code error;
    std::filesystem::rename(partial_, directory_, error);
    if (error) {
      return absl::FailedPreconditionError(
          StrCat("'", directory_.string(), "' cannot be made: ", error.message()));
    }
    made_ = false;
    return absl::OkStatus();
  }

 private:
  absl::Status Begin(const std::string& name) {
    if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos ||
        name.find('\0') != std::string::npos || std::filesystem::exists(partial_ / name)) {
      return absl::DataLossError(StrCat("the server sent a file '", name, "'"));
    }
    if (file_.has_value()) {
      file_->close();
      if (absl::Status written = Check(); !written.ok()) return written;
    }
    name_ = name;
    offset_ = 0;
    file_.emplace(partial_ / name, std::ios::binary);
    return Check();
  }

  absl::Status Check() const {
    if (!file_->fail()) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        StrCat("'", (partial_ / name_).string(), "' cannot be written: is the disk full?"));
  }

  const std::filesystem::path directory_;
  const std::filesystem::path partial_;
  bool made_ = false;
  std::optional<std::ofstream> file_;
  std::string name_;
  int64_t offset_ = 0;
};

}  // namespace

absl::StatusOr<ModelVersion> StoreClient::Export(
    const std::string& name, const std::string& version, const std::filesystem::path& directory,
    const std::function<void(int64_t received_bytes, int64_t total_bytes)>& progress) {
  const auto request = VersionRequest<v1::ExportRequest>(name, version);
  if (!request.ok()) return request.status();
  ExportDirectory files(directory);
  if (absl::Status made = files.Make(); !made.ok()) return made;
  ModelVersion model;
  int64_t received_bytes = 0;
  absl::Status written;
  Client::Impl& impl = *client_.impl_;
  const absl::Status read = impl.Read<v1::ExportResponse>(
      [&](grpc::ClientContext& context) { return impl.store().Export(&context, *request); },
      [&](const v1::ExportResponse& chunk) {
        if (chunk.has_model()) model = FromProto(chunk.model());
        if (!chunk.file().empty()) written = files.Write(chunk);
        received_bytes += static_cast<int64_t>(chunk.data().size());
        if (progress) progress(received_bytes, model.size_bytes);
        return written.ok();
      });
  if (!written.ok()) return written;
  if (!read.ok()) return read;
  if (absl::Status finished = files.Finish(); !finished.ok()) return finished;
  return model;
}

}  // namespace sta::client
