// SPDX-License-Identifier: Apache-2.0
#include "server/process/batcher_host.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "model_store/store/posix_file_system.h"
#include "server/models/model_status.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_pool.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

class SilentBatchObserver final : public BatchObserver {
 public:
  void OnBatch(const ServedModel& /*model*/, const BatchRecord& /*record*/) override {}
  void OnBatchDone(const ServedModel& /*model*/, const BatchRecord& /*record*/,
                   absl::Duration /*compute*/) override {}
  void OnQueueChange(const ServedModel& /*model*/, int64_t /*requests*/,
                     int64_t /*tokens*/) override {}
  void OnRejected(const ServedModel& /*model*/, RejectReason /*reason*/) override {}
};

class BatcherHostTest : public testing::Test {
 protected:
  BatcherHostTest() {
    EXPECT_THAT(WriteTinyPackage(path_, {.max_sequence_tokens = 64}), IsOk());
    auto store = VersionStore::Open(directory_.path(), {}, files_, clock_);
    EXPECT_THAT(store, IsOk());
    store_ = *std::move(store);
    std::unique_ptr<FakeDevice> device = MakeFakeDevice({.name = "fake"});
    device_ = device.get();
    std::vector<std::unique_ptr<Device>> devices;
    devices.push_back(std::move(device));
    batcher_ = std::make_unique<Batcher>(
        std::make_unique<DevicePool>(std::move(devices), DevicePoolOptions{}, clock_,
                                     pool_observer_),
        BatcherOptions{.max_batch_tokens = 256}, clock_, observer_);
    host_ = std::make_unique<BatcherHost>(
        *store_, *batcher_,
        BatcherHost::Options{.max_batch_tokens = 256, .max_tokens_beside_others = 100});
  }

  VersionInfo Version() const { return *store_->Snapshot()->Find("m", 1); }

  TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "m" / "1";
  FakeClock clock_;
  PosixFileSystem files_;
  SilentPoolObserver pool_observer_;
  SilentBatchObserver observer_;
  std::unique_ptr<VersionStore> store_;
  FakeDevice* device_ = nullptr;
  std::unique_ptr<Batcher> batcher_;
  std::unique_ptr<BatcherHost> host_;
};

TEST_F(BatcherHostTest, LoadsAPackageAndKnowsWhatItTakes) {
  EXPECT_THAT(host_->Verify(Version()), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(auto served, host_->Load(Version()));
  EXPECT_EQ(served->name, "m");
  EXPECT_EQ(served->version, 1);
  EXPECT_GT(served->memory_bytes, 0);
  EXPECT_EQ(served.use_count(), 1);
  host_->Unload(std::move(served));
}

TEST_F(BatcherHostTest, FindsABitThatFlipped) {
  const VersionInfo version = Version();
  std::fstream file(path_ / "encoder.safetensors", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1, std::ios::end);
  file.put('\x55');
  file.close();
  EXPECT_THAT(host_->Verify(version),
              StatusIs(StatusCode::kDataLoss, HasSubstr("encoder.safetensors")));
}

TEST_F(BatcherHostTest, WarmsWithAShortAndALongSequenceAndAFullBatch) {
  STA_ASSERT_OK_AND_ASSIGN(const auto served, host_->Load(Version()));
  EXPECT_THAT(host_->Warm(served, /*beside_others=*/false), IsOk());
  EXPECT_THAT(device_->batches(), ElementsAre(ElementsAre(0, 8), ElementsAre(0, 64),
                                              ElementsAre(0, 64, 128, 192, 256)));
}

TEST_F(BatcherHostTest, WarmsInSmallPiecesWhereOthersServe) {
  STA_ASSERT_OK_AND_ASSIGN(const auto served, host_->Load(Version()));
  EXPECT_THAT(host_->Warm(served, /*beside_others=*/true), IsOk());
  EXPECT_THAT(device_->batches(), ElementsAre(ElementsAre(0, 8), ElementsAre(0, 64)));
}

TEST_F(BatcherHostTest, WarmsBesideOthersWithNoMoreThanABatch) {
  BatcherHost host(*store_, *batcher_, {.max_batch_tokens = 40, .max_tokens_beside_others = 100});
  STA_ASSERT_OK_AND_ASSIGN(const auto served, host.Load(Version()));
  EXPECT_THAT(host.Warm(served, /*beside_others=*/true), IsOk());
  EXPECT_THAT(device_->batches(), ElementsAre(ElementsAre(0, 8), ElementsAre(0, 40)));
}

TEST_F(BatcherHostTest, ServesWhereTheDevicesTakeOnlyShorterSequences) {
  STA_ASSERT_OK_AND_ASSIGN(const auto served, host_->Load(Version()));
  device_->RefuseOver(32);
  EXPECT_THAT(host_->Warm(served, false), IsOk());
  device_->RefuseOver(4);
  EXPECT_THAT(host_->Warm(served, false), StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(BatcherHostTest, SaysThatAWarmUpFailed) {
  STA_ASSERT_OK_AND_ASSIGN(const auto served, host_->Load(Version()));
  batcher_->StopAccepting();
  EXPECT_THAT(host_->Warm(served, false),
              StatusIs(StatusCode::kUnavailable, HasSubstr("warming up: the server is draining")));
}

TEST_F(BatcherHostTest, LoadsADiagnosticModelOnNoDeviceWhereItIsTold) {
  const DiagnosticConfig config = {.operation = DiagnosticOperation::kIdentity,
                                   .inputs = {{"INPUT0", Datatype::kFp32, {64}}},
                                   .outputs = {{"OUTPUT0", Datatype::kFp32, {64}}}};
  ASSERT_THAT(WriteDiagnosticPackage(config, {}, directory_.path() / "d" / "3"), IsOk());
  ASSERT_THAT(store_->Rescan(), IsOk());
  const VersionInfo version = *store_->Snapshot()->Find("d", 3);
  EXPECT_THAT(host_->Load(version),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("--allow-diagnostic-models")));

  BatcherHost host(*store_, *batcher_, {.allow_diagnostic_models = true});
  ASSERT_THAT(host.Verify(version), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const auto served, host.Load(version));
  EXPECT_EQ(served->name, "d");
  EXPECT_EQ(served->version, 3);
  EXPECT_EQ(served->diagnostic->config(), config);
  EXPECT_GT(served->memory_bytes, 0);
  EXPECT_EQ(Summarize(*served).task, "identity");
  EXPECT_THAT(host.Warm(served, false), IsOk());
  EXPECT_THAT(device_->batches(), testing::IsEmpty());
}

}  // namespace
}  // namespace sta
