// SPDX-License-Identifier: Apache-2.0
#include "server/services/open_streams.h"

namespace sta {

void OpenStreams::Add(const std::shared_ptr<Stream>& stream) {
  absl::Status closed;
  {
    const absl::MutexLock lock(&mutex_);
    streams_.insert(stream);
    closed = closed_;
  }
  if (!closed.ok()) stream->Stop(closed);
}

void OpenStreams::Remove(const std::shared_ptr<Stream>& stream) {
  const absl::MutexLock lock(&mutex_);
  streams_.erase(stream);
}

void OpenStreams::Close(const absl::Status& why) {
  std::set<std::shared_ptr<Stream>> streams;
  {
    const absl::MutexLock lock(&mutex_);
    closed_ = why;
    streams = streams_;
  }
  for (const std::shared_ptr<Stream>& stream : streams) stream->Stop(why);
}

}  // namespace sta
