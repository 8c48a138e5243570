// SPDX-License-Identifier: Apache-2.0
//
// StreamAdmission: how many streams of a kind there may be at a time, in all and of one client, so
// that one client that opens a thousand leaves room for others.
//
//   StreamAdmission admission({.kind = "uploads", .most = 32, .most_of_a_client = 16});
//   absl::StatusOr<StreamAdmission::Ticket> ticket = admission.Enter(access.NameOf(*context));
//
// Thread-safe; no call blocks. Tickets may outlive the admission.
#ifndef SERVER_SERVICES_STREAM_ADMISSION_H_
#define SERVER_SERVICES_STREAM_ADMISSION_H_

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace sta {

class StreamAdmission {
 public:
  struct Limits {
    std::string kind;  // for messages: "uploads"
    int most = 32;
    int most_of_a_client = 16;
  };

  // The place of one stream, until it is destroyed.
  using Ticket = std::shared_ptr<void>;

  explicit StreamAdmission(Limits limits) : state_(std::make_shared<State>(std::move(limits))) {}

  // RESOURCE_EXHAUSTED where all places, or all of this client, are taken. `client` is who asks
  // (RpcAccess::NameOf).
  absl::StatusOr<Ticket> Enter(const std::string& client);

 private:
  struct State {
    explicit State(Limits its_limits) : limits(std::move(its_limits)) {}

    const Limits limits;
    absl::Mutex mutex;
    int streams ABSL_GUARDED_BY(mutex) = 0;
    std::map<std::string, int> by_client ABSL_GUARDED_BY(mutex);
  };

  const std::shared_ptr<State> state_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_STREAM_ADMISSION_H_
