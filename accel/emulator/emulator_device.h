// SPDX-License-Identifier: Apache-2.0
//
// The emulator: a Device that runs a Program on the CPU, bit-equal to accel/reference. It uses the
// widest vectors that the processor has. Threads share a batch by whole sequences where there are
// enough, by rows where there are few (batch_layout.h).
//
//   std::unique_ptr<Device> device = MakeEmulatorDevice({.threads = 2});
//
// Thread-compatible as device.h says. Scratch memory belongs to the device, grows with the largest
// batch so far and is used again, so a steady load allocates nothing in Run. Run looks at the
// deadline between layers.
#ifndef ACCEL_EMULATOR_EMULATOR_DEVICE_H_
#define ACCEL_EMULATOR_EMULATOR_DEVICE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "accel/device.h"

namespace sta {

struct EmulatorOptions {
  std::string name = "emulator";
  int threads = 1;             // 1..256; what is outside is brought to the nearer end
  bool pin_threads = false;    // each thread but the caller's to a core of its own
  int64_t max_tokens = 16384;  // largest batch, at least 1
  // One of EmulatorKernels(). Empty: what the environment variable STA_ISA names. Neither, or a
  // name that is not there: the best that the CPU can run. caps().detail says what was chosen and
  // why.
  std::string kernels;
  std::function<absl::Time()> now = absl::Now;
};

std::unique_ptr<Device> MakeEmulatorDevice(EmulatorOptions options);

// The kernel sets that this CPU can run, the best first: "avx512", "avx2", "generic".
std::vector<std::string> EmulatorKernels();

}  // namespace sta

#endif  // ACCEL_EMULATOR_EMULATOR_DEVICE_H_
