// SPDX-License-Identifier: Apache-2.0
//
// What each tensor of a package costs at rest beside the dense original and the entropy bound: the
// table that `stactl convert` ends with and `stactl inspect` prints. Pure; thread-safe.
#ifndef MODEL_STORE_PACKAGE_PACKAGE_SUMMARY_H_
#define MODEL_STORE_PACKAGE_PACKAGE_SUMMARY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "model_store/package/package.h"

namespace sta {

struct TensorSummary {
  std::string name;
  std::string pattern;       // "2:8", "dense"; "int8 rows" for embedding tables
  int64_t dense_bytes = 0;   // as float32
  int64_t packed_bytes = 0;  // at rest
  // Raw int8 values and positions at log2(C(m, n)) bits a group.
  double bound_bytes = 0.0;

  double ratio() const {
    return packed_bytes == 0 ? 0.0
                             : static_cast<double>(dense_bytes) / static_cast<double>(packed_bytes);
  }
};

struct PackageSummary {
  std::vector<TensorSummary> tensors;  // matrices in model order, then embedding tables
  TensorSummary matrices;              // sums
  TensorSummary embeddings;
  int64_t package_bytes = 0;  // all files that the manifest lists
};

PackageSummary SummarizePackage(const Package& package);

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_PACKAGE_SUMMARY_H_
