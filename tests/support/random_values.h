// SPDX-License-Identifier: Apache-2.0
//
// Random numbers for tests, and operands that are random or at the ends of their ranges.
//
//   RandomValues random(seed);
//   const int64_t tokens = random.Uniform(1, 17);
#ifndef TESTS_SUPPORT_RANDOM_VALUES_H_
#define TESTS_SUPPORT_RANDOM_VALUES_H_

#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <random>

namespace sta {

// How a range is filled; low and high are its ends, middle what lies between.
enum class Fill : uint8_t { kRandom, kLow, kHigh, kAlternating, kMiddle };
inline constexpr Fill kFills[] = {Fill::kRandom, Fill::kLow, Fill::kHigh, Fill::kAlternating,
                                  Fill::kMiddle};

inline std::ostream& operator<<(std::ostream& out, Fill fill) {
  static constexpr const char* kNames[] = {"random", "low", "high", "alternating", "middle"};
  return out << kNames[static_cast<int>(fill)];
}

// Deterministic in its seed on every machine, which the standard's distributions are not.
class RandomValues {
 public:
  explicit RandomValues(uint64_t seed) : engine_(seed) {}

  int64_t Uniform(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }

  template <typename T>
  T Pick(std::initializer_list<T> values) {
    return values.begin()[Uniform(0, static_cast<int64_t>(values.size()) - 1)];
  }

  // The `index`-th value of a range low..high that is filled as `fill` says.
  int64_t Value(Fill fill, int64_t low, int64_t high, int64_t index) {
    switch (fill) {
      case Fill::kLow:
        return low;
      case Fill::kHigh:
        return high;
      case Fill::kAlternating:
        return index % 2 == 0 ? low : high;
      case Fill::kMiddle:
        return (low + high) / 2;
      case Fill::kRandom:
        break;
    }
    return Uniform(low, high);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sta

#endif  // TESTS_SUPPORT_RANDOM_VALUES_H_
