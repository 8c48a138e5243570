// SPDX-License-Identifier: Apache-2.0
//
// What all models of a process covered, written when the process ends into a new file of the folder
// that the environment variable STA_RTL_COVERAGE_DIR names, in the format of verilator_coverage.
// Without the variable nothing is collected. One file a process, because a model of the kernel has
// megabytes of counters and a test makes many models.
#ifndef ACCEL_RTL_DV_COVERAGE_FILE_H_
#define ACCEL_RTL_DV_COVERAGE_FILE_H_

#include <verilated.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sta::rtl {

class CoverageFile {
 public:
  static CoverageFile& OfProcess();

  // Forgets what the models of `context` counted until now, but for code that runs unconditionally:
  // Verilator counts that of an always_comb only once, when the model settles.
  void Begin(VerilatedContext& context);

  // Adds the counts of the models of `context`, all of which must still exist.
  void Add(VerilatedContext& context);

  CoverageFile(const CoverageFile&) = delete;
  CoverageFile& operator=(const CoverageFile&) = delete;

 private:
  CoverageFile();
  ~CoverageFile();

  void AddWhere(VerilatedContext& context, const std::function<bool(std::string_view)>& counts);

  std::string path_;  // empty: nothing is collected
  std::unordered_map<std::string, uint64_t> counts_;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_COVERAGE_FILE_H_
