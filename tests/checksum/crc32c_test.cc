// SPDX-License-Identifier: Apache-2.0
#include "checksum/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace sta {
namespace {

// RFC 3720, appendix B.4, and the check value of the CRC catalogs.
TEST(Crc32cTest, KnowsThePublishedValues) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string rising;
  for (int i = 0; i < 32; ++i) rising.push_back(static_cast<char>(i));
  EXPECT_EQ(Crc32c(rising), 0x46dd794eu);
}

// Bit by bit, as the polynomial says.
uint32_t Slow(const std::string& bytes) {
  uint32_t crc = ~uint32_t{0};
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
  }
  return ~crc;
}

TEST(Crc32cTest, EqualsTheDefinitionAtEveryLength) {
  std::string bytes;
  for (int length = 0; length < 700; ++length) {
    ASSERT_EQ(Crc32c(bytes), Slow(bytes)) << length;
    bytes.push_back(static_cast<char>(length * 37 + 11));
  }
}

}  // namespace
}  // namespace sta
