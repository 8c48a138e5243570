// SPDX-License-Identifier: Apache-2.0
//
// CRC32C (Castagnoli), which guards every chunk of a package on its way over the network
// (sta/v1/model_store.proto).
//
//   chunk.set_crc32c(Crc32c(chunk.data()));
//
// By Intel's ISA-L, 10 GB/s and more. Pure; thread-safe.
#ifndef CHECKSUM_CRC32C_H_
#define CHECKSUM_CRC32C_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sta {

// As RFC 3720, appendix B.4: of "123456789" it is 0xe3069283, of nothing 0.
uint32_t Crc32c(std::span<const std::byte> bytes);

inline uint32_t Crc32c(std::string_view bytes) { return Crc32c(std::as_bytes(std::span(bytes))); }

}  // namespace sta

#endif  // CHECKSUM_CRC32C_H_
