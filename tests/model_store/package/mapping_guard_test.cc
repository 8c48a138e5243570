// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/mapping_guard.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace sta {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPages = 16;
const size_t kPageBytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));

// The compiler must not leave it out.
char ReadByte(const std::byte& byte) {
  return static_cast<char>(static_cast<const volatile std::byte&>(byte));
}

// A file full of 'x', mapped without a guard.
class Mapping {
 public:
  explicit Mapping(const fs::path& path) : path_(path) {
    std::ofstream(path, std::ios::binary) << std::string(kPages * kPageBytes, 'x');
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    void* address = mmap(nullptr, kPages * kPageBytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    EXPECT_NE(address, MAP_FAILED);
    bytes_ = {static_cast<const std::byte*>(address), kPages * kPageBytes};
  }
  ~Mapping() { munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size()); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  char Read(size_t page) const { return ReadByte(bytes_[page * kPageBytes]); }
  void CutTo(size_t pages) const { fs::resize_file(path_, pages * kPageBytes); }

 private:
  fs::path path_;
  std::span<const std::byte> bytes_;
};

bool DiedOfSigbus(int status) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  // They have a handler of their own, which reports and exits.
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) return true;
#endif
#endif
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS;
}

class MappingGuardTest : public testing::Test {
 protected:
  const TemporaryDirectory temporary_;
  const fs::path path_ = temporary_.path() / "file";
};

TEST_F(MappingGuardTest, PagesBeyondTheEndAreZeros) {
  const Mapping mapping(path_);
  const MappingGuard guard(mapping.bytes());
  EXPECT_EQ(mapping.Read(kPages - 1), 'x');
  mapping.CutTo(4);
  EXPECT_EQ(mapping.Read(3), 'x');
  EXPECT_FALSE(guard.faulted());
  EXPECT_EQ(mapping.Read(4), 0);
  EXPECT_TRUE(guard.faulted());
  // All of it: one fault a mapping, and no page of which nobody knows whether it is the file's.
  EXPECT_EQ(mapping.Read(0), 0);
  EXPECT_EQ(mapping.Read(kPages - 1), 0);
  EXPECT_TRUE(guard.faulted());
}

TEST_F(MappingGuardTest, TheTailOfTheLastPageBelongsToTheMapping) {
  const Mapping mapping(path_);
  const MappingGuard guard(mapping.bytes().first(kPages * kPageBytes - 100));
  mapping.CutTo(0);
  EXPECT_EQ(ReadByte(mapping.bytes().back()), 0);
  EXPECT_TRUE(guard.faulted());
}

TEST_F(MappingGuardTest, OtherMappingsGoOn) {
  const Mapping first(path_);
  const Mapping second(temporary_.path() / "second");
  const Mapping third(temporary_.path() / "third");
  const MappingGuard first_guard(first.bytes());
  const MappingGuard second_guard(second.bytes());
  const MappingGuard third_guard(third.bytes());
  second.CutTo(0);
  EXPECT_EQ(second.Read(0), 0);
  EXPECT_TRUE(second_guard.faulted());
  EXPECT_FALSE(first_guard.faulted());
  EXPECT_FALSE(third_guard.faulted());
  EXPECT_EQ(first.Read(kPages - 1), 'x');
  EXPECT_EQ(third.Read(kPages - 1), 'x');
}

TEST_F(MappingGuardTest, ANewGuardKnowsNothingOfTheOneBefore) {
  {
    const Mapping mapping(path_);
    const MappingGuard guard(mapping.bytes());
    mapping.CutTo(0);
    EXPECT_EQ(mapping.Read(0), 0);
    EXPECT_TRUE(guard.faulted());
  }
  const Mapping mapping(path_);
  const MappingGuard guard(mapping.bytes());
  EXPECT_EQ(mapping.Read(0), 'x');
  EXPECT_FALSE(guard.faulted());
}

TEST_F(MappingGuardTest, ThreadsMayFaultTogether) {
  const Mapping mapping(path_);
  const MappingGuard guard(mapping.bytes());
  mapping.CutTo(0);
  std::atomic<int> waiting = 8;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      --waiting;
      while (waiting > 0) {
      }
      for (size_t page = 0; page < kPages; ++page) {
        if (mapping.Read((page + t) % kPages) != 0) ++wrong;
      }
      if (!guard.faulted()) ++wrong;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// Readers that go on while the file is cut: none may take a zero for content. Guards come and go
// beside them, so that the handler meets slots that change.
TEST_F(MappingGuardTest, WhoeverReadsAZeroFindsTheFault) {
  std::atomic<bool> done = false;
  std::thread others([&] {
    const Mapping mapping(temporary_.path() / "other");
    while (!done) {
      const MappingGuard one(mapping.bytes());
      const MappingGuard two(mapping.bytes().first(kPageBytes));
      EXPECT_FALSE(one.faulted() || two.faulted());
    }
  });
  for (int round = 0; round < 10; ++round) {
    const Mapping mapping(path_);
    const MappingGuard guard(mapping.bytes());
    std::atomic<int> wrong = 0;
    std::atomic<int> reading = 0;
    std::vector<std::thread> readers;
    for (int t = 0; t < 3; ++t) {
      readers.emplace_back([&] {
        ++reading;
        while (true) {
          const bool all_there = [&] {
            for (size_t page = 0; page < kPages; ++page) {
              if (mapping.Read(page) != 'x') return false;
            }
            return true;
          }();
          const bool faulted = guard.faulted();
          if (!all_there && !faulted) ++wrong;
          if (faulted) return;
        }
      });
    }
    while (reading < 3) {
    }
    mapping.CutTo(0);
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(wrong, 0);
  }
  done = true;
  others.join();
}

using MappingGuardDeathTest = MappingGuardTest;

TEST_F(MappingGuardDeathTest, AFaultElsewhereStillKills) {
  const Mapping guarded(path_);
  const Mapping bare(temporary_.path() / "bare");
  std::optional<MappingGuard> guard(guarded.bytes());
  bare.CutTo(0);
  EXPECT_EXIT(bare.Read(0), DiedOfSigbus, "");
  guarded.CutTo(0);
  guard.reset();  // from now on it is like any other
  EXPECT_EXIT(guarded.Read(0), DiedOfSigbus, "");
}

TEST_F(MappingGuardDeathTest, ASignalThatIsSentStillKills) {
  const Mapping guarded(path_);
  const MappingGuard guard(guarded.bytes());
  EXPECT_EXIT(kill(getpid(), SIGBUS), DiedOfSigbus, "");
}

TEST_F(MappingGuardDeathTest, WhatIsNotOursGoesToTheHandlerThatWasThere) {
  // In a process of its own, which has no guard yet.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto fault_outside = [this](auto handler) {
    struct sigaction action {};
    action.sa_flags = std::is_same_v<decltype(handler), void (*)(int)> ? 0 : SA_SIGINFO;
    if constexpr (std::is_same_v<decltype(handler), void (*)(int)>) {
      action.sa_handler = handler;
    } else {
      action.sa_sigaction = handler;
    }
    sigaction(SIGBUS, &action, nullptr);
    const Mapping guarded(path_);
    const Mapping bare(temporary_.path() / "bare");
    const MappingGuard guard(guarded.bytes());
    guarded.CutTo(0);
    guarded.Read(0);  // this one is ours
    bare.CutTo(0);
    bare.Read(0);
  };
  void (*const plain)(int) = [](int) { _exit(41); };
  void (*const with_details)(int, siginfo_t*, void*) = [](int, siginfo_t* info, void*) {
    _exit(info->si_code == BUS_ADRERR ? 42 : 1);
  };
  EXPECT_EXIT(fault_outside(plain), testing::ExitedWithCode(41), "");
  EXPECT_EXIT(fault_outside(with_details), testing::ExitedWithCode(42), "");
  EXPECT_EXIT(fault_outside(static_cast<void (*)(int)>(SIG_IGN)), DiedOfSigbus, "");
}

}  // namespace
}  // namespace sta
