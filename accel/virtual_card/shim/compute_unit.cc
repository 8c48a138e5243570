// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/compute_unit.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "absl/time/clock.h"
#include "accel/program/card/card_config.h"
#include "accel/program/card/card_error.h"
#include "accel/program/card/checksum.h"
#include "accel/virtual_card/register_file.h"
#include "accel/virtual_card/shim/ert_packet.h"

namespace sta::virtual_xrt {
namespace {

// Registers of a kernel begin with four of control, which the scheduler writes.
constexpr size_t kFirstArgumentWord = 4;
// Channels of the first token that lie together in an output region whatever the array: the
// smallest tile has four. Further on may be what only fills a group of tokens up.
constexpr size_t kFirstValuesBytes = 4 * sizeof(int16_t);

uint64_t ReadAddress(card::CardBody& body, uint32_t offset) {
  return body.ReadRegister(offset) | uint64_t{body.ReadRegister(offset + 4)} << 32;
}

// The bytes that two arguments of the present run name; none where they are not in memory.
std::span<uint8_t> RegionOf(card::CardBody& body, DeviceMemory& memory, uint32_t address_register,
                            uint32_t beats_register) {
  const card::MemoryRegion region = {
      .address = ReadAddress(body, address_register),
      .bytes = uint64_t{body.ReadRegister(beats_register)} * card::kBeatBytes};
  return card::BytesOf(region, memory.board()).value_or(std::span<uint8_t>());
}

}  // namespace

ComputeUnit::ComputeUnit(card::CardBody& body, DeviceMemory& memory, const CardSpec& timing,
                         FaultInjector& faults)
    : body_(body), memory_(memory), timing_(timing), faults_(faults), thread_([this] { Loop(); }) {}

ComputeUnit::~ComputeUnit() {
  PowerOff(/*tell=*/false);
  thread_.join();
}

void ComputeUnit::Submit(UnitRun run) {
  StorePacketState(*run.packet, ERT_CMD_STATE_QUEUED);
  absl::MutexLock lock(&mutex_);
  queue_.push_back(std::move(run));
}

void ComputeUnit::Abort(const Packet* packet) {
  // Its callbacks run without the lock.
  const auto stop = [&]() -> std::optional<std::stop_source> {
    absl::MutexLock lock(&mutex_);
    const auto run = std::ranges::find_if(
        queue_, [&](const UnitRun& queued) { return queued.packet.get() == packet; });
    if (run == queue_.end()) return std::nullopt;
    if (run != queue_.begin()) {
      const UnitRun waiting = std::move(*run);
      queue_.erase(run);
      End(waiting, ERT_CMD_STATE_ABORT);
      return std::nullopt;
    }
    is_stopping_ = true;
    return stop_;
  }();
  if (stop.has_value()) std::stop_source(*stop).request_stop();
}

void ComputeUnit::PowerOff(bool tell) {
  std::stop_source stop = [&] {
    absl::MutexLock lock(&mutex_);
    has_power_ = false;
    tell_ = tell_ || tell;
    is_stopping_ = true;
    return stop_;
  }();
  stop.request_stop();
}

uint32_t ComputeUnit::ReadRegister(uint32_t offset) {
  const uint32_t value = body_.ReadRegister(offset);
  absl::MutexLock lock(&mutex_);
  if (offset == card::kErrorRegister && register_fault_.error != 0) return register_fault_.error;
  if (offset == card::kOutputChecksumRegister) {
    return value + register_fault_.output_checksum_change;
  }
  return value;
}

int64_t ComputeUnit::in_flight() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int64_t>(queue_.size());
}

int64_t ComputeUnit::runs() const {
  absl::MutexLock lock(&mutex_);
  return runs_;
}

void ComputeUnit::Loop() {
  mutex_.Lock();
  const auto has_work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !queue_.empty() || !has_power_;
  };
  while (true) {
    mutex_.Await(absl::Condition(&has_work));
    if (!has_power_) break;
    register_fault_ = {};
    const std::stop_token stop = stop_.get_token();
    const UnitRun run = queue_.front();
    StorePacketState(*run.packet, ERT_CMD_STATE_RUNNING);
    mutex_.Unlock();
    const ert_cmd_state state = Execute(run, stop);
    mutex_.Lock();
    if (!has_power_) break;
    queue_.pop_front();
    // Not when the next one begins: it may be aborted before.
    is_stopping_ = false;
    stop_ = std::stop_source();
    End(run, state);
  }
  for (const UnitRun& run : queue_) {
    if (tell_) End(run, ERT_CMD_STATE_ABORT);
  }
  queue_.clear();
  mutex_.Unlock();
}

ert_cmd_state ComputeUnit::Execute(const UnitRun& run, const std::stop_token& stop) {
  for (size_t i = kFirstArgumentWord; i < run.registers.size(); ++i) {
    body_.WriteRegister(static_cast<uint32_t>(i * sizeof(uint32_t)), run.registers[i]);
  }
  if (faults_.Take(FaultKind::kHangHard).has_value()) {
    Hang(/*hard=*/true);
    return ERT_CMD_STATE_ABORT;
  }
  if (faults_.Take(FaultKind::kHang).has_value()) {
    Hang(/*hard=*/false);
    return ERT_CMD_STATE_ABORT;
  }
  if (faults_.Take(FaultKind::kAbort).has_value()) return ERT_CMD_STATE_ABORT;
  if (faults_.Take(FaultKind::kCorruptMemory).has_value()) DamageImage();

  const absl::Time begin = absl::Now();
  if (body_.Run(stop) == card::RunEnd::kStopped) return ERT_CMD_STATE_ABORT;
  absl::Time end = absl::Now() + SimulatedTime();
  if (const std::optional<Fault> slow = faults_.Take(FaultKind::kSlow)) {
    end = begin + (end - begin) * slow->factor;
  }
  if (!WaitUntil(end)) return ERT_CMD_STATE_ABORT;
  if (faults_.Take(FaultKind::kWrong).has_value()) DamageOutput();
  if (faults_.Take(FaultKind::kError).has_value()) {
    absl::MutexLock lock(&mutex_);
    register_fault_.error = static_cast<uint32_t>(card::CardError::kReadResponse);
  }
  return ERT_CMD_STATE_COMPLETED;
}

void ComputeUnit::Hang(bool hard) {
  absl::MutexLock lock(&mutex_);
  const auto is_over = [this, hard]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !has_power_ || (is_stopping_ && !hard);
  };
  mutex_.Await(absl::Condition(&is_over));
}

bool ComputeUnit::WaitUntil(absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  // A wait whose end has come already still costs the timer's slack, 50 microseconds.
  if (absl::Now() >= deadline) return !is_stopping_;
  return !mutex_.AwaitWithDeadline(absl::Condition(&is_stopping_), deadline);
}

void ComputeUnit::DamageImage() {
  const std::span<uint8_t> image =
      RegionOf(body_, memory_, card::kProgramRegister, card::kProgramBeatsRegister);
  // The first beat is a header, which runs do not read.
  const std::span<uint8_t> read = image.subspan(std::min<size_t>(image.size(), card::kBeatBytes));
  faults_.FlipBit(read);
  body_.MemoryWritten(ReadAddress(body_, card::kProgramRegister), image.size());
}

void ComputeUnit::DamageOutput() {
  const std::span<uint8_t> output =
      RegionOf(body_, memory_, card::kOutputRegister, card::kOutputBeatsRegister);
  const uint32_t before = card::RegionChecksum(output, 0);
  faults_.FlipBit(output.first(std::min(output.size(), kFirstValuesBytes)));
  absl::MutexLock lock(&mutex_);
  register_fault_.output_checksum_change = card::RegionChecksum(output, 0) - before;
}

absl::Duration ComputeUnit::SimulatedTime() {
  const auto beats = int64_t{body_.ReadRegister(card::kInputBeatsRegister)};
  return absl::Microseconds(timing_.compute_us_per_run) +
         absl::Microseconds(timing_.compute_us_per_1000_beats) * beats / 1000;
}

void ComputeUnit::End(const UnitRun& run, ert_cmd_state state) {
  ++runs_;
  StorePacketState(*run.packet, state);
  run.completions->Post();
}

}  // namespace sta::virtual_xrt
