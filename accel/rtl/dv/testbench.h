// SPDX-License-Identifier: Apache-2.0
//
// Testbench: clock and reset of one Verilated module with ports clk_i and rst_ni, and a seeded
// random source whose seed is printed when a test fails.
//
//   Testbench<Vsta_fifo> bench(seed);
//   bench.Reset();
//   bench->write_valid_i = 1;
//   bench.Tick();                       // outputs after the rising edge, inputs as they were set
//
// Outputs that depend on inputs within a cycle: set inputs, Settle(), look, then Tick().
#ifndef ACCEL_RTL_DV_TESTBENCH_H_
#define ACCEL_RTL_DV_TESTBENCH_H_

#include <cstdint>
#include <random>

#include "accel/rtl/dv/simulation.h"

namespace sta::rtl {

template <typename Model>
class Testbench {
 public:
  explicit Testbench(uint32_t seed) : model_(seed), random_(seed) {}

  Model* operator->() { return model_.operator->(); }
  std::mt19937& random() { return random_; }
  uint64_t cycles() const { return cycles_; }

  bool Chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

  void Settle() { model_->eval(); }

  void Tick() {
    model_->clk_i = 0;
    model_->eval();
    model_->clk_i = 1;
    model_->eval();
    ++cycles_;
  }

  void Reset() {
    model_->rst_ni = 0;
    for (int i = 0; i < 3; ++i) Tick();
    model_.OnResetEnd();
    model_->rst_ni = 1;
    Settle();
  }

 private:
  Simulation<Model> model_;
  std::mt19937 random_;
  uint64_t cycles_ = 0;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_TESTBENCH_H_
