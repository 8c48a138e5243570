// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/xrt_card.h"

#include <dlfcn.h>
#include <ert.h>
#include <experimental/xrt_ini.h>
#include <experimental/xrt_system.h>
#include <experimental/xrt_xclbin.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "absl/base/const_init.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "accel/xrt/exception_status.h"
#include "accel/xrt/thermal_json.h"
#include "accel/xrt/xclbin/kernel_interface.h"
#include "accel/xrt/xclbin/xclbin_file.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr const char* kKernelName = kernel_interface::kName.data();
constexpr int64_t kPageBytes = 4096;
constexpr double kDefaultClockMhz = 300;  // where XRT does not say
constexpr absl::Duration kAbortPoll = absl::Milliseconds(1);

// XRT's map from handles to devices (userpf_device_map in its system.cpp), of all cards of the
// process. Opening a device, xrt::device::device(unsigned), inserts into it under a lock of XRT's:
// xrt_core::get_userpf_device(handle, index). But xrt_core::get_userpf_device(handle) reads it
// without that lock, in
//  - xrt::bo's constructors,
//  - xrt::kernel's constructor,
//  - xclLoadXclBin of the driver for real cards, and so xrt::device::load_xclbin,
//  - opening itself.
// (202210.2.13.466; no other call of XRT that is made in this file comes there, and closing does
// not change the map.) Each card has a thread, and one may be opened again while the others
// allocate: so opening takes this lock for writing, and the rest takes it for reading. Where it is
// taken a card may be programmed, for seconds; nothing in a run takes it once the buffers are
// there.
absl::Mutex device_map_mutex(absl::kConstInit);

xrt::device OpenedDevice(unsigned int index) {
  const absl::WriterMutexLock lock(&device_map_mutex);
  return xrt::device(index);
}

xrt::kernel OpenedKernel(xrt::device& device, const xrt::xclbin& xclbin) {
  const absl::ReaderMutexLock lock(&device_map_mutex);
  return {device, device.load_xclbin(xclbin), kKernelName, xrt::kernel::cu_access_mode::exclusive};
}

RunState StateOf(ert_cmd_state state) {
  switch (state) {
    case ERT_CMD_STATE_NEW:
    case ERT_CMD_STATE_QUEUED:
    case ERT_CMD_STATE_SUBMITTED:
    case ERT_CMD_STATE_RUNNING:
      return RunState::kRunning;
    case ERT_CMD_STATE_COMPLETED:
      return RunState::kCompleted;
    case ERT_CMD_STATE_ABORT:
      return RunState::kAborted;
    default:
      return RunState::kFailed;
  }
}

// Where a card gives this state itself, its run is taken not to have stopped: it is opened again.
constexpr ert_cmd_state kMark = ERT_CMD_STATE_TIMEOUT;

// False where the run has ended by itself. The card may write at the same time.
bool MarkAsEnded(ert_packet& packet) {
  const std::atomic_ref<uint32_t> header(packet.header);
  uint32_t seen = header.load();
  while (true) {
    ert_packet marked = {};
    marked.header = seen;
    if (StateOf(static_cast<ert_cmd_state>(marked.state)) != RunState::kRunning) return false;
    marked.state = kMark;
    if (header.compare_exchange_weak(seen, marked.header)) return true;
  }
}

bool IsMarked(ert_packet& packet) {
  ert_packet seen = {};
  seen.header = std::atomic_ref<uint32_t>(packet.header).load();
  return seen.state == kMark;
}

xrt::bo Allocated(const xrt::device& device, const xrt::kernel& kernel, KernelBuffer use,
                  int64_t size) {
  const absl::ReaderMutexLock lock(&device_map_mutex);
  return {device, static_cast<size_t>(size),
          static_cast<xrt::memory_group>(kernel.group_id(static_cast<int>(use)))};
}

}  // namespace

struct XrtBuffer::Impl {
  xrt::bo buffer;
};

XrtBuffer::XrtBuffer(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)),
      bytes_(impl_->buffer.map<uint8_t*>(), impl_->buffer.size()),
      address_(impl_->buffer.address()) {}

XrtBuffer::~XrtBuffer() = default;

absl::Status XrtBuffer::Upload(int64_t offset, int64_t size) {
  return Catch("upload to the card", [&] {
    impl_->buffer.sync(XCL_BO_SYNC_BO_TO_DEVICE, static_cast<size_t>(size),
                       static_cast<size_t>(offset));
  });
}

absl::Status XrtBuffer::Download(int64_t offset, int64_t size) {
  return Catch("download from the card", [&] {
    impl_->buffer.sync(XCL_BO_SYNC_BO_FROM_DEVICE, static_cast<size_t>(size),
                       static_cast<size_t>(offset));
  });
}

struct XrtCard::Impl {
  Impl(int index, const xrt::xclbin& xclbin)
      : device(OpenedDevice(static_cast<unsigned int>(index))),
        kernel(OpenedKernel(device, xclbin)),
        run(kernel) {}

  // Destroyed in the opposite order.
  xrt::device device;
  xrt::kernel kernel;
  xrt::run run;
};

absl::Status XrtCard::LoadShim(const std::string& path) {
  static absl::Mutex mutex(absl::kConstInit);
  static bool is_loaded = false;
  absl::MutexLock lock(&mutex);
  if (is_loaded) return absl::OkStatus();
  // XRT prints what it throws as well, in its own format. It refuses where it was used before.
  Catch("configure XRT", [] { xrt::ini::set("Runtime.runtime_log", "null"); }).IgnoreError();
  // For as long as the process lives: XRT registers what is in it.
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE) == nullptr) {
    return absl::UnavailableError(StrCat("cannot load ", path, ": ", dlerror()));
  }
  is_loaded = true;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<XrtCardInfo>> XrtCard::Enumerate() {
  std::vector<XrtCardInfo> cards;
  absl::Status status =
      Catch("list the cards", [&] { cards.resize(xrt::system::enumerate_devices()); });
  if (!status.ok()) return status;
  for (size_t i = 0; i < cards.size(); ++i) {
    cards[i].index = static_cast<int>(i);
    // One that is busy or broken is listed all the same.
    Catch("look at a card", [&] {
      const xrt::device device = OpenedDevice(static_cast<unsigned int>(i));
      cards[i].bdf = device.get_info<xrt::info::device::bdf>();
      cards[i].name = device.get_info<xrt::info::device::name>();
    }).IgnoreError();
  }
  return cards;
}

absl::StatusOr<std::unique_ptr<XrtCard>> XrtCard::Open(int index, const std::string& xclbin_path) {
  const absl::StatusOr<std::vector<uint8_t>> bytes = ReadXclbinFile(xclbin_path);
  if (!bytes.ok()) return bytes.status();
  xrt::xclbin xclbin;
  absl::Status status = Catch("", [&] {
    xclbin = xrt::xclbin(std::vector<char>(bytes->begin(), bytes->end()));
    if (!xclbin.get_kernel(kKernelName)) throw std::runtime_error("it has no kernel named sta");
  });
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        StrCat(xclbin_path, " is no xclbin of this accelerator", StdView(status.message())));
  }

  unsigned int count = 0;
  status = Catch("list the cards", [&] { count = xrt::system::enumerate_devices(); });
  if (!status.ok()) return status;
  if (index < 0 || static_cast<unsigned int>(index) >= count) {
    return absl::NotFoundError(StrCat("there is no card ", index, ": XRT sees ", count));
  }

  std::unique_ptr<XrtCard> card;
  status = Catch(StrCat("open card ", index), [&] {
    card.reset(new XrtCard(std::make_unique<Impl>(index, xclbin)));
    const auto bank = card->impl_->kernel.group_id(static_cast<int>(KernelBuffer::kProgram));
    for (const xrt::xclbin::mem& memory : xclbin.get_mems()) {
      if (memory.get_index() == bank) {
        card->properties_.memory_bytes = static_cast<int64_t>(memory.get_size_kb()) * 1024;
      }
    }
  });
  if (!status.ok()) return status;
  return card;
}

XrtCard::XrtCard(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  properties_.bdf = impl_->device.get_info<xrt::info::device::bdf>();
  properties_.name = impl_->device.get_info<xrt::info::device::name>();
  properties_.clock_mhz = kDefaultClockMhz;
  Catch("read the clock", [&] {
    const auto mhz = impl_->device.get_info<xrt::info::device::max_clock_frequency_mhz>();
    if (mhz > 0) properties_.clock_mhz = static_cast<double>(mhz);
  }).IgnoreError();
}

XrtCard::~XrtCard() = default;

absl::StatusOr<uint32_t> XrtCard::ReadRegister(uint32_t offset) {
  uint32_t value = 0;
  absl::Status status =
      Catch("read a register", [&] { value = impl_->kernel.read_register(offset); });
  if (!status.ok()) return status;
  return value;
}

absl::StatusOr<std::unique_ptr<XrtBuffer>> XrtCard::Allocate(KernelBuffer use, int64_t size) {
  const int64_t pages = std::max<int64_t>(1, (size + kPageBytes - 1) / kPageBytes);
  std::unique_ptr<XrtBuffer> buffer;
  absl::Status status = Catch("allocate memory on the card", [&] {
    buffer = std::make_unique<XrtBuffer>(std::make_unique<XrtBuffer::Impl>(
        XrtBuffer::Impl{Allocated(impl_->device, impl_->kernel, use, pages * kPageBytes)}));
  });
  if (!status.ok()) return status;
  return buffer;
}

absl::Status XrtCard::Start(const KernelArguments& arguments) {
  absl::Status status = Catch("start a run", [&] {
    xrt::run& run = impl_->run;
    int index = 0;
    for (const uint64_t address :
         {arguments.program, arguments.instructions, arguments.input, arguments.output}) {
      run.set_arg(index++, address);
    }
    for (const uint32_t value : {arguments.instruction_count, arguments.program_beats,
                                 arguments.input_beats, arguments.output_beats}) {
      run.set_arg(index++, value);
    }
    run.start();
  });
  if (!status.ok()) {
    // A run that could not be started can never be again.
    Catch("make a run", [&] { impl_->run = xrt::run(impl_->kernel); }).IgnoreError();
  }
  return status;
}

RunState XrtCard::State() {
  RunState state = RunState::kFailed;
  Catch("ask for a run's state", [&] { state = StateOf(impl_->run.state()); }).IgnoreError();
  return state;
}

absl::StatusOr<RunState> XrtCard::Wait(absl::Duration timeout) {
  // 0 would mean for ever.
  const int64_t milliseconds = std::max<int64_t>(1, absl::ToInt64Milliseconds(timeout));
  absl::Status status =
      Catch("wait for a run", [&] { impl_->run.wait(std::chrono::milliseconds(milliseconds)); });
  if (!status.ok()) return status;
  return State();
}

RunState XrtCard::Abort(absl::Duration timeout) {
  // abort() sends the request and then waits for the run's end without a bound. So its packet is
  // marked as ended before; the mark is gone when the card has written how the run really ended.
  absl::Status status = Catch("abort a run", [&] {
    if (MarkAsEnded(*impl_->run.get_ert_packet())) impl_->run.abort();
  });
  const absl::Time give_up = absl::Now() + timeout;
  while (status.ok() && IsMarked(*impl_->run.get_ert_packet()) && absl::Now() < give_up) {
    absl::SleepFor(kAbortPoll);
  }
  return IsMarked(*impl_->run.get_ert_packet()) ? RunState::kRunning : State();
}

std::optional<double> XrtCard::TemperatureCelsius() {
  std::string thermal;
  absl::Status status = Catch("read the temperature", [&] {
    thermal = impl_->device.get_info<xrt::info::device::thermal>();
  });
  if (!status.ok()) return std::nullopt;
  return HottestCelsius(thermal);
}

}  // namespace sta
