// SPDX-License-Identifier: Apache-2.0
#include "accel/rtl/dv/axi_memory.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>

namespace sta::rtl {
namespace {

constexpr uint64_t kPage = 4096;  // no burst may cross one
constexpr size_t kEarlyData = 2;  // beats that are taken before their address

}  // namespace

AxiMemory::AxiMemory(const Options& options, uint32_t seed) : options_(options), random_(seed) {}

void AxiMemory::AddRegion(uint64_t address, size_t bytes) {
  AddRegion(address, own_bytes_.emplace_back(bytes));
}

uint8_t* AxiMemory::Bytes(uint64_t address) {
  uint8_t* bytes = Find(address);
  if (bytes == nullptr) {
    std::fprintf(stderr, "no memory at 0x%llx\n", static_cast<unsigned long long>(address));
    std::abort();
  }
  return bytes;
}

uint8_t* AxiMemory::Find(uint64_t address) {
  auto next = regions_.upper_bound(address);
  if (next == regions_.begin()) return nullptr;
  auto& [base, bytes] = *std::prev(next);
  return address - base < bytes.size() ? bytes.data() + (address - base) : nullptr;
}

void AxiMemory::Reset() {
  slave_ = {};
  last_ = {};
  budget_ = 0;
  reads_.clear();
  writes_.clear();
  data_.clear();
  answers_.clear();
}

bool AxiMemory::Stalls() { return static_cast<int>(random_() % 100) < options_.stall_percent; }

uint64_t AxiMemory::AnswerCycle() {
  const auto jitter = options_.latency_jitter == 0
                          ? 0
                          : random_() % (static_cast<uint32_t>(options_.latency_jitter) + 1);
  return cycle_ + static_cast<uint64_t>(options_.latency) + jitter;
}

void AxiMemory::Violate(const std::string& what) {
  if (violation_.empty()) violation_ = what + " in cycle " + std::to_string(cycle_);
}

void AxiMemory::CheckStable(const Master& master) {
  if (last_.awvalid &&
      (!master.awvalid || master.awaddr != last_.awaddr || master.awlen != last_.awlen)) {
    Violate("AW changed before it was taken");
  }
  if (last_.arvalid &&
      (!master.arvalid || master.araddr != last_.araddr || master.arlen != last_.arlen)) {
    Violate("AR changed before it was taken");
  }
  if (last_.wvalid && (!master.wvalid || master.wdata != last_.wdata ||
                       master.wstrb != last_.wstrb || master.wlast != last_.wlast)) {
    Violate("W changed before it was taken");
  }
}

void AxiMemory::AcceptBurst(const char* channel, uint64_t address, uint8_t length,
                            std::deque<Burst>* into) {
  const int beats = length + 1;
  const uint64_t last_byte = address + static_cast<uint64_t>(beats) * kBeatBytes - 1;
  if (address % kBeatBytes != 0) Violate(std::string(channel) + " is not aligned");
  if (beats > 16) Violate(std::string(channel) + " is longer than 16 beats");
  if (address / kPage != last_byte / kPage) Violate(std::string(channel) + " crosses 4 KB");
  into->push_back({address, beats, AnswerCycle(), AxiResponse::kOkay});
  ++bursts_;
}

void AxiMemory::WriteBeat(uint64_t address, const Master& master, AxiResponse* response) {
  uint8_t* bytes = Find(address);
  if (bytes == nullptr) {
    *response = AxiResponse::kDecodeError;
    return;
  }
  if (auto fault = write_faults_.find(address); fault != write_faults_.end()) {
    *response = fault->second;
  }
  std::array<uint8_t, kBeatBytes> data;
  std::memcpy(data.data(), master.wdata.data(), kBeatBytes);
  for (size_t i = 0; i < kBeatBytes; ++i) {
    if (((master.wstrb >> i) & 1) != 0) bytes[i] = data[i];
  }
  if (master.wstrb != 0) ++beats_written_;
}

// Data may come before its address: it waits in data_.
void AxiMemory::AcceptData(const Master& master) {
  if (slave_.wready && master.wvalid) data_.push_back(master);
  while (!data_.empty() && !writes_.empty()) {
    Burst& burst = writes_.front();
    const Master beat = data_.front();
    data_.pop_front();
    WriteBeat(burst.address, beat, &burst.response);
    burst.address += kBeatBytes;
    --burst.beats;
    if (beat.wlast != (burst.beats == 0)) Violate("WLAST is wrong");
    if (burst.beats == 0) {
      burst.ready_cycle = AnswerCycle();
      answers_.push_back(burst);
      writes_.pop_front();
    }
  }
}

// The beat on R stays until it is taken; then the next one that is ready comes.
void AxiMemory::DriveRead() {
  if (slave_.rvalid) return;
  if (reads_.empty() || reads_.front().ready_cycle > cycle_ || budget_ < 1 || Stalls()) return;
  if (std::exchange(read_last_, false) && budget_ < 2 && !writes_.empty()) return;
  read_last_ = true;
  budget_ -= 1;
  Burst& burst = reads_.front();
  const uint8_t* bytes = Find(burst.address);
  slave_.rvalid = true;
  slave_.rresp = bytes == nullptr ? AxiResponse::kDecodeError : AxiResponse::kOkay;
  if (auto fault = read_faults_.find(burst.address); fault != read_faults_.end()) {
    slave_.rresp = fault->second;
  }
  slave_.rdata.fill(0xDEADBEEF);
  if (slave_.rresp == AxiResponse::kOkay) std::memcpy(slave_.rdata.data(), bytes, kBeatBytes);
  burst.address += kBeatBytes;
  slave_.rlast = --burst.beats == 0;
  if (slave_.rlast) reads_.pop_front();
}

void AxiMemory::DriveWrite() {
  if (!slave_.bvalid && !answers_.empty() && answers_.front().ready_cycle <= cycle_ && !Stalls()) {
    slave_.bvalid = true;
    slave_.bresp = answers_.front().response;
    answers_.pop_front();
  }
  slave_.awready = !Stalls();
  slave_.wready = budget_ >= 1 && data_.size() < kEarlyData && !Stalls();
}

void AxiMemory::Tick(const Master& master) {
  CheckStable(master);
  if (slave_.arready && master.arvalid) AcceptBurst("AR", master.araddr, master.arlen, &reads_);
  if (slave_.awready && master.awvalid) AcceptBurst("AW", master.awaddr, master.awlen, &writes_);
  if (slave_.wready && master.wvalid) budget_ -= 1;
  AcceptData(master);
  if (slave_.rvalid && master.rready) {
    slave_.rvalid = false;
    ++beats_read_;
  }
  if (slave_.bvalid && master.bready) slave_.bvalid = false;

  last_ = master;
  last_.awvalid = master.awvalid && !slave_.awready;
  last_.arvalid = master.arvalid && !slave_.arready;
  last_.wvalid = master.wvalid && !slave_.wready;
  ++cycle_;
  budget_ = std::min(budget_ + options_.beats_a_cycle, 2.0);
  DriveRead();
  DriveWrite();
  slave_.arready = static_cast<int>(reads_.size()) < options_.outstanding_reads && !Stalls();
}

}  // namespace sta::rtl
