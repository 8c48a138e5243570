#include "accel/emulator/kernels.h"
namespace sta::emulator {
const KernelTable* Avx2Kernels() { return nullptr; }
}  // namespace sta::emulator
