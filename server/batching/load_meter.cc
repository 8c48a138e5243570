// SPDX-License-Identifier: Apache-2.0
#include "server/batching/load_meter.h"

#include <algorithm>

namespace sta {

void LoadMeter::Count(bool has_risen) {
  risen_ = std::clamp(risen_ + (has_risen ? 1 : -1), 0, kMostRisen);
  if (risen_ >= kOverloadRisen) is_overloaded_ = true;
  if (risen_ == 0) is_overloaded_ = false;
}

void LoadMeter::EndWindow() {
  Count(least_ > std::ranges::max(heights_) + over_tokens_ / kRisePart);
  heights_[next_height_] = least_;
  next_height_ = (next_height_ + 1) % kRememberedWindows;
  over_tokens_ = 0;
}

void LoadMeter::Roll(absl::Time now) {
  // In windows in which nobody asks for anything nothing rises.
  for (int i = 0; i < kMostRisen && now >= last_event_ + kWindow; ++i) {
    Count(false);
    last_event_ += kWindow;
  }
  last_event_ = now;
  if (now < window_end_ || over_tokens_ == 0) return;
  EndWindow();
  window_end_ = now + kWindow;
}

void LoadMeter::OnAsked(int64_t tokens, absl::Time now) {
  Roll(now);
  unserved_tokens_ += tokens;
}

void LoadMeter::OnOver(int64_t tokens, absl::Time now) {
  Roll(now);
  least_ = over_tokens_ == 0 ? unserved_tokens_ : std::min(least_, unserved_tokens_);
  unserved_tokens_ -= tokens;
  over_tokens_ += tokens;
}

bool LoadMeter::IsOverloaded(absl::Time now) {
  Roll(now);
  return is_overloaded_;
}

}  // namespace sta
