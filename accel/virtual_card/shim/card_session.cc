// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/card_session.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <utility>

#include "absl/time/clock.h"
#include "accel/virtual_card/shim/make_body.h"

namespace sta::virtual_xrt {
namespace {

// A program learns from the xclbin how much the card should have, and not that it has less.
void WarnIfSmaller(uint64_t memory_bytes, const ArrayDesign& design) {
  if (memory_bytes >= design.memory_bytes) return;
  std::fprintf(stderr,
               "libsta_virtual_xrt.so: the xclbin's memory bank has %" PRIu64
               " MB, the card's memory_mb is %" PRIu64 "\n",
               design.memory_bytes >> 20, memory_bytes >> 20);
}

absl::Status DeadError() { return absl::UnavailableError("the card does not answer"); }

}  // namespace

absl::Status CardSession::Check() const {
  absl::MutexLock lock(&mutex_);
  return has_power_ ? absl::OkStatus() : DeadError();
}

absl::Status CardSession::Load(const axlf& xclbin) {
  absl::StatusOr<ArrayDesign> design = ReadArrayDesign(xclbin);
  absl::MutexLock lock(&mutex_);
  if (!has_power_) return DeadError();
  if (!design.ok()) return design.status();
  if (array_ != nullptr) {
    if (array_->design.uuid == design->uuid) return absl::OkStatus();
    return absl::FailedPreconditionError("the card is in use with another xclbin");
  }
  const uint64_t memory_bytes = static_cast<uint64_t>(spec_.memory_mb) << 20;
  std::unique_ptr<Array> array(
      new Array{.design = *design, .memory = {design->memory_address, memory_bytes}});
  absl::StatusOr<std::unique_ptr<card::CardBody>> body =
      MakeBody(spec_.body, design->config, array->memory.board());
  if (!body.ok()) return body.status();
  array->body = *std::move(body);
  array->unit = std::make_unique<ComputeUnit>(*array->body, array->memory, spec_, faults_);
  WarnIfSmaller(memory_bytes, *design);
  array_ = std::move(array);
  return absl::OkStatus();
}

std::optional<ArrayDesign> CardSession::design() const {
  absl::MutexLock lock(&mutex_);
  if (array_ == nullptr) return std::nullopt;
  return array_->design;
}

absl::StatusOr<CardSession::Array*> CardSession::Ready() const {
  absl::MutexLock lock(&mutex_);
  if (!has_power_) return DeadError();
  if (array_ == nullptr) return absl::FailedPreconditionError("no xclbin is loaded");
  return array_.get();
}

absl::StatusOr<uint64_t> CardSession::Allocate(uint64_t bytes) {
  const absl::StatusOr<Array*> array = Ready();
  if (!array.ok()) return array.status();
  if (faults_.Take(FaultKind::kAlloc).has_value()) {
    return absl::ResourceExhaustedError("no memory: injected");
  }
  return (*array)->memory.Allocate(bytes);
}

void CardSession::Free(uint64_t address) {
  absl::MutexLock lock(&mutex_);
  array_->memory.Free(address);
}

void CardSession::WaitForBus(absl::Time& bus_free, uint64_t bytes) {
  if (spec_.transfer_mb_per_s == 0) return;
  absl::MutexLock lock(&mutex_);
  const double seconds =
      static_cast<double>(bytes) / (static_cast<double>(spec_.transfer_mb_per_s) * 1e6);
  bus_free = std::max(bus_free, absl::Now()) + absl::Seconds(seconds);
  const auto is_dead = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !has_power_; };
  mutex_.AwaitWithDeadline(absl::Condition(&is_dead), bus_free);
}

absl::Status CardSession::Upload(std::span<const uint8_t> host, uint64_t address) {
  const absl::StatusOr<Array*> array = Ready();
  if (!array.ok()) return array.status();
  WaitForBus(upload_bus_free_, host.size());
  const std::span<uint8_t> target = (*array)->memory.At(address, host.size());
  // Not std::ranges::copy, which in GCC 12's library takes constant bytes one by one.
  std::copy(host.begin(), host.end(), target.begin());
  if (faults_.Take(FaultKind::kCorruptUpload).has_value()) faults_.FlipBit(target);
  (*array)->body->MemoryWritten(address, host.size());
  return Check();
}

absl::Status CardSession::Download(uint64_t address, std::span<uint8_t> host) {
  const absl::StatusOr<Array*> array = Ready();
  if (!array.ok()) return array.status();
  WaitForBus(download_bus_free_, host.size());
  std::ranges::copy((*array)->memory.At(address, host.size()), host.begin());
  if (faults_.Take(FaultKind::kCorruptDownload).has_value()) faults_.FlipBit(host);
  return Check();
}

absl::Status CardSession::Submit(UnitRun run) {
  const absl::StatusOr<Array*> array = Ready();
  if (!array.ok()) return array.status();
  (*array)->unit->Submit(std::move(run));
  return absl::OkStatus();
}

absl::Status CardSession::Abort(const Packet* packet) {
  const absl::StatusOr<Array*> array = Ready();
  if (!array.ok()) return array.status();
  (*array)->unit->Abort(packet);
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> CardSession::ReadRegister(uint32_t offset) {
  const absl::StatusOr<Array*> array = Ready();
  if (!array.ok()) return array.status();
  return (*array)->unit->ReadRegister(offset);
}

void CardSession::PowerOff(bool tell) {
  absl::MutexLock lock(&mutex_);
  has_power_ = false;
  if (array_ != nullptr) array_->unit->PowerOff(tell);
}

int64_t CardSession::in_flight() const {
  absl::MutexLock lock(&mutex_);
  return array_ == nullptr ? 0 : array_->unit->in_flight();
}

int64_t CardSession::runs() const {
  absl::MutexLock lock(&mutex_);
  return array_ == nullptr ? 0 : array_->unit->runs();
}

uint64_t CardSession::used_bytes() const {
  absl::MutexLock lock(&mutex_);
  return array_ == nullptr ? 0 : array_->memory.used_bytes();
}

size_t CardSession::buffer_count() const {
  absl::MutexLock lock(&mutex_);
  return array_ == nullptr ? 0 : array_->memory.buffer_count();
}

}  // namespace sta::virtual_xrt
