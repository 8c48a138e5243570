// SPDX-License-Identifier: Apache-2.0
//
// EngineRunner: a model from token ids to sentence embeddings on a device of its own, as the server
// runs it but without queues and RPC: front end, Device::Run, head.
//
//   auto runner = EngineRunner::Open({.package = "store/minilm/1", .threads = 1});
//   auto prepared = (*runner)->Prepare("8x128");
//   absl::Status status = (*runner)->Run(**prepared);   // what benchmarks measure
//
// Not thread-safe. Run allocates nothing itself.
#ifndef BENCH_ENGINE_ENGINE_RUNNER_H_
#define BENCH_ENGINE_ENGINE_RUNNER_H_

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "accel/device.h"
#include "bench/engine/workload.h"
#include "model_store/model/loaded_model.h"

namespace sta::bench {

// A checked workload with the buffers that it runs in.
struct PreparedWorkload {
  Workload workload;
  std::vector<int32_t> offsets;
  std::vector<int16_t> input;
  std::vector<int16_t> output;
  std::vector<float> embeddings;  // [sequences][hidden], of the last run
};

class EngineRunner {
 public:
  struct Options {
    std::filesystem::path package;
    int threads = 1;
  };

  // Statuses of Package::Open, LoadedModel::Load and Device::Load. INVALID_ARGUMENT: a model of
  // another task than sentence embedding.
  static absl::StatusOr<std::unique_ptr<EngineRunner>> Open(const Options& options);

  // The same, on a device that the caller made.
  static absl::StatusOr<std::unique_ptr<EngineRunner>> Open(const std::filesystem::path& package,
                                                            std::unique_ptr<Device> device);

  // `text` as MakeWorkload takes it. INVALID_ARGUMENT also where the model does not know a token.
  absl::StatusOr<std::unique_ptr<PreparedWorkload>> Prepare(std::string_view text) const;

  // Fills prepared.embeddings. Statuses of Device::Run.
  absl::Status Run(PreparedWorkload& prepared);

  const DeviceCaps& device_caps() const { return device_->caps(); }

 private:
  EngineRunner(std::shared_ptr<const LoadedModel> model, std::unique_ptr<Device> device,
               std::unique_ptr<LoadedProgram> program);

  std::shared_ptr<const LoadedModel> model_;
  std::unique_ptr<Device> device_;
  std::unique_ptr<LoadedProgram> program_;  // goes before its device
};

}  // namespace sta::bench

#endif  // BENCH_ENGINE_ENGINE_RUNNER_H_
