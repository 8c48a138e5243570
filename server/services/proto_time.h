// SPDX-License-Identifier: Apache-2.0
//
// Times as protobuf has them. Pure functions.
#ifndef SERVER_SERVICES_PROTO_TIME_H_
#define SERVER_SERVICES_PROTO_TIME_H_

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>

#include "absl/time/time.h"

namespace sta {

// Of a Timestamp, or of a Duration that is not negative.
template <typename Message>
void SetSeconds(absl::Duration duration, Message& message) {
  message.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
}

inline void SetTime(absl::Time time, google::protobuf::Timestamp& message) {
  SetSeconds(time - absl::UnixEpoch(), message);
}

}  // namespace sta

#endif  // SERVER_SERVICES_PROTO_TIME_H_
