// SPDX-License-Identifier: Apache-2.0
#include "client/package_upload.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <utility>

#include "absl/time/clock.h"
#include "checksum/crc32c.h"
#include "client/wire.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

constexpr int64_t kMaxManifestBytes = 4 << 20;
constexpr int64_t kMaxChunkBytes = 4 << 20;
constexpr absl::Duration kFirstBackOff = absl::Milliseconds(200);
constexpr absl::Duration kLongestBackOff = absl::Seconds(5);
// A stream that hangs on a dead connection ends by then; the next one goes on where it was.
constexpr std::chrono::minutes kStreamLimit(10);
// Failures that are no outage, such as damage on the way, may pass too; but not for minutes.
constexpr int kMostOddFailures = 3;

bool IsOutage(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

// Of a stream: damaged or out of step, broken by something between, or the upload is gone, which it
// also is when the answer that it was stored got lost.
bool MayPass(const absl::Status& status) {
  return IsOutage(status) || absl::IsDataLoss(status) || absl::IsOutOfRange(status) ||
         absl::IsNotFound(status) || absl::IsInternal(status) || absl::IsUnknown(status) ||
         absl::IsCancelled(status);
}

absl::StatusOr<std::string> ReadManifest(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "manifest.json";
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(StrCat("there is no package in '", directory.string(),
                                      "': its manifest.json cannot be read"));
  }
  std::string text(static_cast<size_t>(kMaxManifestBytes) + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.gcount() > kMaxManifestBytes) {
    return absl::InvalidArgumentError(
        StrCat("'", path.string(), "' is over ", kMaxManifestBytes, " bytes"));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

// The names come from the server, which must not make us read other files than the package's.
bool IsPlainFileName(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

}  // namespace

PackageUpload::PackageUpload(Client::Impl& client, const std::filesystem::path& directory,
                             const UploadOptions& options,
                             const std::function<void(const UploadProgress&)>& progress)
    : client_(client), directory_(directory), options_(options), progress_(progress) {}

absl::StatusOr<UploadedModel> PackageUpload::Run() {
  if (options_.chunk_bytes < 1 || options_.chunk_bytes > kMaxChunkBytes) {
    return absl::InvalidArgumentError(
        StrCat("chunk_bytes ", options_.chunk_bytes, " is not in 1..", kMaxChunkBytes));
  }
  absl::StatusOr<std::string> manifest = ReadManifest(directory_);
  if (!manifest.ok()) return manifest.status();
  manifest_ = *std::move(manifest);

  absl::Duration back_off = kFirstBackOff;
  while (true) {
    const int64_t stored_before = most_stored_bytes_;
    Failure failure;
    if (std::optional<UploadedModel> uploaded = Attempt(&failure)) return *std::move(uploaded);
    if (failure.is_local || !MayPass(failure.status)) return failure.status;
    if (most_stored_bytes_ > stored_before) {
      failures_without_progress_ = 0;
      waited_ = absl::ZeroDuration();
      back_off = kFirstBackOff;
    }
    ++failures_without_progress_;
    const bool enough = IsOutage(failure.status) ? waited_ >= options_.patience
                                                 : failures_without_progress_ > kMostOddFailures;
    if (enough) return failure.status;
    Report(std::string(failure.status.message()));
    const absl::Duration wait = std::min(back_off, options_.patience);
    options_.sleep ? options_.sleep(wait) : absl::SleepFor(wait);
    waited_ += wait;
    back_off = std::min(back_off * 2, kLongestBackOff);
  }
}

std::optional<UploadedModel> PackageUpload::Attempt(Failure* failure) {
  v1::StartUploadRequest request;
  request.set_name(options_.name);
  request.set_version(options_.version);
  request.set_manifest(manifest_);
  request.set_idempotency_key(options_.idempotency_key);
  const absl::StatusOr<v1::StartUploadResponse> started = client_.Call<v1::StartUploadResponse>(
      client_.store(), &v1::ModelStore::Stub::StartUpload, request);
  if (!started.ok()) {
    // What it refuses now it refuses again; only where it cannot be reached is there hope.
    *failure = {started.status(), !IsOutage(started.status())};
    return std::nullopt;
  }
  if (!started->has_upload()) {
    return UploadedModel{FromProto(started->model()), sent_bytes_ == 0, sent_bytes_};
  }
  const v1::UploadStatus& upload = started->upload();
  if (most_stored_bytes_ < 0) state_.skipped_bytes = upload.received_bytes();
  most_stored_bytes_ = std::max(most_stored_bytes_, upload.received_bytes());
  state_.total_bytes = upload.size_bytes();
  state_.stored_bytes = upload.received_bytes();
  Report("");
  return Send(upload, failure);
}

std::optional<UploadedModel> PackageUpload::Send(const v1::UploadStatus& upload, Failure* failure) {
  grpc::ClientContext context;
  client_.ShowToken(&context);
  context.set_deadline(std::chrono::system_clock::now() + kStreamLimit);
  v1::UploadResponse response;
  const std::unique_ptr<grpc::ClientWriter<v1::UploadRequest>> writer =
      client_.store().Upload(&context, &response);
  v1::UploadRequest request;
  request.set_upload_id(upload.upload_id());
  absl::Status local;
  for (const v1::UploadFile& file : upload.files()) {
    if (file.received_bytes() == file.size_bytes()) continue;
    local = SendFile(file, *writer, request);
    if (!local.ok()) break;
  }
  if (!local.ok() && !absl::IsAborted(local)) context.TryCancel();
  // A stream needs a first message, also where nothing is missing any more.
  if (local.ok() && !request.upload_id().empty()) writer->Write(request);
  writer->WritesDone();
  const absl::Status status = StatusFromGrpc(writer->Finish());
  if (!local.ok() && !absl::IsAborted(local)) {
    *failure = {local, true};
    return std::nullopt;
  }
  if (status.ok()) return UploadedModel{FromProto(response.model()), false, sent_bytes_};
  *failure = {status, false};
  return std::nullopt;
}

// ABORTED: the server has ended the stream and says why in its status.
absl::Status PackageUpload::SendFile(const v1::UploadFile& file,
                                     grpc::ClientWriter<v1::UploadRequest>& writer,
                                     v1::UploadRequest& request) {
  if (!IsPlainFileName(file.name())) {
    return absl::InternalError(StrCat("the server asks for a file '", file.name(), "'"));
  }
  const std::filesystem::path path = directory_ / file.name();
  std::ifstream stream(path, std::ios::binary);
  if (!stream || !stream.seekg(file.received_bytes())) {
    return absl::NotFoundError(StrCat("'", path.string(), "' cannot be read"));
  }
  request.set_file(file.name());
  int64_t offset = file.received_bytes();
  while (offset < file.size_bytes()) {
    const int64_t count = std::min(options_.chunk_bytes, file.size_bytes() - offset);
    std::string& data = *request.mutable_data();
    data.resize(static_cast<size_t>(count));
    if (!stream.read(data.data(), count)) {
      return absl::FailedPreconditionError(StrCat("'", path.string(), "' has fewer than the ",
                                                  file.size_bytes(), " bytes of its manifest"));
    }
    request.set_offset(offset);
    request.set_crc32c(Crc32c(data));
    if (!writer.Write(request)) return absl::AbortedError("the stream has ended");
    request.clear_upload_id();  // of the first message only
    offset += count;
    sent_bytes_ += count;
    state_.stored_bytes += count;
    Report("");
  }
  return absl::OkStatus();
}

void PackageUpload::Report(const std::string& trouble) {
  if (!progress_) return;
  state_.trouble = trouble;
  progress_(state_);
}

absl::StatusOr<UploadedModel> StoreClient::Upload(
    const std::filesystem::path& directory, const UploadOptions& options,
    const std::function<void(const UploadProgress&)>& progress) {
  return PackageUpload(*client_.impl_, directory, options, progress).Run();
}

}  // namespace sta::client
