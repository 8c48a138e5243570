// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/quota.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;

TEST(QuotaTest, EachBoundCountsByItself) {
  const StoreOptions options = {.max_store_bytes = 100,
                                .max_model_bytes = 50,
                                .max_model_versions = 3,
                                .min_free_bytes = 10,
                                .max_open_uploads = 2};
  const QuotaDemand full = {.model = "m",
                            .open_uploads = 2,
                            .store_bytes = 100,
                            .model_bytes = 50,
                            .model_versions = 3,
                            .free_bytes = 10};
  EXPECT_THAT(CheckQuota(options, full), IsOk());
  const auto refused = [](const char* text) {
    return StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr(text));
  };
  QuotaDemand demand = full;
  demand.open_uploads = 3;
  EXPECT_THAT(CheckQuota(options, demand), refused("allowed are 2"));
  demand = full;
  demand.store_bytes = 101;
  EXPECT_THAT(CheckQuota(options, demand), refused("101 bytes, allowed are 100"));
  demand = full;
  demand.model_bytes = 51;
  EXPECT_THAT(CheckQuota(options, demand), refused("'m' would take 51 bytes, allowed are 50"));
  demand = full;
  demand.model_versions = 4;
  EXPECT_THAT(CheckQuota(options, demand), refused("4 versions, allowed are 3"));
  demand = full;
  demand.free_bytes = 7;
  EXPECT_THAT(CheckQuota(options, demand), refused("3 more bytes"));
}

TEST(QuotaTest, ZeroIsNoBoundButTheDiskIsOne) {
  EXPECT_THAT(CheckQuota({}, {.open_uploads = 64,
                              .store_bytes = int64_t{1} << 60,
                              .model_bytes = int64_t{1} << 60,
                              .model_versions = 1'000'000}),
              IsOk());
  EXPECT_THAT(CheckQuota({}, {.free_bytes = -1}), StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace sta
