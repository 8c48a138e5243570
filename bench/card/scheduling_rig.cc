// SPDX-License-Identifier: Apache-2.0
#include "bench/card/scheduling_rig.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "accel/device_pool/device_pool.h"
#include "accel/emulator/emulator_device.h"
#include "accel/program/card/card_config.h"
#include "accel/xrt/xrt_device.h"
#include "bench/card/tool.h"
#include "client/client.h"
#include "client/load/length_distribution.h"
#include "client/load/load_generator.h"
#include "client/load/request_mix.h"
#include "model_store/package/package.h"
#include "server/batching/batcher.h"
#include "server/config/build_version.h"
#include "server/observability/device_metrics.h"
#include "server/observability/metrics.h"
#include "tests/support/in_process_server.h"
#include "tests/support/tiny_package.h"

namespace sta::bench {
namespace {

constexpr char kModel[] = "model";
constexpr int64_t kHiddenSize = 128;
constexpr int64_t kLongestSequence = 128;
constexpr int64_t kRowsPerRequest = 4;
constexpr char kLengths[] = "uniform:16:128";
constexpr int64_t kRequests = 256;  // different ones
// Far more tokens than all devices together have in flight.
constexpr int kStreams = 128;
constexpr int64_t kMaxBatchTokens = 1024;
constexpr absl::Duration kWarmUp = absl::Milliseconds(500);

std::vector<VirtualCardSettings> IdleCards(const std::vector<double>& milliseconds) {
  constexpr double kBeatsOf1024Tokens = 1024.0 * kHiddenSize * sizeof(int16_t) / card::kBeatBytes;
  std::vector<VirtualCardSettings> cards;
  cards.reserve(milliseconds.size());
  for (const double ms : milliseconds) {
    cards.push_back(
        {.body = "none",
         .compute_us_per_1000_beats = std::llround(ms * 1000.0 * 1000.0 / kBeatsOf1024Tokens)});
  }
  return cards;
}

int Processors() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

client::RequestMix Requests() {
  return client::RequestMix::GeneratedIds(kModel,
                                          Value(client::LengthDistribution::Parse(kLengths)),
                                          kRowsPerRequest, kRequests, std::ssize(TinyVocabulary()),
                                          /*seed=*/1);
}

// The rows of a request of Requests().
std::vector<TokenSequence> SequencesOf(const client::InferRequest& request) {
  const client::Tensor& tensor = request.inputs.front();
  const std::vector<int64_t> ids = Value(tensor.Values<int64_t>());
  const auto length = static_cast<std::ptrdiff_t>(tensor.shape[1]);
  std::vector<TokenSequence> sequences;
  for (auto row = ids.begin(); row != ids.end(); row += length) {
    sequences.push_back({.ids = {row, row + length}, .types = {}});
  }
  return sequences;
}

using Done = std::function<void(absl::Status)>;
// Sends a request, as client::SendFunction.
using Ask = std::function<void(const client::InferRequest& request, Done done)>;

// Tokens a second that a closed loop gets done.
double Rate(absl::Duration duration, const Ask& ask) {
  const client::RequestMix requests = Requests();
  const absl::Time begin = absl::Now() + kWarmUp;
  const absl::Time end = begin + duration;
  std::atomic<int64_t> tokens = 0;
  const client::SendFunction send = [&](int64_t index, Done done) {
    const client::InferRequest& request = requests.At(index);
    ask(request, [&, done = std::move(done)](const absl::Status& status) {
      const absl::Time now = absl::Now();
      const std::vector<int64_t>& shape = request.inputs.front().shape;
      if (status.ok() && now >= begin && now < end) tokens += shape[0] * shape[1];
      done(status);
    });
  };
  const std::atomic<bool> stop = false;
  const client::LoadResult result =
      client::RunClosedLoop(send, {.streams = kStreams, .duration = kWarmUp + duration}, stop);
  if (!result.errors.empty()) throw std::runtime_error("requests failed");
  return static_cast<double>(tokens) / absl::ToDoubleSeconds(duration);
}

}  // namespace

SchedulingRig::SchedulingRig(const std::vector<double>& milliseconds_per_1024_tokens)
    : cards_(IdleCards(milliseconds_per_1024_tokens)),
      xclbin_(cards_.Xclbin(Value(card::CardConfig::Preset("8x8x8")))) {
  const std::filesystem::path package = store_.path() / kModel / "1";
  std::filesystem::create_directory(package.parent_path());
  ThrowUnlessOk(WriteTinyPackage(package, {.encoder = {.hidden_size = kHiddenSize,
                                                       .intermediate_size = 4 * kHiddenSize,
                                                       .layers = 24,
                                                       .heads = 4,
                                                       .pattern = {2, 8}},
                                           .max_sequence_tokens = kLongestSequence}));
  model_ = Value(LoadedModel::Load(Value(Package::Open(package, PackageCheck::kHashes))));
}

std::vector<std::unique_ptr<Device>> SchedulingRig::Open(const DeviceMix& mix) const {
  std::vector<std::unique_ptr<Device>> devices;
  for (const int index : mix.cards) {
    devices.push_back(Value(
        XrtDevice::Open({.index = index, .xclbin_path = xclbin_, .max_tokens = kMaxBatchTokens})));
  }
  if (mix.emulator) {
    devices.push_back(MakeEmulatorDevice({.threads = Processors(), .max_tokens = kMaxBatchTokens}));
  }
  return devices;
}

double SchedulingRig::BatcherRate(const DeviceMix& mix, absl::Duration duration) {
  SystemClock clock;
  Metrics metrics(kBuildVersion);
  DeviceMetrics device_metrics(metrics);
  Batcher batcher(
      std::make_unique<DevicePool>(Open(mix), DevicePoolOptions{}, clock, device_metrics),
      {.max_batch_tokens = kMaxBatchTokens}, clock, metrics);
  device_metrics.Follow(&batcher.pool());
  metrics.RegisterModel(kModel, 1);
  const std::shared_ptr<const ServedModel> served = Value(batcher.Load(kModel, 1, model_));
  const double rate = Rate(duration, [&](const client::InferRequest& request, Done done) {
    batcher.Submit({.model = served,
                    .sequences = SequencesOf(request),
                    .done = [done = std::move(done)](const absl::StatusOr<JobResult>& result) {
                      done(result.status());
                    }});
  });
  device_metrics.Follow(nullptr);
  return rate;
}

double SchedulingRig::ServedRate(const DeviceMix& mix, absl::Duration duration) {
  Settings settings = {.store = store_.path(),
                       .devices = {},
                       .xclbin = xclbin_,
                       .xrt_shim = VirtualCards::ShimPath(),
                       .max_batch_tokens = kMaxBatchTokens};
  for (const int index : mix.cards) settings.devices.push_back({.kind = "xrt", .index = index});
  if (mix.emulator) settings.devices.push_back({.kind = "emulator"});
  const std::unique_ptr<InProcessServer> server = Value(InProcessServer::Start(settings));
  const std::unique_ptr<client::Client> client =
      Value(client::Client::Create({.address = server->address()}));
  return Rate(duration, [&](const client::InferRequest& request, Done done) {
    client->InferAsync(request,
                       [done = std::move(done)](const absl::StatusOr<client::InferResult>& result) {
                         done(result.status());
                       });
  });
}

}  // namespace sta::bench
