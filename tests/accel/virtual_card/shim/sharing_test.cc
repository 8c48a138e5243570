// SPDX-License-Identifier: Apache-2.0
//
// A card among processes and among openings: who has it, and what is left of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "accel/virtual_card/shim/device_memory.h"
#include "accel/virtual_card/shim/file_lock.h"
#include "accel/xrt/xclbin/xclbin.h"
#include "tests/accel/virtual_card/shim/shim_tester.h"
#include "tests/support/status_matchers.h"

namespace sta::virtual_xrt {
namespace {

class SharingTest : public ShimTest {
 protected:
  static std::string LockPath() { return Directory() + "/card0.lock"; }

  static void ExpectBusy() {
    try {
      const xrt::device device(kFunctional);
      ADD_FAILURE() << "the card could be opened";
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), EBUSY);
      EXPECT_THAT(error.what(), testing::HasSubstr("card 0: another process has locked"));
    }
  }
};

TEST_F(SharingTest, ACardOfAnotherProcessIsBusyUntilThatIsKilled) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const std::string path = LockPath();
  const pid_t process = fork();
  if (process == 0) {  // as another process would, with nothing but system calls
    const int file = open(path.c_str(), O_RDWR | O_CREAT, 0666);
    const char is_locked = flock(file, LOCK_EX | LOCK_NB) == 0 ? 'y' : 'n';
    const ssize_t written = write(ready[1], &is_locked, 1);
    while (written == 1) pause();
    _exit(1);
  }
  char is_locked = 0;
  ASSERT_EQ(read(ready[0], &is_locked, 1), 1);
  EXPECT_EQ(is_locked, 'y');
  ExpectBusy();
  kill(process, SIGKILL);
  ASSERT_EQ(waitpid(process, nullptr, 0), process);
  const xrt::device device(kFunctional);
  close(ready[0]);
  close(ready[1]);
}

TEST_F(SharingTest, ACardIsThisProcesssForAsLongAsItIsOpen) {
  {
    const xrt::device first(kFunctional);
    auto second = std::make_unique<xrt::device>(kFunctional);
    second.reset();
    EXPECT_THAT(FileLock::Acquire(LockPath()), StatusIs(absl::StatusCode::kFailedPrecondition));
  }
  EXPECT_THAT(FileLock::Acquire(LockPath()), IsOk());
}

TEST_F(SharingTest, OpeningAgainFindsNothingOfBefore) {
  const EncodedBatch batch = EncodedBatch::Make(21);
  {
    XrtHost host(kFunctional, batch);
    host.Upload();
    EXPECT_GT(Status(kFunctional).at("memory_used"), 0);
    EXPECT_GT(Status(kFunctional).at("buffers"), 0);
  }
  EXPECT_EQ(Status(kFunctional).at("open"), false);
  XrtHost host(kFunctional, batch);
  host.program.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  EXPECT_EQ(host.program.map<uint8_t*>()[0], DeviceMemory::kPattern);
}

TEST_F(SharingTest, ABufferFindsNothingOfTheOneBefore) {
  const EncodedBatch batch = EncodedBatch::Make(22);
  XrtHost host(kFunctional, batch);
  const auto bank = static_cast<xrt::memory_group>(host.kernel.group_id(0));
  uint64_t address = 0;
  {
    xrt::bo buffer(host.device, 4096, bank);
    address = buffer.address();
    buffer.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  }
  xrt::bo buffer(host.device, 4096, bank);
  EXPECT_EQ(buffer.address(), address);
  buffer.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  EXPECT_EQ(buffer.map<uint8_t*>()[0], DeviceMemory::kPattern);
}

TEST_F(SharingTest, TwoOpeningsShareTheCard) {
  const EncodedBatch batch = EncodedBatch::Make(23);
  auto first = std::make_unique<XrtHost>(kFunctional, batch);
  XrtHost second(kFunctional, batch);
  first->Upload();
  second.Upload();
  first->run.start();
  second.run.start();
  EXPECT_EQ(WaitFor(first->run), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(WaitFor(second.run), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(first->Output(), batch.expected);
  first.reset();
  EXPECT_EQ(second.Run(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(second.Output(), batch.expected);
}

// One card a thread, as a server has them, and one that asks all of them how they are.
TEST_F(SharingTest, ThreadsUseTheirCardsAtTheSameTime) {
  const EncodedBatch batch = EncodedBatch::Make(24);
  // XRT looks an opened device up without a lock: opening is not for many threads at once.
  std::vector<std::unique_ptr<XrtHost>> hosts;
  for (const TestCard card : {kFunctional, kNone, kMillisecond}) {
    hosts.push_back(std::make_unique<XrtHost>(card, batch));
  }
  std::atomic<bool> is_over = false;
  std::thread watcher([&] {
    while (!is_over) {
      for (unsigned int card = 0; card < kCardCount; ++card) Status(card);
    }
  });
  std::vector<std::thread> workers;
  for (const auto& host : hosts) {
    workers.emplace_back([&host = *host] {
      for (int i = 0; i < 10; ++i) {
        host.Upload();
        EXPECT_EQ(host.Run(), ERT_CMD_STATE_COMPLETED);
        host.Output();
        EXPECT_EQ(host.Register(0xD8), host.OutputChecksum());
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  is_over = true;
  watcher.join();
}

TEST_F(SharingTest, AnotherXclbinIsRefused) {
  const EncodedBatch batch = EncodedBatch::Make(25);
  XrtHost host(kFunctional, batch);
  xrt::device second(kFunctional);
  try {
    second.load_xclbin(XclbinOf({.array = batch.config, .memory_mb = 15}));
    ADD_FAILURE() << "the card became another under its user";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EBUSY);
  }
}

TEST_F(SharingTest, AnXclbinOfAnotherKindOfCardIsRefused) {
  XclbinDescription description =
      ReadXclbin(MakeStaXclbin({.array = EncodedBatch::Make(26).config}).value())->description;
  description.array.reset();
  xrt::device device(kFunctional);
  try {
    device.load_xclbin(XclbinOf(WriteXclbin(description).value()));
    ADD_FAILURE() << "no card is made of that";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EINVAL);
    EXPECT_THAT(error.what(), testing::HasSubstr("not for a virtual card"));
  }
}

}  // namespace
}  // namespace sta::virtual_xrt
