// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/dispatch.h"

#include <cstdint>
#include <cstdlib>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "strings/str_cat.h"

namespace sta::emulator {
namespace {

#if defined(__x86_64__)
// The state that the operating system saves and restores: XCR0.
bool SavesState(uint64_t mask) {
  constexpr uint32_t kOsXsave = uint32_t{1} << 27;
  uint32_t eax = 0;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & kOsXsave) == 0) return false;
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t{high} << 32 | low) & mask) == mask;
}

constexpr uint64_t kYmmState = 0x06;  // xmm and the upper halves of ymm
constexpr uint64_t kZmmState = 0xE6;  // and mask registers, upper halves and registers 16..31

// What the sources in avx2/ and avx512/ are compiled for (CMakeLists.txt).
bool HasAvx2() {
  return SavesState(kYmmState) && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
}
bool HasAvx512() {
  return HasAvx2() && SavesState(kZmmState) && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd") &&
         __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni");
}
#else
bool HasAvx2() { return false; }
bool HasAvx512() { return false; }
#endif

const KernelTable* Find(const std::vector<const KernelTable*>& tables, std::string_view name) {
  for (const KernelTable* table : tables) {
    if (table->name == name) return table;
  }
  return nullptr;
}

}  // namespace

std::vector<const KernelTable*> SupportedKernels() {
  std::vector<const KernelTable*> tables;
  if (const KernelTable* table = Avx512Kernels(); table != nullptr && HasAvx512()) {
    tables.push_back(table);
  }
  if (const KernelTable* table = Avx2Kernels(); table != nullptr && HasAvx2()) {
    tables.push_back(table);
  }
  tables.push_back(&GenericKernels());
  return tables;
}

KernelChoice ChooseKernels(std::string_view wanted) {
  const std::vector<const KernelTable*> tables = SupportedKernels();
  std::string names;
  for (const KernelTable* table : tables) StrAppend(&names, names.empty() ? "" : ", ", table->name);

  std::string_view source = "as asked";
  if (wanted.empty()) {
    const char* const variable = std::getenv("STA_ISA");
    if (variable != nullptr) wanted = variable;
    source = "STA_ISA";
  }
  if (wanted.empty()) return {tables.front(), StrCat("best of ", names)};
  if (const KernelTable* table = Find(tables, wanted); table != nullptr) {
    return {table, std::string(source)};
  }
  return {tables.front(), StrCat("'", wanted, "' is not among ", names)};
}

}  // namespace sta::emulator
