// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/card_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta::virtual_xrt {
namespace {

using testing::HasSubstr;

TEST(CardSpecTest, HasDefaults) {
  const auto spec = ParseSystemSpec(R"({"directory": "/cards", "cards": [{}]})");
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->directory, "/cards");
  ASSERT_EQ(spec->cards.size(), 1);
  EXPECT_EQ(spec->cards[0].body, BodyKind::kFunctional);
  EXPECT_EQ(spec->cards[0].memory_mb, 1024);
  EXPECT_EQ(spec->cards[0].compute_us_per_run, 0);
  EXPECT_EQ(spec->cards[0].transfer_mb_per_s, 0);
}

TEST(CardSpecTest, ReadsEveryField) {
  const auto spec = ParseSystemSpec(R"({"directory": "/cards", "cards": [
      {"body": "verilated"},
      {"body": "none", "memory_mb": 3, "compute_us_per_run": 4, "compute_us_per_1000_beats": 5,
       "transfer_mb_per_s": 6}]})");
  ASSERT_THAT(spec, IsOk());
  ASSERT_EQ(spec->cards.size(), 2);
  EXPECT_EQ(spec->cards[0].body, BodyKind::kVerilated);
  EXPECT_EQ(spec->cards[1].body, BodyKind::kNone);
  EXPECT_EQ(spec->cards[1].memory_mb, 3);
  EXPECT_EQ(spec->cards[1].compute_us_per_run, 4);
  EXPECT_EQ(spec->cards[1].compute_us_per_1000_beats, 5);
  EXPECT_EQ(spec->cards[1].transfer_mb_per_s, 6);
}

TEST(CardSpecTest, SaysWhatIsWrong) {
  const struct {
    const char* json;
    const char* message;
  } cases[] = {
      {"{", "this is not JSON"},
      {"[]", "the file has to be an object"},
      {R"({"cards": []})", "the file names no directory"},
      {R"({"directory": 1, "cards": []})", "the file directory is 1, not a string"},
      {R"({"directory": "d"})", "the file has to have cards, an array of at most 64"},
      {R"({"directory": "d", "cards": {}})", "the file has to have cards, an array of at most 64"},
      {R"({"directory": "d", "cards": [], "x": 1})", "the file has a field that is not known"},
      {R"({"directory": "d", "cards": [{}, 2]})", "cards[1] has to be an object"},
      {R"({"directory": "d", "cards": [{"x": 1}]})", "cards[0] has a field that is not known"},
      {R"({"directory": "d", "cards": [{"body": "clay"}]})",
       R"(cards[0] body is "clay", allowed are functional, none and verilated)"},
      {R"({"directory": "d", "cards": [{"memory_mb": 0}]})",
       "cards[0] memory_mb is 0, allowed are integers 1..65536"},
      {R"({"directory": "d", "cards": [{"memory_mb": 1.5}]})",
       "cards[0] memory_mb is 1.5, allowed are integers 1..65536"},
      {R"({"directory": "d", "cards": [{"compute_us_per_run": -1}]})",
       "cards[0] compute_us_per_run is -1, allowed are integers 0..60000000"},
      {R"({"directory": "d", "cards": [{"memory_mb": 18446744073709551615}]})",
       "cards[0] memory_mb is 18446744073709551615, allowed are integers 1..65536"},
  };
  for (const auto& [json, message] : cases) {
    EXPECT_THAT(ParseSystemSpec(json), StatusIs(absl::StatusCode::kInvalidArgument, message))
        << json;
  }
}

TEST(CardSpecTest, ReadsAFile) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "cards.json";
  EXPECT_THAT(ReadSystemSpec(path.c_str()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("cannot read " + path)));
  EXPECT_THAT(ReadSystemSpec(nullptr),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("STA_VIRTUAL_CARDS names no file")));
  EXPECT_THAT(ReadSystemSpec(""), StatusIs(absl::StatusCode::kNotFound));
  std::ofstream(path) << R"({"directory": "d", "cards": [{}, {}, {}]})";
  const auto spec = ReadSystemSpec(path.c_str());
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->cards.size(), 3);
  std::ofstream(path) << "?";
  EXPECT_THAT(ReadSystemSpec(path.c_str()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(path + ": this is not JSON")));
}

}  // namespace
}  // namespace sta::virtual_xrt
