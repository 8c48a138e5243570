// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/soak_run.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "accel/program/card/card_config.h"
#include "tests/support/tiny_package.h"

namespace sta::soak {
namespace {

constexpr char kModel[] = "tiny";
constexpr int64_t kLongestSequence = 64;

// Random weights; the answers are all rows, so that every bit that a device computes shows.
absl::Status WriteModel(const std::filesystem::path& store, uint64_t seed) {
  std::filesystem::create_directory(store / kModel);
  return WriteTinyPackage(store / kModel / "1", {.task = Task::kLastHiddenState,
                                                 .encoder = {.seed = seed, .pattern = {2, 8}},
                                                 .max_sequence_tokens = kLongestSequence});
}

std::vector<VirtualCardSettings> FourCards() {
  // Of unequal speed.
  std::vector<VirtualCardSettings> cards;
  for (const int64_t us : {0, 0, 300, 1000}) cards.push_back({.compute_us_per_run = us});
  return cards;
}

// An emulator of one thread, so that it leaves work to cards that run as programs.
std::vector<DeviceSetting> AllDevices() {
  std::vector<DeviceSetting> devices;
  for (int i = 0; i < kCards; ++i) devices.push_back({.kind = "xrt", .index = i});
  devices.push_back({.kind = "emulator", .threads = 1});
  return devices;
}

}  // namespace

SoakRun::SoakRun() : cards_(FourCards()) {}

absl::StatusOr<std::unique_ptr<SoakRun>> SoakRun::Set(const SoakOptions& options) {
  auto run = std::unique_ptr<SoakRun>(new SoakRun);
  if (absl::Status status = run->Prepare(options); !status.ok()) return status;
  return run;
}

absl::Status SoakRun::AskEmulator(uint64_t seed) {
  const absl::StatusOr<std::unique_ptr<InProcessServer>> server =
      InProcessServer::Start({.store = store_.path().string(), .devices = {{.kind = "emulator"}}});
  if (!server.ok()) return server.status();
  const auto oracle = client::Client::Create({.address = (*server)->address()});
  if (!oracle.ok()) return oracle.status();
  absl::StatusOr<Questions> questions = Questions::Ask(
      **oracle, kModel,
      {.seed = seed, .longest = kLongestSequence, .vocabulary = std::ssize(TinyVocabulary())});
  if (!questions.ok()) return questions.status();
  questions_ = *std::move(questions);
  return absl::OkStatus();
}

absl::Status SoakRun::Prepare(const SoakOptions& options) {
  if (absl::Status written = WriteModel(store_.path(), options.seed); !written.ok()) return written;
  if (absl::Status asked = AskEmulator(options.seed); !asked.ok()) return asked;
  absl::StatusOr<std::unique_ptr<InProcessServer>> server =
      InProcessServer::Start({.store = store_.path().string(),
                              .devices = AllDevices(),
                              .xclbin = cards_.Xclbin(*card::CardConfig::Preset("8x8x8")),
                              .xrt_shim = VirtualCards::ShimPath(),
                              .card_timeout = options.card_timeout,
                              .audit_fraction = options.audit_fraction});
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  absl::StatusOr<std::unique_ptr<CheckedLoad>> load =
      CheckedLoad::Create(server_->address(), *questions_);
  if (!load.ok()) return load.status();
  load_ = *std::move(load);
  absl::StatusOr<std::unique_ptr<client::Client>> client =
      client::Client::Create({.address = server_->address()});
  if (!client.ok()) return client.status();
  operator_ = std::make_unique<Operator>(*std::move(client));
  const bool are_ready = operator_->WaitForAll(
      absl::Seconds(10), [](const client::DeviceInfo& device) { return device.state == "READY"; });
  if (are_ready && operator_->devices().size() == kCards + 1) return absl::OkStatus();
  return absl::FailedPreconditionError("the server has not got all the cards");
}

}  // namespace sta::soak
