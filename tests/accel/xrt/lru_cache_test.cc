// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/lru_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace sta {
namespace {

using Cache = LruCache<int, std::string>;

std::shared_ptr<std::string> Value(const char* text) { return std::make_shared<std::string>(text); }

TEST(LruCacheTest, TheLeastRecentlyUsedGoesFirst) {
  Cache cache;
  for (const int key : {1, 2, 3}) cache.Insert(key, 10, Value("x"));
  EXPECT_NE(cache.Find(1), nullptr);
  EXPECT_TRUE(cache.EvictOne());
  EXPECT_EQ(cache.Find(2), nullptr);
  EXPECT_TRUE(cache.EvictOne());
  EXPECT_EQ(cache.Find(3), nullptr);
  EXPECT_NE(cache.Find(1), nullptr);
  EXPECT_EQ(cache.bytes(), 10);
}

TEST(LruCacheTest, WhatIsInUseStays) {
  Cache cache;
  cache.Insert(1, 10, Value("used"));
  cache.Insert(2, 10, Value("unused"));
  const std::shared_ptr<std::string> used = cache.Find(1);
  cache.Find(2);
  EXPECT_TRUE(cache.EvictOne());
  EXPECT_EQ(cache.Find(2), nullptr);
  EXPECT_FALSE(cache.EvictOne());
  EXPECT_EQ(*cache.Find(1), "used");
}

TEST(LruCacheTest, AnotherValueWithTheSameKeyTakesItsPlace) {
  Cache cache;
  cache.Insert(1, 10, Value("old"));
  cache.Insert(1, 3, Value("new"));
  EXPECT_EQ(cache.bytes(), 3);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(*cache.Find(1), "new");
}

TEST(LruCacheTest, WhatIsErasedIsGone) {
  Cache cache;
  cache.Insert(1, 10, Value("x"));
  cache.Erase(2);
  cache.Erase(1);
  EXPECT_EQ(cache.Find(1), nullptr);
  EXPECT_EQ(cache.bytes(), 0);
  EXPECT_FALSE(cache.EvictOne());
}

}  // namespace
}  // namespace sta
