// SPDX-License-Identifier: Apache-2.0
//
// Operator: watches a server's devices (sta.v1.Devices) from a thread and, as a person would,
// releases those that the server would not try again for some time.
//
//   Operator watch(std::move(client));
//   watch.WaitForAll(absl::Seconds(30), [](const auto& device) { return device.state == "READY";
//   });
#ifndef TESTS_SOAK_OPERATOR_H_
#define TESTS_SOAK_OPERATOR_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "client/client.h"

namespace sta::soak {

class Operator {
 public:
  struct Counts {
    int64_t quarantines = 0;
    int64_t releases = 0;  // by this; all others came back by themselves
  };

  explicit Operator(std::unique_ptr<client::Client> client);
  ~Operator();
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  // Blocks until `holds` for every device, or for `limit`; whether it does.
  bool WaitForAll(absl::Duration limit, std::function<bool(const client::DeviceInfo&)> holds);

  // Takes a device out of service for good.
  absl::Status Hold(const std::string& device);

  std::vector<client::DeviceInfo> devices() const;  // as last seen
  Counts counts() const;
  // Not OK where the watch broke.
  absl::Status status() const;

 private:
  bool OnList(const client::DeviceList& list) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::unique_ptr<client::Client> client_;
  mutable absl::Mutex mutex_;
  std::vector<client::DeviceInfo> devices_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::Time> quarantined_since_ ABSL_GUARDED_BY(mutex_);
  Counts counts_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sta::soak

#endif  // TESTS_SOAK_OPERATOR_H_
