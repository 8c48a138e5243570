// SPDX-License-Identifier: Apache-2.0
#include "server/models/model_feed.h"

#include <gtest/gtest.h>

#include "strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr absl::Time kNow = absl::UnixEpoch();

ModelStatus Version(const char* name, int64_t version, ModelState state) {
  return {.name = name, .version = version, .state = state};
}

class CountingWatcher : public ModelFeed::Watcher {
 public:
  void Changed() override { ++changes; }
  void Closed() override { ++closes; }

  int changes = 0;
  int closes = 0;
};

// "m/1 READY", "m/1 gone"
std::vector<std::string> Texts(const absl::StatusOr<std::vector<ModelEvent>>& events) {
  if (!events.ok()) return {std::string(events.status().message())};
  std::vector<std::string> texts;
  for (const ModelEvent& event : *events) {
    texts.push_back(StrCat(event.status.name, "/", event.status.version, " ",
                           event.is_deleted ? "gone" : ModelStateName(event.status.state)));
  }
  return texts;
}

class ModelFeedTest : public testing::Test {
 protected:
  ModelFeed::Cursor Open(std::string_view name, std::string_view token) const {
    absl::StatusOr<ModelFeed::Cursor> cursor = feed_.Open(name, token);
    EXPECT_THAT(cursor, IsOk());
    return cursor.ok() ? *std::move(cursor) : ModelFeed::Cursor();
  }

  ModelFeed feed_{/*epoch=*/0xABC, /*capacity=*/4};
};

TEST_F(ModelFeedTest, StartsWithWhatIsThereAndGoesOnWithWhatChanges) {
  feed_.Update("b", {Version("b", 1, ModelState::kReady)}, kNow);
  feed_.Update("a", {Version("a", 2, ModelState::kLoading), Version("a", 1, ModelState::kReady)},
               kNow);
  ModelFeed::Cursor cursor = Open("", "");
  EXPECT_THAT(Texts(feed_.Read(cursor, 2)), ElementsAre("a/2 LOADING", "a/1 READY"));
  EXPECT_THAT(Texts(feed_.Read(cursor, 2)), ElementsAre("b/1 READY"));
  EXPECT_THAT(Texts(feed_.Read(cursor, 2)), IsEmpty());
  feed_.Update("a", {Version("a", 2, ModelState::kReady), Version("a", 1, ModelState::kDraining)},
               kNow);
  feed_.Update("a", {Version("a", 2, ModelState::kReady)}, kNow);
  EXPECT_THAT(Texts(feed_.Read(cursor, 9)), ElementsAre("a/1 DRAINING", "a/2 READY", "a/1 gone"));
}

TEST_F(ModelFeedTest, TellsNothingWhereNothingChanged) {
  const auto watcher = std::make_shared<CountingWatcher>();
  feed_.AddWatcher(watcher);
  feed_.Update("a", {Version("a", 1, ModelState::kReady)}, kNow);
  feed_.Update("a", {Version("a", 1, ModelState::kReady)}, kNow + absl::Seconds(1));
  feed_.Update("never there", {}, kNow);
  EXPECT_EQ(watcher->changes, 1);
  ModelStatus named = Version("a", 1, ModelState::kReady);
  named.aliases = {"prod"};
  feed_.Update("a", {named}, kNow);
  EXPECT_EQ(watcher->changes, 2);
  feed_.RemoveWatcher(watcher);
  feed_.Update("a", {}, kNow);
  EXPECT_EQ(watcher->changes, 2);
}

TEST_F(ModelFeedTest, OneModelAlone) {
  feed_.Update("a", {Version("a", 1, ModelState::kReady)}, kNow);
  feed_.Update("b", {Version("b", 1, ModelState::kReady)}, kNow);
  ModelFeed::Cursor cursor = Open("b", "");
  feed_.Update("a", {}, kNow);
  feed_.Update("b", {}, kNow);
  EXPECT_THAT(Texts(feed_.Read(cursor, 9)), ElementsAre("b/1 READY", "b/1 gone"));
}

TEST_F(ModelFeedTest, ResumesAfterTheEventOfTheToken) {
  feed_.Update("a", {Version("a", 2, ModelState::kLoading), Version("a", 1, ModelState::kReady)},
               kNow);
  ModelFeed::Cursor first = Open("", "");
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<ModelEvent> start, feed_.Read(first, 9));
  EXPECT_EQ(start[0].resume_token, "") << "not all of the start has been seen";
  feed_.Update("a", {Version("a", 2, ModelState::kReady), Version("a", 1, ModelState::kReady)},
               kNow);
  ModelFeed::Cursor second = Open("", start[1].resume_token);
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<ModelEvent> next, feed_.Read(second, 9));
  EXPECT_THAT(Texts(next), ElementsAre("a/2 READY"));
  ModelFeed::Cursor third = Open("", next[0].resume_token);
  EXPECT_THAT(Texts(feed_.Read(third, 9)), IsEmpty());
}

TEST_F(ModelFeedTest, RefusesTokensThatCannotBeFollowed) {
  for (int64_t version = 1; version <= 9; ++version) {
    feed_.Update(StrCat(version), {Version("a", version, ModelState::kReady)}, kNow);
  }
  EXPECT_THAT(feed_.Open("", "0000000000000abc-4"),
              StatusIs(StatusCode::kAborted, HasSubstr("not kept")));
  EXPECT_THAT(feed_.Open("", "0000000000000abc-5"), IsOk());
  EXPECT_THAT(feed_.Open("", "0000000000000abd-5"),
              StatusIs(StatusCode::kAborted, HasSubstr("another run")));
  EXPECT_THAT(feed_.Open("", "0000000000000abc-10"), StatusIs(StatusCode::kAborted));
  for (const char* token : {"x", "0000000000000abc", "0000000000000abc-", "0000000000000abc-x",
                            "0000000000000abc-1x", "000000000000abcg-1", "-1"}) {
    EXPECT_THAT(feed_.Open("", token), StatusIs(StatusCode::kInvalidArgument)) << token;
  }
}

TEST_F(ModelFeedTest, TellsAWatcherThatWasTooSlow) {
  ModelFeed::Cursor cursor = Open("", "");
  for (const ModelState state :
       {ModelState::kVerifying, ModelState::kLoading, ModelState::kWarming, ModelState::kReady}) {
    feed_.Update("a", {Version("a", 1, state)}, kNow);
  }
  ModelFeed::Cursor other = cursor;
  EXPECT_THAT(Texts(feed_.Read(other, 9)),
              ElementsAre("a/1 VERIFYING", "a/1 LOADING", "a/1 WARMING", "a/1 READY"));
  feed_.Update("a", {}, kNow);
  EXPECT_THAT(feed_.Read(cursor, 9), StatusIs(StatusCode::kAborted, HasSubstr("not kept")));
}

TEST_F(ModelFeedTest, ClosesWatchersNowAndToCome) {
  const auto early = std::make_shared<CountingWatcher>();
  feed_.AddWatcher(early);
  feed_.Close();
  const auto late = std::make_shared<CountingWatcher>();
  feed_.AddWatcher(late);
  EXPECT_EQ(early->closes, 1);
  EXPECT_EQ(late->closes, 1);
  feed_.Update("a", {Version("a", 1, ModelState::kReady)}, kNow);
  EXPECT_EQ(early->changes, 0);
}

}  // namespace
}  // namespace sta
