// SPDX-License-Identifier: Apache-2.0
//
// The peer of our dense products: the int8 matmul of oneDNN (Debian's libdnnl-dev), if this was
// built with it.
//
//   if (!OneDnnVersion().empty()) MakeOneDnnLinear({384, 1536})();
//
// One call multiplies kTokens rows of uint8 by int8 weights to int32 sums, on one thread. Weights
// are laid out once, by oneDNN as it likes best, and have huge pages as ours do. It computes less
// than our products: no requantization, GELU or residual.
#ifndef BENCH_KERNELS_ONEDNN_LINEAR_H_
#define BENCH_KERNELS_ONEDNN_LINEAR_H_

#include <functional>
#include <string>

#include "bench/kernels/workloads.h"

namespace sta::bench {

// "2.6.3"; empty where this was built without oneDNN.
std::string OneDnnVersion();

// Only with oneDNN. The result belongs to the calling thread, whose parallel regions have one
// thread from now on. Throws what dnnl.hpp throws.
std::function<void()> MakeOneDnnLinear(LinearShape shape);

}  // namespace sta::bench

#endif  // BENCH_KERNELS_ONEDNN_LINEAR_H_
