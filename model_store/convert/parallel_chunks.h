// SPDX-License-Identifier: Apache-2.0
//
// Runs numbered chunks of work on a few threads: chunk i is work(i), each called once, from any of
// the threads. Returns when all are done; `done` is called after each, one call at a time, with the
// number of chunks that are over.
#ifndef MODEL_STORE_CONVERT_PARALLEL_CHUNKS_H_
#define MODEL_STORE_CONVERT_PARALLEL_CHUNKS_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"

namespace sta {

inline void RunChunks(size_t chunks, int threads, const std::function<void(size_t)>& work,
                      const std::function<void(size_t)>& done) {
  std::atomic<size_t> next = 0;
  absl::Mutex mutex;
  size_t finished = 0;
  const auto loop = [&] {
    for (size_t chunk = next++; chunk < chunks; chunk = next++) {
      work(chunk);
      const absl::MutexLock lock(&mutex);
      done(++finished);
    }
  };
  std::vector<std::thread> helpers;
  for (int i = 1; i < std::min<int>(threads, static_cast<int>(chunks)); ++i) {
    helpers.emplace_back(loop);
  }
  loop();
  for (std::thread& helper : helpers) helper.join();
}

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_PARALLEL_CHUNKS_H_
