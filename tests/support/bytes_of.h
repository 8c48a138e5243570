// SPDX-License-Identifier: Apache-2.0
//
// BytesOf: text as the bytes that files are made of. The result points into `text`.
#ifndef TESTS_SUPPORT_BYTES_OF_H_
#define TESTS_SUPPORT_BYTES_OF_H_

#include <cstddef>
#include <span>
#include <string_view>

namespace sta {

inline std::span<const std::byte> BytesOf(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace sta

#endif  // TESTS_SUPPORT_BYTES_OF_H_
