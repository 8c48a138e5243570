// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/shared_bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace sta {
namespace {

const std::string kFirstSha256(64, 'a');
const std::string kSecondSha256(64, 'b');
const std::string kThirdSha256(64, 'c');

TEST(SharedBytesTest, NothingTakesNothing) { EXPECT_EQ(SharedBytes().total(), 0); }

TEST(SharedBytesTest, FilesWithOneHashAreOneWhateverTheirNames) {
  SharedBytes bytes;
  bytes.AddShared({{"a", {.size_bytes = 10, .sha256 = kFirstSha256}},
                   {"b", {.size_bytes = 10, .sha256 = kFirstSha256}},
                   {"c", {.size_bytes = 10, .sha256 = kSecondSha256}}});
  EXPECT_EQ(bytes.total(), 20);
  bytes.AddShared({{"a", {.size_bytes = 7, .sha256 = kThirdSha256}},
                   {"d", {.size_bytes = 10, .sha256 = kSecondSha256}}});
  EXPECT_EQ(bytes.total(), 27);
}

TEST(SharedBytesTest, WhatIsAVersionsOwnAlwaysCounts) {
  SharedBytes bytes;
  bytes.AddOwn(10);
  bytes.AddOwn(10);
  bytes.AddShared({{"a", {.size_bytes = 10, .sha256 = kFirstSha256}}});
  EXPECT_EQ(bytes.total(), 30);
}

}  // namespace
}  // namespace sta
