// SPDX-License-Identifier: Apache-2.0
//
// SharedSegment: a piece of POSIX shared memory under a key of its own, as a client would make it;
// gone with the object.
#ifndef TESTS_SERVER_SERVICES_SHARED_SEGMENT_H_
#define TESTS_SERVER_SERVICES_SHARED_SEGMENT_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace sta {

class SharedSegment {
 public:
  explicit SharedSegment(int64_t byte_size, mode_t mode = 0600)
      : key_("/sta-test-" + std::to_string(getpid()) + "-" + std::to_string(NextNumber())),
        descriptor_(shm_open(key_.c_str(), O_RDWR | O_CREAT | O_EXCL, mode)) {
    EXPECT_GE(descriptor_, 0);
    Resize(byte_size);
  }
  ~SharedSegment() {
    close(descriptor_);
    shm_unlink(key_.c_str());
  }
  SharedSegment(const SharedSegment&) = delete;
  SharedSegment& operator=(const SharedSegment&) = delete;

  const std::string& key() const { return key_; }

  void Resize(int64_t byte_size) const { EXPECT_EQ(ftruncate(descriptor_, byte_size), 0); }
  int64_t size() const { return lseek(descriptor_, 0, SEEK_END); }

  void Write(int64_t offset, std::string_view bytes) const {
    EXPECT_EQ(pwrite(descriptor_, bytes.data(), bytes.size(), offset), std::ssize(bytes));
  }
  std::string Read(int64_t offset, size_t byte_size) const {
    std::string bytes(byte_size, '\0');
    EXPECT_EQ(pread(descriptor_, bytes.data(), byte_size, offset), static_cast<ssize_t>(byte_size));
    return bytes;
  }

 private:
  static int NextNumber() {
    static std::atomic<int> number = 0;
    return number++;
  }

  const std::string key_;
  const int descriptor_;
};

}  // namespace sta

#endif  // TESTS_SERVER_SERVICES_SHARED_SEGMENT_H_
