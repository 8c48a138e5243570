// SPDX-License-Identifier: Apache-2.0
//
// DiagnosticConfig: what the config.json of a diagnostic package says, checked: the tensors of a
// model without weights, and what it does with them. Such models show what serving costs apart from
// computing, and are what public test-suites of clients ask for.
//
//   {"sta": {"operation": "add_sub", "delay_us": 0, "max_batch_size": 8,
//            "inputs": [{"name": "INPUT0", "datatype": "INT32", "dims": [16]}, ...],
//            "outputs": [{"name": "OUTPUT0", "datatype": "INT32", "dims": [16]}, ...]}}
//
// Plain values and pure functions.
#ifndef MODEL_STORE_PACKAGE_DIAGNOSTIC_CONFIG_H_
#define MODEL_STORE_PACKAGE_DIAGNOSTIC_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/package/datatype.h"

namespace sta {

enum class DiagnosticOperation {
  kIdentity,  // output i is input i
  kAddSub,    // output 0 is the sum of inputs 0 and 1, output 1 their difference
};

// "identity", "add_sub".
std::string_view OperationName(DiagnosticOperation operation);
absl::StatusOr<DiagnosticOperation> ParseOperation(std::string_view name);

struct DeclaredTensor {
  std::string name;
  Datatype datatype = Datatype::kFp32;
  std::vector<int64_t> dims;  // without the batch; -1: any size

  friend bool operator==(const DeclaredTensor&, const DeclaredTensor&) = default;
};

struct DiagnosticConfig {
  DiagnosticOperation operation = DiagnosticOperation::kIdentity;
  // How long an answer takes at least.
  int64_t delay_us = 0;
  // 0: tensors have the declared dims alone; else a first dimension of 1..max_batch_size is put
  // before them, the same for all tensors of a request.
  int64_t max_batch_size = 0;
  std::vector<DeclaredTensor> inputs;
  std::vector<DeclaredTensor> outputs;

  friend bool operator==(const DiagnosticConfig&, const DiagnosticConfig&) = default;
};

// INVALID_ARGUMENT names the tensor or key and what is allowed. identity: as many outputs as
// inputs, each of its input's datatype and dims. add_sub: two inputs and two outputs, all of one
// datatype and dims; integers, FP32, FP64, or BYTES, which then are decimal integers.
absl::Status CheckDiagnosticConfig(const DiagnosticConfig& config);

// Reads the `sta` section of a diagnostic package's config.json and checks every value.
absl::StatusOr<DiagnosticConfig> ParseDiagnosticConfig(std::string_view json);
// Of a config that CheckDiagnosticConfig calls good.
std::string FormatDiagnosticConfig(const DiagnosticConfig& config);

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_DIAGNOSTIC_CONFIG_H_
