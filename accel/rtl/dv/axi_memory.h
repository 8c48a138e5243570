// SPDX-License-Identifier: Apache-2.0
//
// A memory behind an AXI4 port of 512 bits, for Verilated models: latency, bandwidth, stalls on
// every channel, error responses, and checks of the master's manners. Its outputs are registered:
// they do not depend on the master's signals of the same cycle.
//
//   AxiMemory memory({.latency = 150}, seed);
//   memory.AddRegion(0x10000, 4096);
//   each cycle:  DriveSlave(memory.slave(), *model);  // of axi_signals.h
//                settle, memory.Tick(ReadMaster(*model)), rising edge
#ifndef ACCEL_RTL_DV_AXI_MEMORY_H_
#define ACCEL_RTL_DV_AXI_MEMORY_H_

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace sta::rtl {

inline constexpr int kBeatBytes = 64;
using Beat = std::array<uint32_t, kBeatBytes / 4>;

enum class AxiResponse : uint8_t { kOkay = 0, kSlaveError = 2, kDecodeError = 3 };

class AxiMemory {
 public:
  struct Options {
    int latency = 10;            // cycles from an address (or the last data) to its first answer
    int latency_jitter = 0;      // up to so many more
    double beats_a_cycle = 2;    // reads and writes together; 2 is no limit
    int stall_percent = 0;       // chance, each cycle and channel, of not being ready or valid
    int outstanding_reads = 64;  // bursts
  };

  // Outputs of the master under test and of this memory, as they stand before a rising edge.
  struct Master {
    bool awvalid = false;
    uint64_t awaddr = 0;
    uint8_t awlen = 0;
    bool wvalid = false;
    Beat wdata = {};
    uint64_t wstrb = 0;
    bool wlast = false;
    bool bready = false;
    bool arvalid = false;
    uint64_t araddr = 0;
    uint8_t arlen = 0;
    bool rready = false;
  };
  struct Slave {
    bool awready = false;
    bool wready = false;
    bool bvalid = false;
    AxiResponse bresp = AxiResponse::kOkay;
    bool arready = false;
    bool rvalid = false;
    Beat rdata = {};
    AxiResponse rresp = AxiResponse::kOkay;
    bool rlast = false;
  };

  AxiMemory(const Options& options, uint32_t seed);
  AxiMemory(AxiMemory&&) = default;
  AxiMemory& operator=(AxiMemory&&) = default;

  // Only regions exist; an access elsewhere is answered with a decode error. Regions are whole
  // beats: zeros of this memory's own, or what somebody else keeps for as long as this exists.
  void AddRegion(uint64_t address, size_t bytes);
  void AddRegion(uint64_t address, std::span<uint8_t> bytes) { regions_[address] = bytes; }
  // The bytes from `address` to the end of its region, which must exist.
  uint8_t* Bytes(uint64_t address);

  // Answers every read, or write, of the beat at `address` with `response`.
  void FailRead(uint64_t address, AxiResponse response) { read_faults_[address] = response; }
  void FailWrite(uint64_t address, AxiResponse response) { write_faults_[address] = response; }

  const Slave& slave() const { return slave_; }
  void Tick(const Master& master);

  // Forgets all transfers, as the reset of the whole card does; contents stay.
  void Reset();

  // No transfer is under way.
  bool quiet() const {
    return reads_.empty() && writes_.empty() && data_.empty() && answers_.empty() &&
           !slave_.rvalid && !slave_.bvalid;
  }
  uint64_t beats_read() const { return beats_read_; }
  // Beats that changed anything: with at least one strobe.
  uint64_t beats_written() const { return beats_written_; }
  uint64_t bursts() const { return bursts_; }

  // What the master did against the protocol; empty if nothing.
  const std::string& violation() const { return violation_; }

 private:
  struct Burst {
    uint64_t address = 0;
    int beats = 0;
    uint64_t ready_cycle = 0;
    AxiResponse response = AxiResponse::kOkay;
  };

  bool Stalls();
  uint64_t AnswerCycle();
  void CheckStable(const Master& master);
  void AcceptBurst(const char* channel, uint64_t address, uint8_t length, std::deque<Burst>* into);
  void AcceptData(const Master& master);
  void WriteBeat(uint64_t address, const Master& master, AxiResponse* response);
  void DriveRead();
  void DriveWrite();
  uint8_t* Find(uint64_t address);
  void Violate(const std::string& what);

  Options options_;
  std::mt19937 random_;
  std::map<uint64_t, std::span<uint8_t>> regions_;
  std::deque<std::vector<uint8_t>> own_bytes_;
  std::map<uint64_t, AxiResponse> read_faults_;
  std::map<uint64_t, AxiResponse> write_faults_;

  Slave slave_;
  Master last_;  // valid where it was not taken in the cycle before: it must stay
  uint64_t cycle_ = 0;
  double budget_ = 0;       // beats that may still pass
  bool read_last_ = false;  // reads and writes take turns where bandwidth is short
  std::deque<Burst> reads_;
  std::deque<Burst> writes_;   // addresses whose data is to come
  std::deque<Master> data_;    // beats that came before their address
  std::deque<Burst> answers_;  // to be given on B
  std::string violation_;
  uint64_t beats_read_ = 0;
  uint64_t beats_written_ = 0;
  uint64_t bursts_ = 0;
};

}  // namespace sta::rtl

#endif  // ACCEL_RTL_DV_AXI_MEMORY_H_
