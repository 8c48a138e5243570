// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/model_records.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "tests/support/fake_clock.h"
#include "tests/support/simulated_file_system.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;

class ModelRecordsTest : public testing::Test {
 protected:
  ModelRecordsTest() { files_.PutDirectory("/s/.sta/models"); }

  static ModelRecord RecordWith(int64_t version) {
    ModelRecord record;
    record.Add(version, {.digest = std::string(64, 'a'), .key = "k", .created = absl::UnixEpoch()});
    return record;
  }
  // What a server that starts now would read of "m".
  ModelRecord OnDisk(FileSystem& files) const {
    ModelRecords records(files, layout_);
    EXPECT_THAT(records.Load(), IsOk());
    return records.Get("m");
  }

  const ModelRecord none_;
  const ModelRecord old_ = RecordWith(3);
  const ModelRecord new_ = RecordWith(7);
  const StoreLayout layout_{"/s"};
  FakeClock clock_;
  SimulatedFileSystem files_{clock_};
  ModelRecords records_{files_, layout_};
};

TEST_F(ModelRecordsTest, AModelThatIsNotKnownHasAnEmptyRecord) {
  EXPECT_EQ(records_.Get("m"), none_);
  ASSERT_THAT(records_.Load(), IsOk());
  EXPECT_THAT(records_.all(), IsEmpty());
  EXPECT_EQ(records_.Get("m"), none_);
  EXPECT_TRUE(records_.IsFlushed("m"));
}

TEST_F(ModelRecordsTest, AStoreWithoutTheFolderHasNoRecords) {
  files_.RemoveAll("/s/.sta/models");
  EXPECT_THAT(records_.Load(), IsOk());
  EXPECT_THAT(records_.all(), IsEmpty());
}

TEST_F(ModelRecordsTest, WhatWasPutSurvivesAPowerCut) {
  ASSERT_THAT(records_.Put("m", old_), IsOk());
  ASSERT_THAT(records_.Put("m", new_), IsOk());
  EXPECT_EQ(records_.Get("m"), new_);
  EXPECT_TRUE(records_.IsFlushed("m"));
  EXPECT_EQ(OnDisk(*files_.AfterCrash({})), new_);
}

TEST_F(ModelRecordsTest, EachModelHasItsOwn) {
  ASSERT_THAT(records_.Put("m", old_), IsOk());
  ASSERT_THAT(records_.Put("m.2", new_), IsOk());
  ModelRecords found(files_, layout_);
  ASSERT_THAT(found.Load(), IsOk());
  EXPECT_EQ(found.all().size(), 2);
  EXPECT_EQ(found.Get("m"), old_);
  EXPECT_EQ(found.Get("m.2"), new_);
}

TEST_F(ModelRecordsTest, AFailedPutChangesNothingInMemoryAndCanBeUndoneOnTheDisk) {
  ASSERT_THAT(records_.Put("m", old_), IsOk());
  const int64_t before = files_.calls();
  ASSERT_THAT(records_.Put("m", old_), IsOk());
  const int64_t calls = files_.calls() - before;
  ASSERT_GT(calls, 0);
  for (int64_t call = 1; call <= calls; ++call) {
    files_.SetFault(
        {.kind = FaultKind::kError, .call = files_.calls() + call, .error_number = ENOSPC});
    EXPECT_THAT(records_.Put("m", new_), StatusIs(StatusCode::kResourceExhausted));
    const testing::ScopedTrace trace(__FILE__, __LINE__, files_.struck());
    files_.SetFault({});
    EXPECT_EQ(records_.Get("m"), old_);
    EXPECT_FALSE(records_.IsFlushed("m"));
    EXPECT_THAT(OnDisk(files_), AnyOf(old_, new_));
    ASSERT_THAT(records_.Flush("m"), IsOk());
    EXPECT_TRUE(records_.IsFlushed("m"));
    EXPECT_EQ(OnDisk(*files_.AfterCrash({})), old_);
  }
}

TEST_F(ModelRecordsTest, WhatIsSetComesToTheDiskWithTheNextFlush) {
  ASSERT_THAT(records_.Put("m", old_), IsOk());
  records_.Set("m", new_);
  EXPECT_EQ(records_.Get("m"), new_);
  EXPECT_FALSE(records_.IsFlushed("m"));
  EXPECT_TRUE(records_.IsFlushed("other"));
  EXPECT_EQ(OnDisk(files_), old_);
  ASSERT_THAT(records_.Flush("m"), IsOk());
  EXPECT_TRUE(records_.IsFlushed("m"));
  EXPECT_EQ(OnDisk(*files_.AfterCrash({})), new_);
}

TEST_F(ModelRecordsTest, FlushesOnlyWhatIsNotOnTheDisk) {
  ASSERT_THAT(records_.Put("m", old_), IsOk());
  const int64_t calls = files_.calls();
  EXPECT_THAT(records_.Flush("m"), IsOk());
  EXPECT_THAT(records_.Flush("other"), IsOk());
  EXPECT_EQ(files_.calls(), calls);
}

TEST_F(ModelRecordsTest, AFlushThatFailsIsDoneAgain) {
  records_.Set("m", new_);
  files_.SetReadOnlyVolume(true);
  EXPECT_THAT(records_.Flush("m"), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_FALSE(records_.IsFlushed("m"));
  EXPECT_EQ(records_.Get("m"), new_);
  files_.SetReadOnlyVolume(false);
  ASSERT_THAT(records_.Flush("m"), IsOk());
  EXPECT_EQ(OnDisk(files_), new_);
}

TEST_F(ModelRecordsTest, APutMakesAFlushNeedless) {
  records_.Set("m", old_);
  ASSERT_THAT(records_.Put("m", new_), IsOk());
  EXPECT_TRUE(records_.IsFlushed("m"));
  EXPECT_EQ(OnDisk(files_), new_);
}

TEST_F(ModelRecordsTest, WritesNoRecordThatIsNoText) {
  ASSERT_THAT(records_.Put("m", old_), IsOk());
  ModelRecord bad = new_;
  bad.versions[7].key = "\xff";
  EXPECT_THAT(records_.Put("m", bad), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(records_.Get("m"), old_);
  EXPECT_EQ(OnDisk(files_), old_);
}

TEST_F(ModelRecordsTest, LoadingForgetsWhatIsInMemoryOnly) {
  ASSERT_THAT(records_.Put("m", old_), IsOk());
  records_.Set("m", new_);
  records_.Set("other", new_);
  ASSERT_THAT(records_.Load(), IsOk());
  EXPECT_EQ(records_.Get("m"), old_);
  EXPECT_EQ(records_.Get("other"), none_);
  EXPECT_TRUE(records_.IsFlushed("m"));
  EXPECT_TRUE(records_.IsFlushed("other"));
}

TEST_F(ModelRecordsTest, ReadsRecordsOnly) {
  ASSERT_THAT(records_.Put("m", old_), IsOk());
  for (const char* name : {"m.json.tmp", "n.txt", "json", ".json", ".hidden.json", "a b.json"}) {
    files_.PutFile(std::string("/s/.sta/models/") + name, "no record");
  }
  ModelRecords found(files_, layout_);
  ASSERT_THAT(found.Load(), IsOk());
  EXPECT_EQ(found.all().size(), 1);
  EXPECT_EQ(found.Get("m"), old_);
}

TEST_F(ModelRecordsTest, ADamagedRecordIsNamedAndNothingIsChanged) {
  ASSERT_THAT(records_.Put("a", old_), IsOk());
  ASSERT_THAT(records_.Put("m", old_), IsOk());
  records_.Set("a", new_);
  files_.PutFile("/s/.sta/models/m.json", "{");
  EXPECT_THAT(records_.Load(), StatusIs(StatusCode::kDataLoss, HasSubstr("/s/.sta/models/m.json")));
  EXPECT_EQ(records_.Get("m"), old_);
  EXPECT_EQ(records_.Get("a"), new_);
  EXPECT_FALSE(records_.IsFlushed("a"));
}

TEST_F(ModelRecordsTest, WhatCannotBeReadChangesNothing) {
  ASSERT_THAT(records_.Put("m", old_), IsOk());
  for (const char* path : {"/s/.sta/models", "/s/.sta/models/m.json"}) {
    files_.Deny(path);
    EXPECT_THAT(records_.Load(), StatusIs(StatusCode::kPermissionDenied)) << path;
    EXPECT_EQ(records_.Get("m"), old_);
  }
}

}  // namespace
}  // namespace sta
