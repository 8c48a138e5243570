// SPDX-License-Identifier: Apache-2.0
//
// Where oneDNN is not installed.
#include <stdexcept>

#include "bench/kernels/onednn_linear.h"

namespace sta::bench {

std::string OneDnnVersion() { return ""; }

std::function<void()> MakeOneDnnLinear(LinearShape /*shape*/) {
  throw std::logic_error("this was built without oneDNN");
}

}  // namespace sta::bench
