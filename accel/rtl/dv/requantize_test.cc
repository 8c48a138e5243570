// SPDX-License-Identifier: Apache-2.0
#include "accel/arithmetic/requantize.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>

#include "Vsta_requantize.h"
#include "accel/rtl/dv/testbench.h"
#include "gtest/gtest.h"

namespace sta::rtl {
namespace {

constexpr size_t kLatency = 4;

// One value every cycle; each is compared with what the arithmetic says.
class Requantizer {
 public:
  explicit Requantizer(uint32_t seed) : bench_(seed) {}

  std::mt19937& random() { return bench_.random(); }

  void Check(int32_t accumulator, int32_t bias, int32_t shift, int32_t multiplier) {
    bench_->accumulator_i = static_cast<uint32_t>(accumulator);
    bench_->bias_i = static_cast<uint32_t>(bias);
    bench_->shift_i = static_cast<uint8_t>(shift);
    bench_->multiplier_i = static_cast<uint16_t>(multiplier);
    expected_.push_back(
        arithmetic::Requantize16(accumulator + bias, shift, static_cast<int16_t>(multiplier)));
    Tick();
  }

  void Drain() {
    for (size_t i = 1; i < kLatency; ++i) Tick();
  }

 private:
  void Tick() {
    bench_.Tick();
    if (++ticks_ < kLatency) return;
    ASSERT_EQ(static_cast<int16_t>(bench_->value_o), expected_.front()) << ticks_ - kLatency;
    expected_.pop_front();
  }

  // Has no reset: nothing in it is a state.
  Testbench<Vsta_requantize> bench_;
  std::deque<int16_t> expected_;
  size_t ticks_ = 0;
};

TEST(RequantizeTest, EqualsTheArithmetic) {
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    Requantizer requantizer(seed);
    std::mt19937& random = requantizer.random();
    for (int i = 0; i < 20000; ++i) {
      const auto shift = static_cast<int32_t>(random() % 32);
      // Sums of every magnitude, most of them within what the shift leaves in 16 bits.
      const uint32_t bits = std::min<uint32_t>(31, static_cast<uint32_t>(shift) + random() % 20);
      const auto sum = static_cast<int32_t>(static_cast<int64_t>(random() % (1U << bits)) -
                                            (int64_t{1} << bits) / 2);
      const auto bias = static_cast<int32_t>(random() % (1U << 31)) - arithmetic::kBiasLimit;
      requantizer.Check(sum - bias, bias, shift, static_cast<int32_t>(random() % 32768));
      ASSERT_FALSE(HasFatalFailure());
    }
    requantizer.Drain();
  }
}

TEST(RequantizeTest, EqualsTheArithmeticAtTheEndsOfEveryRange) {
  Requantizer requantizer(1);
  for (int32_t shift = 0; shift < 32; ++shift) {
    for (const int64_t edge : {-32769, -32768, -32767, -1, 0, 1, 32766, 32767, 32768}) {
      for (const int64_t rest : {int64_t{-1}, int64_t{0}, (int64_t{1} << shift) - 1}) {
        const int64_t sum = std::clamp<int64_t>((edge << shift) + rest, INT32_MIN, INT32_MAX);
        const int64_t bias = sum / 2;
        for (const int32_t multiplier : {0, 1, 16384, 32767}) {
          requantizer.Check(static_cast<int32_t>(sum - bias), static_cast<int32_t>(bias), shift,
                            multiplier);
          ASSERT_FALSE(HasFatalFailure());
        }
      }
    }
  }
  requantizer.Drain();
}

}  // namespace
}  // namespace sta::rtl
