// SPDX-License-Identifier: Apache-2.0
//
// Feeds the safetensors reader with arbitrary bytes and touches every byte of what it hands out.
// Seeds: tests/fuzz/corpus/safetensors_fuzz.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "model_store/package/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = sta::SafetensorsFile::Parse(std::as_bytes(std::span(data, size)));
  if (!file.ok()) return 0;
  int64_t total = 0;
  for (const auto& [name, view] : (*file)->tensors()) {
    int64_t elements = 1;
    for (const int64_t dimension : view.shape) elements *= dimension;
    if (elements != view.element_count()) std::abort();
    for (const std::byte byte : view.data) total += std::to_integer<int64_t>(byte);
  }
  if (total < 0) std::abort();  // keeps the loop from being dropped
  return 0;
}
