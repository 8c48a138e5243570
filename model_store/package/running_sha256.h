// SPDX-License-Identifier: Apache-2.0
//
// RunningSha256: SHA-256 of bytes that come piece by piece, by OpenSSL. Not thread-safe.
//
//   RunningSha256 hash;
//   hash.Update(first); hash.Update(second);
//   hash.Hex();                                // lower-case; of all that came so far
#ifndef MODEL_STORE_PACKAGE_RUNNING_SHA256_H_
#define MODEL_STORE_PACKAGE_RUNNING_SHA256_H_

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "absl/strings/escaping.h"

namespace sta {

class RunningSha256 {
 public:
  RunningSha256() : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }

  void Update(std::span<const std::byte> bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }

  std::string Hex() const {
    const std::unique_ptr<EVP_MD_CTX, Free> copy(EVP_MD_CTX_new());
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_MD_CTX_copy_ex(copy.get(), context_.get());
    EVP_DigestFinal_ex(copy.get(), digest.data(), &size);
    return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), size});
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace sta

#endif  // MODEL_STORE_PACKAGE_RUNNING_SHA256_H_
