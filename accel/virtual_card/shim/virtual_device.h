// SPDX-License-Identifier: Apache-2.0
//
// VirtualDevice: one opening of a card, as XRT's library sees it. Its functions are those of XRT's
// shims; they throw std::system_error (std::bad_alloc where the card's memory is full).
//
// Thread-safe.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_VIRTUAL_DEVICE_H_
#define ACCEL_VIRTUAL_CARD_SHIM_VIRTUAL_DEVICE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "accel/virtual_card/shim/card_session.h"
#include "accel/virtual_card/shim/completion_queue.h"
#include "accel/virtual_card/shim/compute_unit.h"
#include "accel/virtual_card/shim/xrt_internals.h"

namespace sta::virtual_xrt {

class VirtualDevice final : public xrt_core::device {
 public:
  // XRT knows this as `handle`. `on_close` destroys this.
  VirtualDevice(unsigned int index, void* handle, std::shared_ptr<CardSession> session,
                std::function<void()> on_close);
  ~VirtualDevice() override;

  // XRT keeps a thread for every address at which it has seen a device, and ends none of them. So
  // addresses are used again, and what else a process leaks is seen.
  static void* operator new(size_t size);
  static void operator delete(void* memory);

  unsigned int index() const { return index_; }
  const CardSession& session() const { return *session_; }

  void close_device() override { on_close_(); }
  void open_context(const unsigned char* uuid, unsigned int ip_index, bool shared) override;
  void close_context(const unsigned char* uuid, unsigned int ip_index) override {}

  // Of packets, which are the host's alone; the library allocates the memory of all others.
  unsigned int alloc_bo(size_t size, unsigned int flags) override ABSL_LOCKS_EXCLUDED(mutex_);
  unsigned int alloc_bo(void* user_pointer, size_t size, unsigned int flags) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  void free_bo(unsigned int buffer) override ABSL_LOCKS_EXCLUDED(mutex_);
  void sync_bo(unsigned int buffer, xclBOSyncDirection direction, size_t size,
               size_t offset) override;
  void* map_bo(unsigned int buffer, bool write) override;
  void unmap_bo(unsigned int buffer, void* address) override {}
  void get_bo_properties(unsigned int buffer, xclBOProperties* properties) const override;

  void xread(xclAddressSpace space, uint64_t offset, void* buffer, size_t size) const override;
  void reg_read(uint32_t ip_index, uint32_t offset, uint32_t* value) const override;

  void load_axlf(const axlf* xclbin) override;
  void exec_buf(unsigned int buffer) override;
  // Poll semantics: 0 on timeout, 1 where a command ended, of which it then has been told.
  int exec_wait(int timeout_ms) const override;

  void* get_device_handle() const override { return handle_; }
  const xrt_core::query::request& lookup_query(xrt_core::query::key_type key) const override;

  // What a card of ours does not have: they throw ENOTSUP.
  using xrt_core::ishim::import_bo;
  int export_bo(unsigned int buffer) const override;
  unsigned int import_bo(int handle) override;
  void close_export_handle(int handle) override;
  void copy_bo(unsigned int destination, unsigned int source, size_t size,
               size_t destination_offset, size_t source_offset) override;
  void reg_write(uint32_t ip_index, uint32_t offset, uint32_t value) override;
  void xwrite(xclAddressSpace space, uint64_t offset, const void* buffer, size_t size) override;
  void unmgd_pread(void* buffer, size_t size, uint64_t offset) override;
  void unmgd_pwrite(const void* buffer, size_t size, uint64_t offset) override;
  void reclock(const unsigned short* mhz) override;
  void p2p_enable(bool force) override;
  void p2p_disable(bool force) override;
  void set_cma(bool enable, uint64_t size) override;
  void update_scheduler_status() override;
  void user_reset(xclResetKind kind) override;

 private:
  struct Buffer {
    unsigned int flags = 0;
    size_t size = 0;
    uint8_t* host = nullptr;
    std::shared_ptr<Packet> packet;   // owns `host`, where it is a packet
    std::optional<uint64_t> address;  // on the card, where it is none
  };

  unsigned int Insert(Buffer buffer) ABSL_LOCKS_EXCLUDED(mutex_);
  Buffer Find(unsigned int handle) const ABSL_LOCKS_EXCLUDED(mutex_);

  const unsigned int index_;
  void* const handle_;
  const std::shared_ptr<CardSession> session_;
  const std::function<void()> on_close_;
  const std::shared_ptr<CompletionQueue> completions_ = std::make_shared<CompletionQueue>();
  mutable absl::Mutex mutex_;
  std::map<unsigned int, Buffer> buffers_ ABSL_GUARDED_BY(mutex_);
  unsigned int last_handle_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_VIRTUAL_DEVICE_H_
