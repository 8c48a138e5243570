// SPDX-License-Identifier: Apache-2.0
#include "server/process/ports_file.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

std::string Content(const std::filesystem::path& path) {
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

TEST(PortsFileTest, WritesTheAddressesAndReplacesAnOldFile) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "ports";
  std::ofstream(path) << "old and long content that must not remain\n";
  ASSERT_THAT(WritePortsFile(path, {{"127.0.0.1", 4001}, {.path = "/run/sta"}}, {{"0.0.0.0", 4003}},
                             {"::1", 4002}),
              IsOk());
  EXPECT_EQ(Content(path),
            "grpc=127.0.0.1:4001\ngrpc=unix:/run/sta\nhttp=0.0.0.0:4003\nmetrics=[::1]:4002\n");
  ASSERT_THAT(WritePortsFile(path, {{"127.0.0.1", 4001}}, {}, {}), IsOk());
  EXPECT_EQ(Content(path), "grpc=127.0.0.1:4001\n");
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".tmp"));
}

TEST(PortsFileTest, SaysWhichFileCannotBeWritten) {
  EXPECT_THAT(WritePortsFile("/nowhere/ports", {{"127.0.0.1", 1}}, {}, {}),
              StatusIs(absl::StatusCode::kUnavailable, testing::HasSubstr("/nowhere/ports")));
}

}  // namespace
}  // namespace sta
