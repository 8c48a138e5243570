// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/xrt_device.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/time/clock.h"
#include "accel/xrt/card_memory.h"
#include "accel/xrt/card_registers.h"
#include "accel/xrt/run_queue.h"
#include "accel/xrt/xrt_card.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr int kMostInFlight = 2;
constexpr int64_t kStreamCacheBytes = int64_t{16} << 20;
// A run of more than this many times its estimate may hang.
constexpr int kHangEstimates = 4;

}  // namespace

struct XrtDevice::Session {
  Session(std::unique_ptr<XrtCard> opened, const card::CardConfig& read)
      : card(std::move(opened)), config(read), memory(card.get()), queue(card.get()) {}

  // Destroyed in the opposite order: the card is closed last.
  std::unique_ptr<XrtCard> card;
  card::CardConfig config;
  CardMemory memory;
  RunQueue queue;
  std::array<BatchSlot, kMostInFlight> slots;
};

class XrtDevice::Pending final : public PendingRun {
 public:
  Pending(XrtDevice* device, BatchSlot* slot, const XrtProgram* program, std::span<int16_t> output,
          absl::Time deadline)
      : device_(device), slot_(slot), program_(program), output_(output), deadline_(deadline) {}

  ~Pending() override {
    if (slot_ == nullptr) return;
    device_->GiveUp(*slot_);
    for (const std::shared_ptr<KernelRun>& run : slot_->runs()) {
      device_->session_->queue.WaitFor(*run, absl::InfiniteFuture());
    }
    slot_->is_taken = false;
  }

  absl::Status Finish() override {
    BatchSlot& slot = *std::exchange(slot_, nullptr);
    absl::Status status = device_->Noted(device_->FinishIn(slot, *program_, output_, deadline_));
    slot.is_taken = false;
    device_->has_succeeded_ |= status.ok();
    return status;
  }

 private:
  XrtDevice* const device_;
  BatchSlot* slot_;  // null when finished
  const XrtProgram* const program_;
  const std::span<int16_t> output_;
  const absl::Time deadline_;
};

XrtDevice::XrtDevice(const XrtCardOptions& options, std::unique_ptr<Session> session)
    : options_(options),
      config_(session->config),
      clock_mhz_(session->card->properties().clock_mhz),
      memory_bytes_(session->card->properties().memory_bytes),
      session_(std::move(session)),
      stream_cache_(kStreamCacheBytes) {
  const XrtCard::Properties& card = session_->card->properties();
  caps_ = {.name = StrCat("xrt:", options.index),
           .kind = "xrt",
           .detail = StrCat("STA ", config_.Name(), " (", config_.multipliers(), " multipliers), ",
                            card.bdf, " ", card.name, ", ", memory_bytes_ >> 20, " MB"),
           .max_tokens = options.max_tokens,
           .max_in_flight = kMostInFlight};
}

XrtDevice::~XrtDevice() = default;

absl::StatusOr<std::unique_ptr<XrtDevice::Session>> XrtDevice::OpenSession(
    const XrtCardOptions& options) {
  absl::StatusOr<std::unique_ptr<XrtCard>> card = XrtCard::Open(options.index, options.xclbin_path);
  if (!card.ok()) return card.status();
  const absl::StatusOr<card::CardConfig> config = ReadCardConfig(**card);
  if (!config.ok()) return config.status();
  return std::make_unique<Session>(*std::move(card), *config);
}

absl::StatusOr<std::unique_ptr<Device>> XrtDevice::Open(const XrtCardOptions& options) {
  absl::StatusOr<std::unique_ptr<Session>> session = OpenSession(options);
  if (!session.ok()) return session.status();
  return std::unique_ptr<Device>(new XrtDevice(options, *std::move(session)));
}

absl::StatusOr<std::unique_ptr<LoadedProgram>> XrtDevice::Load(
    std::shared_ptr<const Program> program) {
  absl::StatusOr<card::CardImage> image = card::MakeCardImage(*program, config_);
  if (!image.ok()) return image.status();
  const int64_t bytes = std::ssize(image->bytes);
  if (bytes > memory_bytes_) {
    return absl::ResourceExhaustedError(
        StrCat("the program takes ", bytes, " bytes, the card's memory has ", memory_bytes_));
  }
  return std::make_unique<XrtProgram>(next_program_id_++, *std::move(image), clock_mhz_);
}

absl::Status XrtDevice::Run(const LoadedProgram& program, const PackedSequences& batch,
                            std::span<int16_t> output, absl::Time deadline) {
  absl::StatusOr<std::unique_ptr<PendingRun>> pending = Start(program, batch, output, deadline);
  return pending.ok() ? (*pending)->Finish() : pending.status();
}

absl::StatusOr<std::unique_ptr<PendingRun>> XrtDevice::Start(const LoadedProgram& program,
                                                             const PackedSequences& batch,
                                                             std::span<int16_t> output,
                                                             absl::Time deadline) {
  if (batch.token_count() > options_.max_tokens) {
    return absl::InvalidArgumentError(StrCat("a batch of ", batch.token_count(), " tokens, ",
                                             caps_.name, " takes ", options_.max_tokens));
  }
  if (absl::Now() >= deadline) {
    return absl::DeadlineExceededError("the deadline passed before the batch was started");
  }
  const auto& xrt_program = static_cast<const XrtProgram&>(program);
  const absl::StatusOr<BatchSlot*> slot = FreeSlot(deadline);
  if (!slot.ok()) return Noted(slot.status());
  if (absl::Status status = StartIn(**slot, xrt_program, batch); !status.ok()) {
    return Noted(status);
  }
  (*slot)->is_taken = true;
  return std::make_unique<Pending>(this, *slot, &xrt_program, output, deadline);
}

absl::StatusOr<BatchSlot*> XrtDevice::FreeSlot(absl::Time deadline) {
  if (session_ == nullptr) return absl::UnavailableError("the card could not be opened again");
  if (!session_->queue.failure().ok()) return session_->queue.failure();
  BatchSlot* free = nullptr;
  for (BatchSlot& slot : session_->slots) {
    if (slot.is_taken) continue;
    free = &slot;
    if (slot.IsIdle()) return free;
  }
  if (free == nullptr) return absl::FailedPreconditionError("too many batches are in flight");
  for (const std::shared_ptr<KernelRun>& run : free->runs()) {
    session_->queue.WaitFor(*run, deadline);
  }
  if (!session_->queue.failure().ok()) return session_->queue.failure();
  if (!free->IsIdle()) {
    return absl::DeadlineExceededError("the deadline passed while the card was busy");
  }
  return free;
}

absl::Status XrtDevice::StartIn(BatchSlot& slot, const XrtProgram& program,
                                const PackedSequences& batch) {
  const absl::StatusOr<std::shared_ptr<const BatchStreams>> streams =
      stream_cache_.Get(program, batch.sequence_offsets);
  if (!streams.ok()) return streams.status();
  absl::Status status = Upload(slot, program, *streams, batch.rows);
  if (!absl::IsResourceExhausted(status)) return status;
  // Perhaps an image is in the way that is in use only now.
  session_->queue.WaitUntilIdle();
  return Upload(slot, program, *streams, batch.rows);
}

absl::Status XrtDevice::Upload(BatchSlot& slot, const XrtProgram& program,
                               std::shared_ptr<const BatchStreams> streams,
                               std::span<const int16_t> rows) {
  const absl::StatusOr<std::shared_ptr<XrtBuffer>> image = session_->memory.Image(program);
  if (!image.ok()) return image.status();
  if (absl::Status status = slot.Begin(session_->memory, streams); !status.ok()) return status;
  for (size_t i = 0; i < streams->runs.size(); ++i) {
    const absl::StatusOr<std::shared_ptr<KernelRun>> run = slot.Load(i, program, rows);
    if (!run.ok()) {
      GiveUp(slot);
      return run.status();
    }
    (*run)->arguments.program = (*image)->address();
    (*run)->image = *image;
    (*run)->limit = std::max(options_.card_timeout, kHangEstimates * streams->runs[i].estimate);
    session_->queue.Push(*run);
  }
  return absl::OkStatus();
}

absl::Status XrtDevice::FinishIn(BatchSlot& slot, const XrtProgram& program,
                                 std::span<int16_t> output, absl::Time deadline) {
  for (size_t i = 0; i < slot.runs().size(); ++i) {
    const KernelRun& run = *slot.runs()[i];
    session_->queue.WaitFor(run, deadline);
    absl::Status status =
        run.is_over ? slot.Collect(i, program, output)
                    : absl::DeadlineExceededError("the deadline passed before the batch was done");
    if (!status.ok()) {
      GiveUp(slot);
      return status;
    }
  }
  return absl::OkStatus();
}

void XrtDevice::GiveUp(BatchSlot& slot) {
  for (const std::shared_ptr<KernelRun>& run : slot.runs()) session_->queue.Drop(*run);
}

absl::Status XrtDevice::Noted(absl::Status status) {
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
      status = absl::UnavailableError(status.message());
      [[fallthrough]];
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
      failed_ = true;
      break;
    default:
      break;
  }
  return status;
}

absl::StatusOr<std::unique_ptr<XrtDevice::Session>> XrtDevice::Renew(std::unique_ptr<Session> old) {
  if (old != nullptr && has_succeeded_ && old->queue.IsCardUsable()) {
    std::unique_ptr<XrtCard> card = std::move(old->card);
    old.reset();
    const absl::StatusOr<card::CardConfig> config = ReadCardConfig(*card);
    if (config.ok()) return std::make_unique<Session>(std::move(card), *config);
  }
  old.reset();
  return OpenSession(options_);
}

absl::Status XrtDevice::Recover() {
  std::unique_ptr<Session> old;
  {
    absl::MutexLock lock(&session_mutex_);
    old = std::move(session_);
  }
  absl::StatusOr<std::unique_ptr<Session>> session = Renew(std::move(old));
  has_succeeded_ = false;
  if (!session.ok()) return absl::UnavailableError(session.status().message());
  if ((*session)->config != config_) {
    return absl::UnavailableError(StrCat("the card has become an array of ",
                                         (*session)->config.Name(), ", or one of other buffers"));
  }
  absl::MutexLock lock(&session_mutex_);
  session_ = *std::move(session);
  failed_ = false;
  return absl::OkStatus();
}

DeviceTelemetry XrtDevice::telemetry() const {
  absl::MutexLock lock(&session_mutex_);
  if (session_ == nullptr) return {};
  return {.temperature_celsius = session_->card->TemperatureCelsius()};
}

absl::Duration XrtDevice::EstimateRun(const LoadedProgram& program,
                                      std::span<const int32_t> sequence_offsets) const {
  return static_cast<const XrtProgram&>(program).estimate.Of(sequence_offsets);
}

}  // namespace sta
