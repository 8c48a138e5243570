// SPDX-License-Identifier: Apache-2.0
//
// OpenStreams: the streams that a service has, so that they can be told when the server drains.
//
//   streams.Add(stream);       // stops it at once where the server drains already
//   streams.Remove(stream);
//   streams.Close(absl::UnavailableError("the server is shutting down"));
//
// Thread-safe; streams are called without a lock held, maybe also after Remove returned.
#ifndef SERVER_SERVICES_OPEN_STREAMS_H_
#define SERVER_SERVICES_OPEN_STREAMS_H_

#include <memory>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace sta {

class OpenStreams {
 public:
  class Stream {
   public:
    virtual ~Stream() = default;
    // End with this status, soon.
    virtual void Stop(const absl::Status& why) = 0;
  };

  void Add(const std::shared_ptr<Stream>& stream);
  void Remove(const std::shared_ptr<Stream>& stream);
  // Stops all, now and to come, with `why`.
  void Close(const absl::Status& why);

 private:
  absl::Mutex mutex_;
  std::set<std::shared_ptr<Stream>> streams_ ABSL_GUARDED_BY(mutex_);
  absl::Status closed_ ABSL_GUARDED_BY(mutex_);  // not OK: why
};

}  // namespace sta

#endif  // SERVER_SERVICES_OPEN_STREAMS_H_
