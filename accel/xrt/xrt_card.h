// SPDX-License-Identifier: Apache-2.0
//
// XrtCard: a card with our kernel on it, through XRT: registers, buffers, one run at a time. The
// only place that talks to XRT; its exceptions end here, and its rules are kept here: no call waits
// without a bound, a run that is on the card is never dropped while the card is open, buffers are
// whole pages in the bank that the kernel's argument is connected to.
//
//   absl::StatusOr<std::unique_ptr<XrtCard>> card = XrtCard::Open(0, "sta.xclbin");
//   absl::StatusOr<std::unique_ptr<XrtBuffer>> input = (*card)->Allocate(KernelBuffer::kInput, n);
//   (*input)->Upload(0, n); ... (*card)->Start(arguments); (*card)->Wait(absl::Milliseconds(10));
//
// Statuses of all that can fail: UNAVAILABLE where the card is gone or busy, RESOURCE_EXHAUSTED
// where its memory is full; the message has XRT's words. Thread-compatible, and cards may be opened
// and used by a thread each; buffers are destroyed before their card.
#ifndef ACCEL_XRT_XRT_CARD_H_
#define ACCEL_XRT_XRT_CARD_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "accel/xrt/xrt_plugin.h"

namespace sta {

// The kernel's arguments that are addresses, in its order.
enum class KernelBuffer : int { kProgram = 0, kInstructions = 1, kInput = 2, kOutput = 3 };

struct KernelArguments {
  uint64_t program = 0;  // addresses in the card's memory
  uint64_t instructions = 0;
  uint64_t input = 0;
  uint64_t output = 0;
  uint32_t instruction_count = 0;
  uint32_t program_beats = 0;
  uint32_t input_beats = 0;
  uint32_t output_beats = 0;
};

enum class RunState { kRunning, kCompleted, kFailed, kAborted };

// Memory on the card with a copy of it here.
class XrtBuffer {
 public:
  struct Impl;
  explicit XrtBuffer(std::unique_ptr<Impl> impl);
  ~XrtBuffer();
  XrtBuffer(const XrtBuffer&) = delete;
  XrtBuffer& operator=(const XrtBuffer&) = delete;

  // The copy. Its size is a multiple of 4,096; its content is undefined at first.
  std::span<uint8_t> bytes() const { return bytes_; }
  uint64_t address() const { return address_; }

  absl::Status Upload(int64_t offset, int64_t size);
  absl::Status Download(int64_t offset, int64_t size);

 private:
  std::unique_ptr<Impl> impl_;
  std::span<uint8_t> bytes_;
  uint64_t address_ = 0;
};

class XrtCard {
 public:
  struct Properties {
    std::string bdf;
    std::string name;
    int64_t memory_bytes = 0;  // of the kernel's bank
    double clock_mhz = 0;
  };

  // Silences XRT and loads the library through which it finds cards; before anything else, once.
  static absl::Status LoadShim(const std::string& path);
  static absl::StatusOr<std::vector<XrtCardInfo>> Enumerate();

  // Statuses of XrtPlugin::OpenCard.
  static absl::StatusOr<std::unique_ptr<XrtCard>> Open(int index, const std::string& xclbin_path);

  // The card is closed, whatever runs on it.
  ~XrtCard();
  XrtCard(const XrtCard&) = delete;
  XrtCard& operator=(const XrtCard&) = delete;

  const Properties& properties() const { return properties_; }

  absl::StatusOr<uint32_t> ReadRegister(uint32_t offset);

  // `size` is rounded up to whole pages.
  absl::StatusOr<std::unique_ptr<XrtBuffer>> Allocate(KernelBuffer use, int64_t size);

  // No run is on the card.
  absl::Status Start(const KernelArguments& arguments);
  // Of the run that was started last.
  RunState State();
  // Waits until the run is over, or for about `timeout`: some milliseconds more, or less. Not OK
  // where the card is gone.
  absl::StatusOr<RunState> Wait(absl::Duration timeout);
  // Asks the card to stop the run and waits for at most `timeout`; where it has not stopped then,
  // only closing the card helps.
  RunState Abort(absl::Duration timeout);

  std::optional<double> TemperatureCelsius();  // any thread

 private:
  struct Impl;
  explicit XrtCard(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
  Properties properties_;
};

}  // namespace sta

#endif  // ACCEL_XRT_XRT_CARD_H_
