// SPDX-License-Identifier: Apache-2.0
#include "accel/cycle_model/softmax.h"

#include <algorithm>

namespace sta::card::cycle_model {

bool Softmax::Tick(int64_t cycle) {
  const uint32_t last_stage = uint32_t{1} << (timing_.probability_cycles - 1);
  // A probability that is not taken stops the whole pass.
  if ((valid_ & last_stage) == 0 || ports_.activation_write.TryTake()) {
    if ((valid_ & is_row_end_ & last_stage) != 0) FinishRow(cycle);
    valid_ <<= 1;
    is_row_end_ <<= 1;
    if (!complete_.empty() && complete_.front() <= cycle) {
      valid_ |= 1;
      if (++group_ == key_groups_) {
        is_row_end_ |= 1;
        group_ = 0;
        complete_.pop_front();
      }
    }
  }
  if (done_.empty() || done_.front() > cycle) return false;
  done_.pop_front();
  return true;
}

// The tokens of a granule go through the reciprocal one after the other.
void Softmax::FinishRow(int64_t cycle) {
  reciprocal_free_ =
      std::max(reciprocal_free_, cycle + timing_.row_sum_cycles) + config_.granule_tokens();
  if (++rows_of_slot_ < config_.granule_rows()) return;
  rows_of_slot_ = 0;
  done_.push_back(reciprocal_free_ - 1 + timing_.reciprocal_cycles);
}

}  // namespace sta::card::cycle_model
