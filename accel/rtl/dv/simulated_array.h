// SPDX-License-Identifier: Apache-2.0
//
// The parameters of the kernels that tests simulate: rtl_kernel_4x4 and rtl_kernel_8x8 of
// CMakeLists.txt beside this file. Small buffers are quick to compile; all six layers of MiniLM
// fit.
#ifndef ACCEL_RTL_DV_SIMULATED_ARRAY_H_
#define ACCEL_RTL_DV_SIMULATED_ARRAY_H_

#include <cstdint>

#include "accel/program/card/card_config.h"

namespace sta::rtl {

constexpr card::CardConfig SimulatedArray(int64_t tile, int64_t lanes) {
  return {.tile = tile,
          .lanes = lanes,
          .activation_rows = 512,
          .residual_beats = 1024,
          .key_value_tiles = 1024,
          .max_sequence_tokens = 128,
          .max_channels = 1024};
}

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_SIMULATED_ARRAY_H_
