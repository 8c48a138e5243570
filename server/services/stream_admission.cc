// SPDX-License-Identifier: Apache-2.0
#include "server/services/stream_admission.h"

#include <utility>

#include "strings/str_cat.h"

namespace sta {

absl::StatusOr<StreamAdmission::Ticket> StreamAdmission::Enter(const std::string& client) {
  const absl::MutexLock lock(&state_->mutex);
  const Limits& limits = state_->limits;
  if (state_->streams >= limits.most) {
    return absl::ResourceExhaustedError(StrCat(limits.kind, ": all ", limits.most,
                                               " that there may be at a time are under way; try "
                                               "again when one has ended"));
  }
  int& of_client = state_->by_client[client];
  if (of_client >= limits.most_of_a_client) {
    return absl::ResourceExhaustedError(StrCat(limits.kind, ": you have ", of_client,
                                               " under way, which is all that one client may have "
                                               "at a time; try again when one has ended"));
  }
  ++of_client;
  ++state_->streams;
  const auto leave = [state = state_, client](void*) {
    const absl::MutexLock leaving(&state->mutex);
    --state->streams;
    if (--state->by_client[client] == 0) state->by_client.erase(client);
  };
  return Ticket(state_.get(), leave);
}

}  // namespace sta
