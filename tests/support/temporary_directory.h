// SPDX-License-Identifier: Apache-2.0
//
// An empty directory of one object, removed with it. Tests run side by side, those of one file too:
// a path of a fixed name below testing::TempDir() is another test's as well.
#ifndef TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_
#define TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace sta {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string path = std::filesystem::path(testing::TempDir()) / "sta_test.XXXXXX";
    if (mkdtemp(path.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), path);
    }
    path_ = path;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace sta

#endif  // TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_
