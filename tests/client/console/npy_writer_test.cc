// SPDX-License-Identifier: Apache-2.0
#include "client/console/npy_writer.h"

#include <cstring>
#include <filesystem>
#include <iterator>
#include <vector>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta::client {
namespace {

using testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class NpyWriterTest : public testing::Test {
 protected:
  const TemporaryDirectory directory_;
  const std::string path_ = directory_.path() / "rows.npy";
};

TEST_F(NpyWriterTest, WritesAHeaderThatNumpyReads) {
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<NpyWriter> writer, NpyWriter::Create(path_));
  const std::vector<float> rows[] = {{1, 2, 3}, {4, 5, 6}};
  for (const std::vector<float>& row : rows) ASSERT_THAT(writer->Append(row), IsOk());
  EXPECT_FALSE(std::filesystem::exists(path_));
  ASSERT_THAT(writer->Finish(), IsOk());

  const std::string bytes = ReadFile(path_);
  ASSERT_EQ(bytes.size(), 128 + 6 * sizeof(float));
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_EQ(bytes.substr(10, 60), "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } ");
  EXPECT_EQ(bytes[127], '\n');
  float last = 0;
  std::memcpy(&last, bytes.data() + bytes.size() - sizeof(last), sizeof(last));
  EXPECT_EQ(last, 6);
}

TEST_F(NpyWriterTest, LeavesNothingWithoutFinish) {
  {
    STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<NpyWriter> writer, NpyWriter::Create(path_));
    const std::vector<float> row = {1};
    ASSERT_THAT(writer->Append(row), IsOk());
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".partial"));
}

TEST_F(NpyWriterTest, RefusesRowsOfAnotherLength) {
  STA_ASSERT_OK_AND_ASSIGN(const std::unique_ptr<NpyWriter> writer, NpyWriter::Create(path_));
  const std::vector<float> first = {1, 2};
  const std::vector<float> second = {1};
  ASSERT_THAT(writer->Append(first), IsOk());
  EXPECT_THAT(writer->Append(second),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("row 1 has 1 values")));
}

TEST_F(NpyWriterTest, RefusesAPathThatCannotBeWritten) {
  EXPECT_THAT(NpyWriter::Create("/nowhere/at/all.npy").status(),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("/nowhere/at/all.npy")));
}

}  // namespace
}  // namespace sta::client
