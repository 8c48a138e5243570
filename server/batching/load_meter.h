// SPDX-License-Identifier: Apache-2.0
//
// LoadMeter: whether more is asked for than is worked off, as long as it has to be so to be no
// burst. Internal to the batcher; not thread-safe; a function of what it was told and the time.
//
//   meter.OnAsked(tokens, now);            // whether it was let in or not
//   meter.OnOver(tokens, now);             // computed, or nobody wants it any more
//   if (meter.IsOverloaded(now)) ...
//
// It looks at what has been asked for and is not over, refused work included, just before a batch
// is over: the least of that in each window of time. Callers that wait for their answers, however
// many, leave it where it is; a burst raises it once; a rate beyond the devices' raises it to a new
// height in window after window.
#ifndef SERVER_BATCHING_LOAD_METER_H_
#define SERVER_BATCHING_LOAD_METER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace sta {

class LoadMeter {
 public:
  // A window is longer where nothing has been over in it.
  static constexpr absl::Duration kWindow = absl::Milliseconds(100);
  // It is an overload once so many windows more have risen than not, and until as many have not. No
  // more than kMostRisen count, so that its end is seen soon.
  static constexpr int kOverloadRisen = 3;
  static constexpr int kMostRisen = 4;
  // The height to rise above is that of so many windows.
  static constexpr size_t kRememberedWindows = 10;
  // One part in so many of what was over in a window: less above the height is not above it.
  static constexpr int64_t kRisePart = 10;

  void OnAsked(int64_t tokens, absl::Time now);
  void OnOver(int64_t tokens, absl::Time now);
  bool IsOverloaded(absl::Time now);

 private:
  // Ends the window, if it is over.
  void Roll(absl::Time now);
  void EndWindow();
  void Count(bool has_risen);

  absl::Time window_end_ = absl::InfinitePast();
  absl::Time last_event_ = absl::InfinitePast();
  int64_t unserved_tokens_ = 0;  // asked for and not over
  int64_t over_tokens_ = 0;      // in this window
  int64_t least_ = 0;            // height of this window, where something was over
  // `least_` of the last windows, as a ring; 0 where there were not so many.
  std::array<int64_t, kRememberedWindows> heights_ = {};
  size_t next_height_ = 0;
  int risen_ = 0;
  bool is_overloaded_ = false;
};

}  // namespace sta

#endif  // SERVER_BATCHING_LOAD_METER_H_
