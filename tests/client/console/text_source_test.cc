// SPDX-License-Identifier: Apache-2.0
#include "client/console/text_source.h"

#include <fstream>
#include <sstream>

#include "tests/support/status_matchers.h"

namespace sta::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::vector<std::string>> AllBatches(TextSource& source) {
  std::vector<std::vector<std::string>> batches;
  while (true) {
    std::vector<std::string> batch = source.NextBatch().value();
    if (batch.empty()) return batches;
    batches.push_back(std::move(batch));
  }
}

TEST(LineTextSourceTest, BatchesLinesInOrder) {
  std::istringstream stream("one\ntwo\r\n\nfour\nfive");
  LineTextSource source(stream, {.max_rows = 2});
  EXPECT_THAT(AllBatches(source),
              ElementsAre(ElementsAre("one", "two"), ElementsAre("", "four"), ElementsAre("five")));
}

TEST(LineTextSourceTest, BoundsTheBytesOfABatch) {
  std::istringstream stream("aaaa\nbbbb\ncccc\ndddd\n");
  LineTextSource source(stream, {.max_rows = 100, .max_bytes = 6});
  EXPECT_THAT(AllBatches(source),
              ElementsAre(ElementsAre("aaaa", "bbbb"), ElementsAre("cccc", "dddd")));
}

TEST(LineTextSourceTest, RefusesALineThatIsTooLong) {
  std::istringstream stream("ab\nabc\nabcd\n");
  LineTextSource source(stream, {.max_rows = 2, .max_line_bytes = 3});
  EXPECT_THAT(source.NextBatch().value(), ElementsAre("ab", "abc"));
  EXPECT_THAT(source.NextBatch(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 3 is over")));
}

TEST(LineTextSourceTest, AnEmptyStreamHasNoTexts) {
  std::istringstream stream("");
  LineTextSource source(stream, {});
  EXPECT_THAT(source.NextBatch().value(), IsEmpty());
  EXPECT_THAT(source.NextBatch().value(), IsEmpty());
}

TEST(LineTextSourceTest, ReportsAReadThatFails) {
  std::ifstream directory("/");
  LineTextSource source(directory, {});
  EXPECT_THAT(source.NextBatch(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(ListTextSourceTest, BatchesTheList) {
  ListTextSource source({"a", "b", "c"}, {.max_rows = 2});
  EXPECT_THAT(AllBatches(source), ElementsAre(ElementsAre("a", "b"), ElementsAre("c")));
}

}  // namespace
}  // namespace sta::client
