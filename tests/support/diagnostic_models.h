// SPDX-License-Identifier: Apache-2.0
//
// Diagnostic models for tests, as the server loads them.
//
//   auto served = MakeDiagnostic(IdentityConfig({Datatype::kFp32}, {64}));
#ifndef TESTS_SUPPORT_DIAGNOSTIC_MODELS_H_
#define TESTS_SUPPORT_DIAGNOSTIC_MODELS_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "server/models/served_model.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {

// INPUT0, OUTPUT0 and so on, as many as `datatypes`, all of the same dims.
inline DiagnosticConfig IdentityConfig(const std::vector<Datatype>& datatypes,
                                       const std::vector<int64_t>& dims,
                                       int64_t max_batch_size = 0) {
  DiagnosticConfig config = {.max_batch_size = max_batch_size};
  for (size_t i = 0; i < datatypes.size(); ++i) {
    config.inputs.push_back({"INPUT" + std::to_string(i), datatypes[i], dims});
    config.outputs.push_back({"OUTPUT" + std::to_string(i), datatypes[i], dims});
  }
  return config;
}

inline DiagnosticConfig AddSubConfig(Datatype datatype, const std::vector<int64_t>& dims,
                                     int64_t max_batch_size = 0) {
  DiagnosticConfig config = IdentityConfig({datatype, datatype}, dims, max_batch_size);
  config.operation = DiagnosticOperation::kAddSub;
  return config;
}

// Version 1 of "diagnostic".
inline std::shared_ptr<const ServedModel> MakeDiagnostic(const DiagnosticConfig& config) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "1";
  EXPECT_THAT(WriteDiagnosticPackage(config, {}, path), IsOk());
  const auto package = Package::Open(path, PackageCheck::kStructure);
  EXPECT_THAT(package, IsOk());
  auto served = std::make_shared<ServedModel>();
  served->name = "diagnostic";
  served->version = 1;
  served->diagnostic = DiagnosticModel::Load(**package).value();
  return served;
}

}  // namespace sta

#endif  // TESTS_SUPPORT_DIAGNOSTIC_MODELS_H_
