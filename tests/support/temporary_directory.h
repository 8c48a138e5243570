// SPDX-License-Identifier: Apache-2.0
//
// An empty directory for the running test, removed with the object.
#ifndef TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_
#define TESTS_SUPPORT_TEMPORARY_DIRECTORY_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "strings/str_cat.h"

namespace sta {

class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_(std::filesystem::path(testing::TempDir()) / StrCat("sta_test.", getpid())) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
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
