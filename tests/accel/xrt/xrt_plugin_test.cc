// SPDX-License-Identifier: Apache-2.0
//
// What a server meets where XRT is not installed, or nothing that XRT could find cards with. A
// program of its own: it has no virtual cards.
#include "accel/xrt/xrt_plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(XrtPluginTest, ALibraryThatIsNotThereIsNotFound) {
  EXPECT_THAT(LoadXrtPlugin({.library_path = "/nowhere/libsta_xrt.so"}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/libsta_xrt.so")));
  // Without a path, both places are named.
  EXPECT_THAT(LoadXrtPlugin({}), StatusIs(absl::StatusCode::kNotFound,
                                          AllOf(HasSubstr("tests/accel/xrt/libsta_xrt.so"),
                                                HasSubstr("tests/accel/lib/sta/libsta_xrt.so"))));
}

TEST(XrtPluginTest, AFileThatIsNoLibraryIsUnavailable) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "libsta_xrt.so";
  std::ofstream(path) << "no library";
  EXPECT_THAT(LoadXrtPlugin({.library_path = path}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr(path)));
}

TEST(XrtPluginTest, ALibraryOfAnotherKindIsUnavailable) {
  EXPECT_THAT(LoadXrtPlugin({.library_path = STA_OTHER_LIBRARY}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("StaOpenXrtPlugin")));
}

TEST(XrtPluginTest, AShimThatIsNotThereIsUnavailable) {
  EXPECT_THAT(LoadXrtPlugin({.library_path = STA_XRT_LIBRARY, .shim_path = "/nowhere/libshim.so"}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("/nowhere/libshim.so")));
}

// The driver's library, in a machine without a card.
TEST(XrtPluginTest, ADriverWithoutCardsSeesNone) {
  STA_ASSERT_OK_AND_ASSIGN(const auto plugin, LoadXrtPlugin({.library_path = STA_XRT_LIBRARY,
                                                             .shim_path = "libxrt_core.so.2"}));
  EXPECT_THAT(plugin->EnumerateCards(), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(plugin->OpenCard({.index = 0, .xclbin_path = "/nowhere/sta.xclbin"}),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace sta
