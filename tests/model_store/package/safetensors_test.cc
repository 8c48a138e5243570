// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/safetensors.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <fstream>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kDataLoss = absl::StatusCode::kDataLoss;

template <typename T>
std::span<const std::byte> Bytes(const T& container) {
  return std::as_bytes(std::span(container));
}

// A file with `header` as it stands and `data_bytes` bytes of data.
std::string FileWith(const std::string& header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string file(sizeof(length), '\0');
  std::memcpy(file.data(), &length, sizeof(length));
  return file + header + std::string(data_bytes, '\x01');
}

TEST(SafetensorsTest, ReadsWhatItWrites) {
  const std::vector<float> floats = {1.5f, -2.0f, 0.0f, 4.0f, 5.0f, 6.0f};
  const std::vector<int8_t> bytes = {1, -2, 3};
  SafetensorsWriter writer;
  writer.Add("bytes", TensorType::kI8, {3}, Bytes(bytes));
  writer.Add("floats", TensorType::kF32, {2, 3}, Bytes(floats));
  writer.Add("empty", TensorType::kI16, {0, 7}, {});
  STA_ASSERT_OK_AND_ASSIGN(const std::string content, writer.Finish());
  STA_ASSERT_OK_AND_ASSIGN(const auto file, SafetensorsFile::Parse(Bytes(content)));

  STA_ASSERT_OK_AND_ASSIGN(const TensorView view, file->Find("floats"));
  EXPECT_EQ(view.type, TensorType::kF32);
  EXPECT_THAT(view.shape, ElementsAre(2, 3));
  EXPECT_EQ(view.element_count(), 6);
  EXPECT_EQ(std::memcmp(view.data.data(), floats.data(), view.data.size()), 0);
  EXPECT_EQ((view.data.data() - Bytes(content).data()) % 4, 0) << "floats must be aligned";
  STA_ASSERT_OK_AND_ASSIGN(const TensorView empty, file->Find("empty"));
  EXPECT_EQ(empty.element_count(), 0);
  EXPECT_THAT(file->Find("absent"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("'absent'")));
}

TEST(SafetensorsTest, WriterRefusesMismatchesAndDuplicates) {
  SafetensorsWriter wrong_size;
  wrong_size.Add("a", TensorType::kI32, {2}, Bytes(std::array<int8_t, 7>{}));
  EXPECT_THAT(wrong_size.Finish(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'a'")));
  SafetensorsWriter twice;
  twice.Add("a", TensorType::kI8, {1}, Bytes(std::array<int8_t, 1>{}));
  twice.Add("a", TensorType::kI8, {1}, Bytes(std::array<int8_t, 1>{}));
  EXPECT_THAT(twice.Finish(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("twice")));
}

struct BadHeader {
  const char* name;
  const char* header;
  size_t data_bytes;
  const char* message;
};

TEST(SafetensorsTest, RefusesHostileHeaders) {
  const BadHeader cases[] = {
      {"not JSON", "{", 0, "not valid JSON"},
      {"not an object", "[]", 0, "not an object"},
      {"twice", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":1})", 1, "twice"},
      {"deep", R"({"a":{"dtype":[[[[1]]]]}})", 0, "deeper"},
      {"entry", R"({"a":3})", 0, "not an object"},
      {"no dtype", R"({"a":{"shape":[1],"data_offsets":[0,1]}})", 1, "'dtype'"},
      {"dtype", R"({"a":{"dtype":"F8","shape":[1],"data_offsets":[0,1]}})", 1, "'F8'"},
      {"negative", R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", 1, "'shape'"},
      {"fraction", R"({"a":{"dtype":"U8","shape":[0.5],"data_offsets":[0,1]}})", 1, "'shape'"},
      {"overflow", R"({"a":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}})",
       0, "does not fit"},
      {"huge", R"({"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,0]}})", 0,
       "'shape'"},
      {"rank", R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", 1,
       "'shape'"},
      {"outside", R"({"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}})", 8, "outside"},
      {"reversed", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[2,1]}})", 8, "outside"},
      {"one offset", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}})", 1, "outside"},
      {"size", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4, "does not fit"},
      {"overlap",
       R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
       R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
       3, "overlap"},
      {"hole", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2, "hole"},
      {"trailing", R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 2, "end at byte 1"},
      {"metadata", R"({"__metadata__":{"a":1}})", 0, "more than strings"},
  };
  for (const BadHeader& bad : cases) {
    const std::string file = FileWith(bad.header, bad.data_bytes);
    EXPECT_THAT(SafetensorsFile::Parse(Bytes(file)), StatusIs(kDataLoss, HasSubstr(bad.message)))
        << bad.name;
  }
}

TEST(SafetensorsTest, RefusesEveryTruncation) {
  SafetensorsWriter writer;
  writer.Add("a", TensorType::kI32, {2}, Bytes(std::array<int32_t, 2>{1, 2}));
  STA_ASSERT_OK_AND_ASSIGN(const std::string content, writer.Finish());
  for (size_t size = 0; size < content.size(); ++size) {
    EXPECT_THAT(SafetensorsFile::Parse(Bytes(content.substr(0, size))), StatusIs(kDataLoss));
  }
}

TEST(SafetensorsTest, RefusesAHeaderLengthBeyondTheFile) {
  std::string file = FileWith("{}", 0);
  for (const uint64_t length : {uint64_t{3}, uint64_t{1} << 40, UINT64_MAX}) {
    std::memcpy(file.data(), &length, sizeof(length));
    EXPECT_THAT(SafetensorsFile::Parse(Bytes(file)), StatusIs(kDataLoss, HasSubstr("longer")));
  }
}

TEST(SafetensorsTest, OpensFilesButNotLinksOrDirectories) {
  const TemporaryDirectory temporary;
  const std::filesystem::path& directory = temporary.path();
  const std::filesystem::path path = directory / "a.safetensors";
  std::ofstream(path, std::ios::binary) << FileWith("{}", 0);
  std::filesystem::create_symlink(path, directory / "link");

  EXPECT_THAT(SafetensorsFile::Open(path), IsOk());
  EXPECT_THAT(SafetensorsFile::Open(directory / "link"),
              StatusIs(kDataLoss, HasSubstr("symbolic link")));
  EXPECT_THAT(SafetensorsFile::Open(directory), StatusIs(kDataLoss, HasSubstr("not a regular")));
  EXPECT_THAT(SafetensorsFile::Open(directory / "none"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace sta
