// SPDX-License-Identifier: Apache-2.0
//
// Models whose files are cut short while they are served: BatchTask and Batcher on real packages.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "model_store/model/loaded_model.h"
#include "server/batching/batcher.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_device.h"
#include "tests/support/fake_pool.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

class BatchCounter final : public BatchObserver {
 public:
  void OnBatch(const ServedModel&, const BatchRecord&) override { ++batches; }
  void OnBatchDone(const ServedModel&, const BatchRecord&, absl::Duration) override {
    ++computed_batches;
  }
  void OnQueueChange(const ServedModel&, int64_t requests, int64_t) override {
    queued_requests += requests;
  }
  void OnRejected(const ServedModel&, RejectReason) override {}

  std::atomic<int64_t> batches = 0;
  std::atomic<int64_t> computed_batches = 0;
  std::atomic<int64_t> queued_requests = 0;
};

class DamagedModelTest : public testing::Test {
 protected:
  DamagedModelTest() {
    std::vector<std::unique_ptr<Device>> devices;
    devices.push_back(MakeFakeDevice({.name = "a"}));
    batcher_ = std::make_unique<Batcher>(
        std::make_unique<DevicePool>(std::move(devices), DevicePoolOptions{}, clock_,
                                     pool_observer_),
        BatcherOptions{}, clock_, observer_);
    victim_ = Load("victim");
    other_ = Load("other");
  }

  std::shared_ptr<const ServedModel> Load(const std::string& name) {
    const fs::path directory = temporary_.path() / name;
    EXPECT_THAT(WriteTinyPackage(directory), IsOk());
    const auto package = Package::Open(directory, PackageCheck::kHashes);
    EXPECT_THAT(package, IsOk());
    auto model = LoadedModel::Load(*package);
    EXPECT_THAT(model, IsOk());
    auto served = batcher_->Load(name, 1, *model);
    EXPECT_THAT(served, IsOk());
    return *served;
  }

  absl::StatusOr<std::vector<int16_t>> Ask(const std::shared_ptr<const ServedModel>& model) {
    std::promise<absl::StatusOr<JobResult>> promise;
    batcher_->Submit(
        {.model = model,
         .sequences = {{.ids = {2, 5, 7, 3}}, {.ids = {2, 20, 3}}},
         .done = [&](absl::StatusOr<JobResult> result) { promise.set_value(std::move(result)); }});
    absl::StatusOr<JobResult> result = promise.get_future().get();
    if (!result.ok()) return result.status();
    return std::move(result->rows);
  }

  fs::path Embeddings(const std::string& name) const {
    return temporary_.path() / name / "embeddings.safetensors";
  }
  void ExpectDamaged() {
    EXPECT_THAT(Ask(victim_), StatusIs(absl::StatusCode::kDataLoss,
                                       HasSubstr("file 'embeddings.safetensors' was cut short")));
    EXPECT_TRUE(victim_->model->damaged());
  }

  const TemporaryDirectory temporary_;
  FakeClock clock_;
  BatchCounter observer_;
  SilentPoolObserver pool_observer_;
  std::unique_ptr<Batcher> batcher_;
  std::shared_ptr<const ServedModel> victim_;
  std::shared_ptr<const ServedModel> other_;
};

TEST_F(DamagedModelTest, FailsWithDataLossWhileTheOthersGoOn) {
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<int16_t> rows, Ask(victim_));
  fs::resize_file(Embeddings("victim"), 0);
  ExpectDamaged();
  EXPECT_EQ(observer_.batches, 2);
  EXPECT_EQ(observer_.computed_batches, 1);
  ExpectDamaged();  // at once: no batch is made for it
  EXPECT_EQ(observer_.batches, 2);
  EXPECT_THAT(Ask(other_), IsOkAndHolds(rows));
  EXPECT_FALSE(other_->model->damaged());
  EXPECT_EQ(observer_.queued_requests, 0);
}

TEST_F(DamagedModelTest, NoticesALossThatDoesNotFault) {
  fs::resize_file(Embeddings("victim"), fs::file_size(Embeddings("victim")) - 1);
  ExpectDamaged();
}

TEST_F(DamagedModelTest, IsRightAgainWhenLoadedAnew) {
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<int16_t> rows, Ask(victim_));
  fs::resize_file(Embeddings("victim"), 100);
  ExpectDamaged();
  fs::remove_all(temporary_.path() / "victim");
  const std::shared_ptr<const ServedModel> again = Load("victim");
  EXPECT_THAT(Ask(again), IsOkAndHolds(rows));
  ExpectDamaged();  // the old one stays what it is
}

TEST_F(DamagedModelTest, FilesThatAreReplacedByOthersDoNotDisturb) {
  STA_ASSERT_OK_AND_ASSIGN(const std::vector<int16_t> rows, Ask(victim_));
  fs::remove(Embeddings("victim"));
  fs::copy_file(Embeddings("other"), Embeddings("victim"));
  EXPECT_THAT(Ask(victim_), IsOkAndHolds(rows));
}

}  // namespace
}  // namespace sta
