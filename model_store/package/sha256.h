// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 as lower-case hex, by OpenSSL. Pure; thread-safe.
#ifndef MODEL_STORE_PACKAGE_SHA256_H_
#define MODEL_STORE_PACKAGE_SHA256_H_

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"

namespace sta {

inline std::string Sha256Hex(std::span<const std::byte> bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), size});
}

inline std::string Sha256Hex(std::string_view text) {
  return Sha256Hex(std::as_bytes(std::span(text)));
}

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_SHA256_H_
