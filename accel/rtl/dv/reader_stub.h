// SPDX-License-Identifier: Apache-2.0
//
// One client's side of sta_axi_reader: takes requests at random, answers their beats in order, each
// at the earliest `latency` cycles (and a random number more) after its request, at most one a
// cycle. Checks that requests keep to what the reader takes.
//
//   stub.Drive(*model); bench.Settle(); ...; stub.Watch(*model); bench.Tick();
#ifndef ACCEL_RTL_DV_READER_STUB_H_
#define ACCEL_RTL_DV_READER_STUB_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <random>
#include <span>

#include "accel/program/card/card_config.h"
#include "gtest/gtest.h"

namespace sta::rtl {

class ReaderStub {
 public:
  struct Options {
    uint64_t latency = 1;         // cycles
    uint64_t random_latency = 0;  // up to so many more
    int request_percent = 100;    // cycles in which a request is taken
    int response_percent = 100;   // cycles in which a beat may come
  };

  // `region` outlives the stub.
  ReaderStub(std::span<const uint8_t> region, const Options& options, uint32_t seed)
      : region_(region), options_(options), random_(seed) {}

  size_t requests() const { return requests_; }
  size_t beats_in_flight() const { return beats_.size(); }

  // Sets the inputs of the client for this cycle.
  template <typename Model>
  void Drive(Model& model) {
    model.request_ready_i = Chance(options_.request_percent);
    const bool due =
        !beats_.empty() && beats_.front().due <= cycle_ && Chance(options_.response_percent);
    model.response_valid_i = due;
    for (size_t word = 0; word < card::kBeatBytes / sizeof(uint32_t); ++word) {
      uint32_t value = random_();  // nothing to go by without a valid
      if (due) {
        std::memcpy(&value, &region_[beats_.front().beat * card::kBeatBytes + word * sizeof(value)],
                    sizeof(value));
      }
      model.response_data_i[word] = value;
    }
  }

  // Sees what the settled outputs do in this cycle.
  template <typename Model>
  void Watch(const Model& model) {
    if (held_) {  // a request stays as it is until it is taken
      EXPECT_NE(model.request_valid_o, 0);
      EXPECT_EQ(model.request_beat_o, held_beat_);
      EXPECT_EQ(model.request_beats_o, held_beats_);
    }
    held_ = model.request_valid_o != 0 && model.request_ready_i == 0;
    held_beat_ = model.request_beat_o;
    held_beats_ = model.request_beats_o;
    if (model.response_valid_i != 0 && model.response_ready_o != 0) beats_.pop_front();
    if (model.request_valid_o != 0 && model.request_ready_i != 0) {
      Take(model.request_beat_o, model.request_beats_o);
    }
    ++cycle_;
  }

 private:
  struct Beat {
    size_t beat = 0;
    uint64_t due = 0;  // cycle
  };

  bool Chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

  void Take(uint32_t beat, uint32_t count) {
    ++requests_;
    ASSERT_GE(count, 1U);
    ASSERT_LE(count, 16U);
    ASSERT_LE((uint64_t{beat} + count) * card::kBeatBytes, region_.size());
    const uint64_t due = cycle_ + options_.latency + random_() % (options_.random_latency + 1);
    for (uint32_t i = 0; i < count; ++i) beats_.push_back({beat + i, due});
  }

  std::span<const uint8_t> region_;
  Options options_;
  std::mt19937 random_;
  std::deque<Beat> beats_;
  uint64_t cycle_ = 0;
  size_t requests_ = 0;
  bool held_ = false;
  uint32_t held_beat_ = 0;
  uint32_t held_beats_ = 0;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_READER_STUB_H_
