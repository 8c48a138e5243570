// SPDX-License-Identifier: Apache-2.0
//
// PoolObserver: what the pool tells about its devices; metrics and the log implement it. Calls come
// from several threads, those of OnStateChange one at a time; they must be quick and must not call
// the pool.
#ifndef ACCEL_DEVICE_POOL_POOL_OBSERVER_H_
#define ACCEL_DEVICE_POOL_POOL_OBSERVER_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace sta {

// What an audit has shown of a device.
enum class AuditVerdict {
  kMatched,     // what is right by audit.h
  kMismatched,  // something else
  kUndecided    // no other device could compute the batch, or none decide between different rows
};

class PoolObserver {
 public:
  virtual ~PoolObserver() = default;

  // One batch on one device, from its start (or the end of the batch before it) to its end.
  virtual void OnRun(std::string_view device, int64_t tokens, absl::Duration duration,
                     const absl::Status& status) = 0;
  // A batch that failed on `from` runs again on `to`.
  virtual void OnFailover(std::string_view from, std::string_view to) = 0;
  // `state` is a DeviceStateName. Once for every state, but for those that were over before they
  // could be told.
  virtual void OnStateChange(std::string_view device, std::string_view state,
                             std::string_view reason) = 0;
  // Of every device that computed a batch that was to be audited, but those that are believed.
  virtual void OnAudit(std::string_view device, AuditVerdict verdict) = 0;
};

}  // namespace sta

#endif  // ACCEL_DEVICE_POOL_POOL_OBSERVER_H_
