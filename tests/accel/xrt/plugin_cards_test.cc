// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "accel/xrt/xrt_plugin.h"
#include "tests/accel/xrt/card_test.h"

namespace sta {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(PluginCardsTest, CardsAreListedAndOpened) {
  const std::string xclbin = Cards().Xclbin(*card::CardConfig::Preset("8x8x8"));
  STA_ASSERT_OK_AND_ASSIGN(
      const auto plugin,
      LoadXrtPlugin({.library_path = STA_XRT_LIBRARY, .shim_path = VirtualCards::ShimPath()}));
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<XrtCardInfo> cards, plugin->EnumerateCards());
  ASSERT_EQ(cards.size(), 3u);
  EXPECT_EQ(cards[1].index, 1);
  EXPECT_THAT(cards[1].bdf, StartsWith("0000:"));
  EXPECT_NE(cards[1].bdf, cards[0].bdf);
  EXPECT_THAT(cards[1].name, HasSubstr("virtual"));

  STA_ASSERT_OK_AND_ASSIGN(const auto device,
                           plugin->OpenCard({.index = 1, .xclbin_path = xclbin}));
  EXPECT_EQ(device->caps().name, "xrt:1");
  const auto program = *CompileProgram(RandomEncoder({}));
  STA_ASSERT_OK_AND_ASSIGN(const auto loaded, device->Load(program));
  ReferenceBatch batch(*program, {8, 16}, 1);
  EXPECT_THAT(device->Run(*loaded, batch.batch(), batch.output(), absl::InfiniteFuture()), IsOk());
  EXPECT_TRUE(batch.IsRight());
}

}  // namespace
}  // namespace sta
