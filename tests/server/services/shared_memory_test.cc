// SPDX-License-Identifier: Apache-2.0
#include "server/services/shared_memory.h"

#include <limits>
#include <string>
#include <vector>

#include "tests/server/services/shared_segment.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();

TEST(SharedMemoryTest, ReadsAndWritesInsideOfARegion) {
  const SharedSegment segment(100);
  SharedMemory memory;
  ASSERT_THAT(memory.Register({.name = "r", .key = segment.key(), .offset = 10, .byte_size = 80}),
              IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const auto region, memory.Find("r"));
  EXPECT_THAT(region->Write(5, "hello"), IsOk());
  EXPECT_EQ(segment.Read(15, 5), "hello");
  segment.Write(85, "world");
  EXPECT_THAT(region->Read(75, 5), IsOkAndHolds("world"));
  EXPECT_THAT(region->Read(80, 0), IsOkAndHolds(""));
  EXPECT_EQ(segment.size(), 100);
}

TEST(SharedMemoryTest, NothingReachesBeyondARegion) {
  const SharedSegment segment(100);
  SharedMemory memory;
  ASSERT_THAT(memory.Register({.name = "r", .key = segment.key(), .offset = 10, .byte_size = 80}),
              IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const auto region, memory.Find("r"));
  EXPECT_THAT(region->Read(75, 6),
              StatusIs(StatusCode::kInvalidArgument,
                       "shared memory region 'r' has 80 bytes; 6 at offset 75 are not inside of "
                       "it"));
  EXPECT_THAT(region->Read(kHuge, 2), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(region->Read(2, kHuge), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(region->Write(80, "x"), StatusIs(StatusCode::kInvalidArgument));
}

TEST(SharedMemoryTest, MemoryThatShrankIsAnErrorAndNotTheEnd) {
  const SharedSegment segment(100);
  SharedMemory memory;
  ASSERT_THAT(memory.Register({.name = "r", .key = segment.key(), .offset = 0, .byte_size = 100}),
              IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const auto region, memory.Find("r"));
  segment.Resize(50);
  EXPECT_THAT(region->Read(0, 50), IsOk());
  EXPECT_THAT(region->Read(0, 51),
              StatusIs(StatusCode::kFailedPrecondition,
                       "shared memory region 'r': the memory was cut to 50 bytes"));
  EXPECT_THAT(region->Write(50, "x"), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(segment.size(), 50);  // not made larger again
}

TEST(SharedMemoryTest, ARegionOutlivesItsNameAndItsKey) {
  SharedMemory memory;
  std::shared_ptr<const SharedMemory::Region> region;
  {
    const SharedSegment segment(8);
    ASSERT_THAT(memory.Register({.name = "r", .key = segment.key(), .offset = 0, .byte_size = 8}),
                IsOk());
    segment.Write(0, "12345678");
    STA_ASSERT_OK_AND_ASSIGN(region, memory.Find("r"));
  }
  memory.Unregister("r");
  EXPECT_THAT(region->Read(0, 8), IsOkAndHolds("12345678"));
}

TEST(SharedMemoryTest, NamesComeAndGo) {
  const SharedSegment segment(8);
  SharedMemory memory;
  const SharedMemory::Extent a = {"a", segment.key(), 0, 8};
  const SharedMemory::Extent b = {"b", segment.key().substr(1), 4, 4};  // without the slash
  ASSERT_THAT(memory.Register(b), IsOk());
  ASSERT_THAT(memory.Register(a), IsOk());
  EXPECT_THAT(memory.List(), ElementsAre(a, b));
  EXPECT_THAT(memory.Register(a),
              StatusIs(StatusCode::kAlreadyExists,
                       "shared memory region 'a' is registered; unregister it first"));
  memory.Unregister("nobody");
  memory.Unregister("a");
  EXPECT_THAT(memory.List(), ElementsAre(b));
  EXPECT_THAT(memory.Find("a"),
              StatusIs(StatusCode::kNotFound, "shared memory region 'a' is not registered"));
  ASSERT_THAT(memory.Register(a), IsOk());
  memory.Unregister("");
  EXPECT_THAT(memory.List(), IsEmpty());
}

TEST(SharedMemoryTest, RefusesWhatIsNoRegion) {
  const SharedSegment segment(100);
  SharedMemory memory;
  struct Case {
    SharedMemory::Extent extent;
    StatusCode code;
    std::string message;
  };
  const std::string& key = segment.key();
  const std::string outside = "shared memory '" + key + "' has 100 bytes; ";
  const std::vector<Case> cases = {
      {{"", key, 0, 1}, StatusCode::kInvalidArgument, "name: has 0 bytes; allowed: 1 to 256"},
      {{std::string(257, 'n'), key, 0, 1}, StatusCode::kInvalidArgument, "name: has 257 bytes"},
      {{"r", "", 0, 1}, StatusCode::kInvalidArgument, "key: '' is no name of shared memory"},
      {{"r", "/", 0, 1}, StatusCode::kInvalidArgument, "key: '/' is no name"},
      {{"r", "/a/b", 0, 1}, StatusCode::kInvalidArgument, "key: '/a/b' is no name"},
      {{"r", "../etc/passwd", 0, 1}, StatusCode::kInvalidArgument, "key: '../etc/passwd'"},
      {{"r", "..", 0, 1}, StatusCode::kInvalidArgument, "key: '..' is no name"},
      {{"r", std::string("a\0b", 3), 0, 1}, StatusCode::kInvalidArgument, "is no name"},
      {{"r", std::string(300, 'k'), 0, 1}, StatusCode::kInvalidArgument, "kkk...' is no name"},
      {{"r", key, 0, 0}, StatusCode::kInvalidArgument, "byte_size: is 0"},
      {{"r", key, 0, 101}, StatusCode::kInvalidArgument, outside + "101 at offset 0 are not"},
      {{"r", key, 100, 1}, StatusCode::kInvalidArgument, outside + "1 at offset 100 are not"},
      {{"r", key, kHuge, 2}, StatusCode::kInvalidArgument, outside},
      {{"r", key, 2, kHuge}, StatusCode::kInvalidArgument, outside},
      {{"r", "/sta-test-nobody", 0, 1},
       StatusCode::kNotFound,
       "shared memory '/sta-test-nobody' is not there"}};
  for (const Case& bad : cases) {
    SCOPED_TRACE(bad.message);
    EXPECT_THAT(memory.Register(bad.extent), StatusIs(bad.code, HasSubstr(bad.message)));
  }
  EXPECT_THAT(memory.List(), IsEmpty());
}

TEST(SharedMemoryTest, TheNumberOfRegionsIsBounded) {
  const SharedSegment segment(8);
  SharedMemory memory(2);
  ASSERT_THAT(memory.Register({"a", segment.key(), 0, 8}), IsOk());
  ASSERT_THAT(memory.Register({"b", segment.key(), 0, 8}), IsOk());
  EXPECT_THAT(
      memory.Register({"c", segment.key(), 0, 8}),
      StatusIs(StatusCode::kResourceExhausted, "all 2 regions that there may be are registered"));
  memory.Unregister("a");
  EXPECT_THAT(memory.Register({"c", segment.key(), 0, 8}), IsOk());
}

}  // namespace
}  // namespace sta
