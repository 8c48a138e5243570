// SPDX-License-Identifier: Apache-2.0
#include "server/services/upload_session.h"

#include <algorithm>

#include "model_store/store/upload_status.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

bool HasChunk(const v1::UploadRequest& message) {
  return !message.file().empty() || !message.data().empty() || message.offset() != 0 ||
         message.crc32c() != 0;
}

absl::Status CheckChunk(const v1::UploadRequest& message) {
  if (message.file().empty()) {
    return absl::InvalidArgumentError(
        "file: is empty; allowed: the name of a file of the manifest");
  }
  const auto size = static_cast<int64_t>(message.data().size());
  if (size == 0) {
    return absl::InvalidArgumentError("data: is empty; every chunk brings at least a byte");
  }
  if (size > kMaxChunkBytes) {
    return absl::InvalidArgumentError(
        StrCat("data: ", size, " bytes are over the limit of ", kMaxChunkBytes, " a chunk"));
  }
  return absl::OkStatus();
}

absl::Status CheckUploadId(const std::string& upload_id) {
  if (upload_id.empty()) {
    return absl::InvalidArgumentError(
        "upload_id: is empty in the first message of the stream; StartUpload tells it");
  }
  if (upload_id.size() > kMaxUploadIdBytes) {
    return absl::InvalidArgumentError(StrCat("upload_id: ", upload_id.size(),
                                             " bytes are over the limit of ", kMaxUploadIdBytes));
  }
  return absl::OkStatus();
}

}  // namespace

UploadSession::Action UploadSession::Start(Step step) {
  under_way_ = step;
  return {.step = step};
}

UploadSession::Action UploadSession::Read(absl::Time now) {
  Action action = Start(Step::kRead);
  reading_since_ = now;
  action.deadline = now + limits_.patience - waited_;
  return action;
}

UploadSession::Action UploadSession::Finish(const absl::Status& status) {
  Action action = Start(Step::kFinish);
  action.status = status;
  return action;
}

UploadSession::Action UploadSession::End(const absl::Status& why) {
  if (!is_open_) return Finish(why);
  ending_ = why;
  return Start(Step::kSync);
}

UploadSession::Action UploadSession::Continue(const UploadProgress& progress, absl::Time now) {
  progress_ = progress;
  if (!ending_.ok()) return End(ending_);
  if (progress.is_whole()) return Start(Step::kCommit);
  return Read(now);
}

void UploadSession::CountWaiting(int64_t bytes, absl::Time now) {
  waited_ += std::max(now - reading_since_, absl::ZeroDuration());
  came_bytes_ += bytes;
  if (came_bytes_ < limits_.least_bytes) return;
  came_bytes_ = 0;
  waited_ = absl::ZeroDuration();
}

UploadSession::Action UploadSession::OnMessage(const v1::UploadRequest& message, absl::Time now) {
  if (under_way_ != Step::kRead) return {};  // it came after the stream was given up
  CountWaiting(static_cast<int64_t>(message.data().size()), now);
  const bool is_first = !is_open_;
  if (is_first) {
    if (const absl::Status status = CheckUploadId(message.upload_id()); !status.ok()) {
      return Finish(status);
    }
    upload_id_ = message.upload_id();
    has_chunk_ = HasChunk(message);
  }
  if (!is_first || has_chunk_) {
    if (const absl::Status status = CheckChunk(message); !status.ok()) return End(status);
  }
  return Start(is_first ? Step::kOpen : Step::kAppend);
}

UploadSession::Action UploadSession::OnEndOfStream() {
  if (under_way_ != Step::kRead) return {};
  if (!is_open_) {
    return Finish(absl::InvalidArgumentError(
        "the stream ended without a message; the first one has the upload_id"));
  }
  return End(absl::FailedPreconditionError(
      StrCat("the stream ended when ", progress_.received_bytes, " of ", progress_.size_bytes,
             " bytes were there; they are kept, GetUpload tells what to send next")));
}

UploadSession::Action UploadSession::OnTime(absl::Time now) {
  if (under_way_ != Step::kRead || now < reading_since_ + limits_.patience - waited_) return {};
  return End(absl::DeadlineExceededError(
      StrCat("less than ", limits_.least_bytes, " bytes came in ",
             absl::FormatDuration(limits_.patience), "; ", progress_.received_bytes,
             " bytes of the upload are kept, GetUpload tells what to send next")));
}

UploadSession::Action UploadSession::OnOpened(const absl::StatusOr<UploadProgress>& progress,
                                              absl::Time now) {
  if (!progress.ok()) return Finish(ending_.ok() ? progress.status() : ending_);
  is_open_ = true;
  // A chunk for an upload that needs none is told by the store where it would have to begin.
  if (!has_chunk_ || !ending_.ok()) return Continue(*progress, now);
  progress_ = *progress;
  return Start(Step::kAppend);
}

UploadSession::Action UploadSession::OnAppended(const absl::StatusOr<UploadProgress>& progress,
                                                absl::Time now) {
  if (!progress.ok()) return End(ending_.ok() ? progress.status() : ending_);
  return Continue(*progress, now);
}

UploadSession::Action UploadSession::OnCommitted(const absl::Status& status) {
  return Finish(status);
}

UploadSession::Action UploadSession::OnSynced(const absl::Status& status) {
  // NOT_FOUND: the upload was given up, so that there was nothing to keep.
  if (status.ok() || absl::IsNotFound(status)) return Finish(ending_);
  return Finish(absl::Status(
      ending_.code(),
      AbslView(StrCat(ending_.message(), "; and what came last may be lost: ", status.message()))));
}

UploadSession::Action UploadSession::Stop(const absl::Status& why) {
  if (under_way_ == Step::kRead) return End(why);
  if (ending_.ok()) ending_ = why;  // told when what is under way has ended
  return {};
}

}  // namespace sta
