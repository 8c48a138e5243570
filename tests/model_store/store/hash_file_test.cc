// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/hash_file.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model_store/package/sha256.h"
#include "tests/support/fake_clock.h"
#include "tests/support/simulated_file_system.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr size_t kHashBlockBytes = size_t{1} << 20;

// No two blocks are the same, and none repeats another's bytes shifted by a few.
std::string BytesToHash(size_t count) {
  std::string bytes(count, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

class HashFileTest : public testing::Test {
 protected:
  FakeClock clock_;
  SimulatedFileSystem files_{clock_};
};

TEST_F(HashFileTest, HashesEveryByteAlsoAroundTheEndsOfBlocks) {
  for (const size_t size : {size_t{0}, size_t{1}, kHashBlockBytes - 1, kHashBlockBytes,
                            kHashBlockBytes + 1, 2 * kHashBlockBytes + 3}) {
    const std::string bytes = BytesToHash(size);
    files_.PutFile("/f", bytes);
    STA_ASSERT_OK_AND_ASSIGN(const RunningSha256 hash,
                             HashFile(files_, "/f", static_cast<int64_t>(size)));
    EXPECT_EQ(hash.Hex(), Sha256Hex(bytes)) << size;
  }
}

TEST_F(HashFileTest, WhatIsHashedInPartGoesOnWhereItStopped) {
  const std::string bytes = BytesToHash(2 * kHashBlockBytes);
  files_.PutFile("/f", bytes);
  const std::string_view first = std::string_view(bytes).substr(0, kHashBlockBytes + 10);
  STA_ASSERT_OK_AND_ASSIGN(RunningSha256 hash, HashFile(files_, "/f", std::ssize(first)));
  EXPECT_EQ(hash.Hex(), Sha256Hex(first));
  hash.Update(std::as_bytes(std::span(bytes)).subspan(first.size()));
  EXPECT_EQ(hash.Hex(), Sha256Hex(bytes));
}

TEST_F(HashFileTest, SaysWhereAFileEndsTooSoon) {
  files_.PutFile("/d/short", BytesToHash(kHashBlockBytes + 5));
  EXPECT_THAT(
      HashFile(files_, "/d/short", kHashBlockBytes + 6),
      StatusIs(StatusCode::kDataLoss, HasSubstr("'short' ends at 1048581 of 1048582 bytes")));
  files_.PutFile("/d/empty", "");
  EXPECT_THAT(HashFile(files_, "/d/empty", 1), StatusIs(StatusCode::kDataLoss));
}

TEST_F(HashFileTest, ErrorsAreThoseOfTheDisk) {
  EXPECT_THAT(HashFile(files_, "/f", 1), StatusIs(StatusCode::kNotFound));
  files_.PutSymlink("/link");
  EXPECT_THAT(HashFile(files_, "/link", 0), StatusIs(StatusCode::kDataLoss));
  files_.PutFile("/f", BytesToHash(2 * kHashBlockBytes));
  files_.SetFault({.kind = FaultKind::kError, .call = files_.calls() + 3, .error_number = ENOMEM});
  EXPECT_THAT(HashFile(files_, "/f", 2 * kHashBlockBytes),
              StatusIs(StatusCode::kResourceExhausted));
  EXPECT_EQ(files_.struck(), "ReadAt /f");
}

}  // namespace
}  // namespace sta
