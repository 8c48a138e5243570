// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/virtual_device.h"

#include <xrt_mem.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "absl/time/time.h"
#include "accel/virtual_card/shim/card_queries.h"
#include "accel/virtual_card/shim/device_map.h"
#include "accel/virtual_card/shim/ert_packet.h"

namespace sta::virtual_xrt {
namespace {

constexpr unsigned int kBufferKinds = ~static_cast<unsigned int>(XRT_BO_FLAGS_MEMIDX_MASK);

int ErrorNumberOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return ENODEV;
    case absl::StatusCode::kFailedPrecondition:
      return EBUSY;
    default:
      return EINVAL;
  }
}

[[noreturn]] void ThrowErrorNumber(int number, const std::string& what) {
  throw std::system_error(number, std::system_category(), what);
}

void ThrowUnlessOk(const absl::Status& status) {
  if (status.ok()) return;
  if (absl::IsResourceExhausted(status)) throw std::bad_alloc();
  ThrowErrorNumber(ErrorNumberOf(status.code()), std::string(status.message()));
}

template <typename T>
T ValueOrThrow(absl::StatusOr<T> value) {
  ThrowUnlessOk(value.status());
  return *std::move(value);
}

// Memory of devices that are gone.
struct FreeDevices {
  absl::Mutex mutex;
  std::vector<void*> places ABSL_GUARDED_BY(mutex);
};

FreeDevices& free_devices() {
  static auto& devices = *new FreeDevices;  // never destroyed, as XRT's threads
  return devices;
}

[[noreturn]] void ThrowUnsupported(const char* function) {
  ThrowErrorNumber(ENOTSUP, std::string("a virtual card has no ") + function);
}

}  // namespace

void* VirtualDevice::operator new(size_t size) {
  FreeDevices& free = free_devices();
  absl::MutexLock lock(&free.mutex);
  if (free.places.empty()) return ::operator new(size);
  void* const place = free.places.back();
  free.places.pop_back();
  return place;
}

void VirtualDevice::operator delete(void* memory) {
  FreeDevices& free = free_devices();
  absl::MutexLock lock(&free.mutex);
  free.places.push_back(memory);
}

VirtualDevice::VirtualDevice(unsigned int index, void* handle, std::shared_ptr<CardSession> session,
                             std::function<void()> on_close)
    : device(index),
      index_(index),
      handle_(handle),
      session_(std::move(session)),
      on_close_(std::move(on_close)) {}

VirtualDevice::~VirtualDevice() {
  absl::MutexLock lock(&mutex_);
  for (const auto& [handle, buffer] : buffers_) {
    if (buffer.address.has_value()) session_->Free(*buffer.address);
  }
}

void VirtualDevice::open_context(const unsigned char* uuid, unsigned int ip_index,
                                 bool /*shared*/) {
  ShowDeviceMapRead();
  ThrowUnlessOk(session_->Check());
  const std::optional<ArrayDesign> design = session_->design();
  if (!design.has_value() || !std::ranges::equal(design->uuid, std::span(uuid, 16))) {
    ThrowErrorNumber(EINVAL, "the card has another xclbin");
  }
  // Our xclbins have one kernel; what has none is a virtual context of XRT's own.
  if (ip_index != 0 && ip_index != static_cast<unsigned int>(-1)) {
    ThrowErrorNumber(EINVAL, "the card has one kernel");
  }
}

unsigned int VirtualDevice::alloc_bo(size_t size, unsigned int flags) {
  if ((flags & XCL_BO_FLAGS_EXECBUF) == 0) ThrowUnsupported("buffers without the host's memory");
  ThrowUnlessOk(session_->Check());
  auto packet = std::make_shared<Packet>((size + sizeof(uint32_t) - 1) / sizeof(uint32_t));
  auto* const host = reinterpret_cast<uint8_t*>(packet->data());
  return Insert({.flags = flags, .size = size, .host = host, .packet = std::move(packet)});
}

unsigned int VirtualDevice::alloc_bo(void* user_pointer, size_t size, unsigned int flags) {
  ShowDeviceMapRead();
  if ((flags & kBufferKinds) != 0) ThrowUnsupported("buffers of this kind");
  if ((flags & XRT_BO_FLAGS_MEMIDX_MASK) != 0) ThrowErrorNumber(EINVAL, "the card has one bank");
  const uint64_t address = ValueOrThrow(session_->Allocate(size));
  return Insert({.flags = flags,
                 .size = size,
                 .host = static_cast<uint8_t*>(user_pointer),
                 .address = address});
}

unsigned int VirtualDevice::Insert(Buffer buffer) {
  absl::MutexLock lock(&mutex_);
  buffers_.emplace(++last_handle_, std::move(buffer));
  return last_handle_;
}

VirtualDevice::Buffer VirtualDevice::Find(unsigned int handle) const {
  absl::MutexLock lock(&mutex_);
  const auto buffer = buffers_.find(handle);
  if (buffer == buffers_.end()) ThrowErrorNumber(EINVAL, "no such buffer");
  return buffer->second;
}

void VirtualDevice::free_bo(unsigned int handle) {
  absl::MutexLock lock(&mutex_);
  const auto buffer = buffers_.find(handle);
  if (buffer == buffers_.end()) return;
  if (buffer->second.address.has_value()) session_->Free(*buffer->second.address);
  buffers_.erase(buffer);
}

void VirtualDevice::sync_bo(unsigned int handle, xclBOSyncDirection direction, size_t size,
                            size_t offset) {
  const Buffer buffer = Find(handle);
  if (!buffer.address.has_value() || offset > buffer.size || size > buffer.size - offset) {
    ThrowErrorNumber(EINVAL, "a transfer beyond its buffer");
  }
  const std::span<uint8_t> host(buffer.host + offset, size);
  const uint64_t address = *buffer.address + offset;
  ThrowUnlessOk(direction == XCL_BO_SYNC_BO_TO_DEVICE ? session_->Upload(host, address)
                                                      : session_->Download(address, host));
}

void* VirtualDevice::map_bo(unsigned int buffer, bool /*write*/) { return Find(buffer).host; }

void VirtualDevice::get_bo_properties(unsigned int handle, xclBOProperties* properties) const {
  const Buffer buffer = Find(handle);
  *properties = {.handle = handle,
                 .flags = buffer.flags,
                 .size = buffer.size,
                 .paddr = buffer.address.value_or(0)};
}

void VirtualDevice::xread(xclAddressSpace /*space*/, uint64_t offset, void* target,
                          size_t size) const {
  const std::optional<ArrayDesign> design = session_->design();
  if (!design.has_value()) ThrowErrorNumber(EBUSY, "no xclbin is loaded");
  if (size != sizeof(uint32_t) || offset < design->kernel_address) {
    ThrowErrorNumber(EINVAL, "registers are read one by one");
  }
  const uint32_t value =
      ValueOrThrow(session_->ReadRegister(static_cast<uint32_t>(offset - design->kernel_address)));
  std::memcpy(target, &value, sizeof(value));
}

void VirtualDevice::reg_read(uint32_t /*ip_index*/, uint32_t offset, uint32_t* value) const {
  *value = ValueOrThrow(session_->ReadRegister(offset));
}

void VirtualDevice::load_axlf(const axlf* xclbin) {
  ShowDeviceMapRead();
  ThrowUnlessOk(session_->Load(*xclbin));
  register_axlf(xclbin);
}

void VirtualDevice::exec_buf(unsigned int handle) {
  const Buffer buffer = Find(handle);
  if (buffer.packet == nullptr) ThrowErrorNumber(EINVAL, "a command outside a packet");
  const Command command = ValueOrThrow(ParsePacket(*buffer.packet));
  if (const auto* start = std::get_if<StartCommand>(&command)) {
    ThrowUnlessOk(session_->Submit({.packet = buffer.packet,
                                    .registers = {start->registers.begin(), start->registers.end()},
                                    .completions = completions_}));
    return;
  }
  const auto aborted = Find(std::get<AbortCommand>(command).buffer);
  ThrowUnlessOk(session_->Abort(aborted.packet.get()));
  StorePacketState(*buffer.packet, ERT_CMD_STATE_COMPLETED);
  completions_->Post();
}

int VirtualDevice::exec_wait(int timeout_ms) const {
  const absl::Duration timeout =
      timeout_ms < 0 ? absl::InfiniteDuration() : absl::Milliseconds(timeout_ms);
  return completions_->Take(timeout) ? 1 : 0;
}

const xrt_core::query::request& VirtualDevice::lookup_query(xrt_core::query::key_type key) const {
  return CardQuery(key);
}

int VirtualDevice::export_bo(unsigned int) const { ThrowUnsupported(__func__); }
unsigned int VirtualDevice::import_bo(int) { ThrowUnsupported(__func__); }
void VirtualDevice::close_export_handle(int) { ThrowUnsupported(__func__); }
void VirtualDevice::copy_bo(unsigned int, unsigned int, size_t, size_t, size_t) {
  ThrowUnsupported(__func__);
}
void VirtualDevice::reg_write(uint32_t, uint32_t, uint32_t) { ThrowUnsupported(__func__); }
void VirtualDevice::xwrite(xclAddressSpace, uint64_t, const void*, size_t) {
  ThrowUnsupported(__func__);
}
void VirtualDevice::unmgd_pread(void*, size_t, uint64_t) { ThrowUnsupported(__func__); }
void VirtualDevice::unmgd_pwrite(const void*, size_t, uint64_t) { ThrowUnsupported(__func__); }
void VirtualDevice::reclock(const unsigned short*) { ThrowUnsupported(__func__); }
void VirtualDevice::p2p_enable(bool) { ThrowUnsupported(__func__); }
void VirtualDevice::p2p_disable(bool) { ThrowUnsupported(__func__); }
void VirtualDevice::set_cma(bool, uint64_t) { ThrowUnsupported(__func__); }
void VirtualDevice::update_scheduler_status() { ThrowUnsupported(__func__); }
void VirtualDevice::user_reset(xclResetKind) { ThrowUnsupported(__func__); }

}  // namespace sta::virtual_xrt
