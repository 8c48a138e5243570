// SPDX-License-Identifier: Apache-2.0
//
// UploadSession: what one Upload stream of sta.v1.ModelStore does, as a state machine that knows
// neither gRPC nor disk nor threads: events in, the next action out. upload_call.h carries the
// actions out.
//
//   UploadSession session({});
//   Action action = session.Begin(now);                       // kRead
//   action = session.OnMessage(message, now);                 // kOpen the upload it names
//   action = session.OnOpened(UploadProgress{0, 10}, now);    // kAppend the chunk in that message
//   action = session.OnAppended(UploadProgress{10, 10}, now); // kCommit: all is there
//   action = session.OnCommitted(absl::OkStatus());           // kFinish
//
// One action is under way at a time and its end is told before the next is asked for, so a stream
// has one chunk in memory. Whatever ends a stream early (the client, time, another stream, an
// error) comes after the action that is under way, and what was stored is made durable before the
// stream is answered. Pure; for one thread at a time.
#ifndef SERVER_SERVICES_UPLOAD_SESSION_H_
#define SERVER_SERVICES_UPLOAD_SESSION_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sta/v1/model_store.pb.h"

namespace sta {

inline constexpr size_t kMaxUploadIdBytes = 128;

struct UploadSessionLimits {
  // The client is waited for this long for every `least_bytes`: neither silence nor a byte a minute
  // keeps a stream. Time that the server needs does not count.
  absl::Duration patience = absl::Seconds(60);
  int64_t least_bytes = 64 << 10;
};

// What the server has of an upload.
struct UploadProgress {
  int64_t received_bytes = 0;
  int64_t size_bytes = 0;

  bool is_whole() const { return received_bytes == size_bytes; }
};

class UploadSession {
 public:
  enum class Step {
    kNothing,  // an action is still under way
    kRead,     // the next message, until `deadline`
    kOpen,     // take the upload `upload_id()` over and tell its progress
    kAppend,   // store the chunk that is in the last message
    kCommit,   // make the upload a version
    kSync,     // make durable what is stored
    kFinish,   // answer the stream with `status`
  };
  struct Action {
    Step step = Step::kNothing;
    absl::Time deadline = absl::InfiniteFuture();  // of kRead
    absl::Status status;                           // of kFinish
  };

  explicit UploadSession(const UploadSessionLimits& limits) : limits_(limits) {}

  Action Begin(absl::Time now) { return ending_.ok() ? Read(now) : Finish(ending_); }

  // While reading. The message stays as it is until the next kRead.
  Action OnMessage(const v1::UploadRequest& message, absl::Time now);
  // The client sends nothing more.
  Action OnEndOfStream();
  // kNothing where it is not too late yet.
  Action OnTime(absl::Time now);

  // The end of what was asked for.
  Action OnOpened(const absl::StatusOr<UploadProgress>& progress, absl::Time now);
  Action OnAppended(const absl::StatusOr<UploadProgress>& progress, absl::Time now);
  Action OnCommitted(const absl::Status& status);
  Action OnSynced(const absl::Status& status);

  // At any time, and again: the stream ends with `why` (not OK) as soon as it can. A commit that
  // has begun is still carried out and is what the stream is answered with.
  Action Stop(const absl::Status& why);

  const std::string& upload_id() const { return upload_id_; }
  bool is_finished() const { return under_way_ == Step::kFinish; }

 private:
  Action Start(Step step);
  Action Read(absl::Time now);
  Action Finish(const absl::Status& status);
  // Syncs first where there may be something to sync.
  Action End(const absl::Status& why);
  // After an action that was not the last.
  Action Continue(const UploadProgress& progress, absl::Time now);
  void CountWaiting(int64_t bytes, absl::Time now);

  const UploadSessionLimits limits_;
  Step under_way_ = Step::kNothing;
  std::string upload_id_;
  bool is_open_ = false;    // kOpen has succeeded
  bool has_chunk_ = false;  // the message that opened brought a chunk, too
  UploadProgress progress_;
  absl::Status ending_;  // not OK: why the stream is about to end
  absl::Time reading_since_;
  absl::Duration waited_ = absl::ZeroDuration();  // since `least_bytes` last came
  int64_t came_bytes_ = 0;
};

}  // namespace sta

#endif  // SERVER_SERVICES_UPLOAD_SESSION_H_
