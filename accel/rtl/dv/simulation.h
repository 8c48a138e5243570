// SPDX-License-Identifier: Apache-2.0
//
// One Verilated model with a context of its own. Registers begin with bits drawn from the seed, so
// that a forgotten reset shows.
//
// Two of the flows round the tests hook in here. A netlist of dv/mutation has an input that chooses
// one of its faults: the environment variable STA_RTL_MUTANT is its number. A build with
// STA_RTL_COVERAGE adds what each model counted, from its first reset on, to the process's coverage
// file.
#ifndef ACCEL_RTL_DV_SIMULATION_H_
#define ACCEL_RTL_DV_SIMULATION_H_

#include <verilated.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#ifdef STA_RTL_COVERAGE
#include "accel/rtl/dv/coverage_file.h"
#endif

namespace sta::rtl {

template <typename Model>
concept HasMutants = requires(Model& model) {
  model.mutant_select;
};

template <typename Model>
class Simulation {
 public:
  explicit Simulation(uint32_t seed) {
    context_.randSeed(static_cast<int>(seed % 0x7FFFFFFF) + 1);
    context_.randReset(2);
    model_ = std::make_unique<Model>(&context_);
    if constexpr (HasMutants<Model>) {
      const char* mutant = std::getenv("STA_RTL_MUTANT");
      model_->mutant_select = mutant == nullptr ? 0 : std::stoi(mutant);
    }
  }
  ~Simulation() {
    // Models take their scopes off the thread's context, which is the last one made.
    Verilated::threadContextp(&context_);
    model_->final();
#ifdef STA_RTL_COVERAGE
    CoverageFile::OfProcess().Add(context_);
#endif
  }
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  Model* operator->() { return model_.get(); }
  VerilatedContext& context() { return context_; }

  // To be called when a reset ends. Coverage begins with the first one: what the random bits before
  // it run and toggle is not what the test reaches.
  void OnResetEnd() {
#ifdef STA_RTL_COVERAGE
    if (!std::exchange(was_reset_, true)) CoverageFile::OfProcess().Begin(context_);
#endif
  }

 private:
  VerilatedContext context_;
  std::unique_ptr<Model> model_;
#ifdef STA_RTL_COVERAGE
  bool was_reset_ = false;
#endif
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_SIMULATION_H_
