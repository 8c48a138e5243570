// SPDX-License-Identifier: Apache-2.0
//
// The two classes through which XRT's library drives cards, and the queries that it makes of them,
// as far as their binary interface goes: xrt_core::system and xrt_core::device of
// libxrt_coreutil.so.2, whose headers no package has. The order of the virtual functions is the
// interface: it is that of version 202210.2.13.466 (Debian 12), and xrt_tables.h checks at load
// time that the library in the process still has it. Names follow XRT, not our style.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_XRT_INTERNALS_H_
#define ACCEL_VIRTUAL_CARD_SHIM_XRT_INTERNALS_H_

#include <sys/types.h>
#include <xclbin.h>
#include <xrt.h>

#include <array>
#include <boost/any.hpp>
#include <boost/property_tree/ptree_fwd.hpp>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// Types that cross the border between the libraries are the same type on both sides of it.
#define STA_XRT_INTERFACE __attribute__((visibility("default")))

namespace xrt_core {

class device;

namespace query {

enum class key_type : int;
class reset_type;

// Answers a query. An answer is the result type of the query, as XRT knows it by its key.
struct STA_XRT_INTERFACE request {
  enum class modifier : int;
  virtual ~request() = default;
  virtual boost::any get(const device*) const { throw std::runtime_error("needs arguments"); }
  virtual boost::any get(const device*, const boost::any&) const { throw Unsupported(); }
  virtual boost::any get(const device*, const boost::any&, const boost::any&) const {
    throw Unsupported();
  }
  virtual boost::any get(const device*, modifier, const std::string&) const { throw Unsupported(); }
  virtual boost::any get(const device*, const boost::any&, const boost::any&,
                         const boost::any&) const {
    throw Unsupported();
  }
  virtual void put(const device*, const boost::any&) const { throw Unsupported(); }

 private:
  static std::runtime_error Unsupported() { return std::runtime_error("takes no arguments"); }
};

class STA_XRT_INTERFACE exception : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What XRT takes as "this card does not have that".
class STA_XRT_INTERFACE no_such_key : public exception {
 public:
  explicit no_such_key(key_type key)
      : exception("no such query: " + std::to_string(static_cast<int>(key))), key_(key) {}

 private:
  key_type key_;
};

}  // namespace query

// Implemented by xrt_core::device; every function throws where it fails. Buffers are known by
// handles that the device hands out.
struct STA_XRT_INTERFACE ishim {
  virtual void close_device() = 0;
  virtual void open_context(const unsigned char* uuid, unsigned int ip_index, bool shared) = 0;
  virtual void close_context(const unsigned char* uuid, unsigned int ip_index) = 0;
  virtual unsigned int alloc_bo(size_t size, unsigned int flags) = 0;
  virtual unsigned int alloc_bo(void* user_pointer, size_t size, unsigned int flags) = 0;
  virtual void free_bo(unsigned int buffer) = 0;
  virtual int export_bo(unsigned int buffer) const = 0;
  virtual unsigned int import_bo(int handle) = 0;
  virtual void close_export_handle(int handle) = 0;
  virtual unsigned int import_bo(pid_t process, int handle);
  virtual void copy_bo(unsigned int destination, unsigned int source, size_t size,
                       size_t destination_offset, size_t source_offset) = 0;
  virtual void sync_bo(unsigned int buffer, xclBOSyncDirection direction, size_t size,
                       size_t offset) = 0;
  virtual void* map_bo(unsigned int buffer, bool write) = 0;
  virtual void unmap_bo(unsigned int buffer, void* address) = 0;
  virtual void get_bo_properties(unsigned int buffer, xclBOProperties* properties) const = 0;
  virtual void reg_read(uint32_t ip_index, uint32_t offset, uint32_t* value) const = 0;
  virtual void reg_write(uint32_t ip_index, uint32_t offset, uint32_t value) = 0;
  virtual void xread(xclAddressSpace space, uint64_t offset, void* buffer, size_t size) const = 0;
  virtual void xwrite(xclAddressSpace space, uint64_t offset, const void* buffer, size_t size) = 0;
  virtual void unmgd_pread(void* buffer, size_t size, uint64_t offset) = 0;
  virtual void unmgd_pwrite(const void* buffer, size_t size, uint64_t offset) = 0;
  virtual void exec_buf(unsigned int buffer) = 0;
  virtual int exec_wait(int timeout_ms) const = 0;
  virtual void load_axlf(const axlf* xclbin) = 0;
  virtual void reclock(const unsigned short* mhz) = 0;
  virtual void p2p_enable(bool force) = 0;
  virtual void p2p_disable(bool force) = 0;
  virtual void set_cma(bool enable, uint64_t size) = 0;
  virtual void update_scheduler_status() = 0;
  virtual void user_reset(xclResetKind kind) = 0;
  virtual int open_ip_interrupt_notify(unsigned int ip_index);
  virtual void close_ip_interrupt_notify(int handle);
  virtual void enable_ip_interrupt(int handle);
  virtual void disable_ip_interrupt(int handle);
  virtual void wait_ip_interrupt(int handle);
  virtual std::cv_status wait_ip_interrupt(int handle, int timeout_ms);
  // 21 functions for AI engines, which our cards have none of: only their places matter.
  virtual void aie_0() { HasNoAiEngine(); }
  virtual void aie_1() { HasNoAiEngine(); }
  virtual void aie_2() { HasNoAiEngine(); }
  virtual void aie_3() { HasNoAiEngine(); }
  virtual void aie_4() { HasNoAiEngine(); }
  virtual void aie_5() { HasNoAiEngine(); }
  virtual void aie_6() { HasNoAiEngine(); }
  virtual void aie_7() { HasNoAiEngine(); }
  virtual void aie_8() { HasNoAiEngine(); }
  virtual void aie_9() { HasNoAiEngine(); }
  virtual void aie_10() { HasNoAiEngine(); }
  virtual void aie_11() { HasNoAiEngine(); }
  virtual void aie_12() { HasNoAiEngine(); }
  virtual void aie_13() { HasNoAiEngine(); }
  virtual void aie_14() { HasNoAiEngine(); }
  virtual void aie_15() { HasNoAiEngine(); }
  virtual void aie_16() { HasNoAiEngine(); }
  virtual void aie_17() { HasNoAiEngine(); }
  virtual void aie_18() { HasNoAiEngine(); }
  virtual void aie_19() { HasNoAiEngine(); }
  virtual void aie_20() { HasNoAiEngine(); }

 protected:
  ~ishim() = default;  // by way of xrt_core::device, whose own is virtual

 private:
  static void HasNoAiEngine() { throw std::runtime_error("a virtual card has no AI engine"); }
};

class STA_XRT_INTERFACE device : public ishim {
 public:
  explicit device(unsigned int index);
  virtual ~device();

  virtual void* get_device_handle() const = 0;
  virtual void* get_mgmt_handle() const;
  virtual void* get_user_handle() const;
  virtual bool is_userpf() const;
  virtual const query::request& lookup_query(query::key_type key) const = 0;
  virtual void get_info(boost::property_tree::ptree& tree) const;
  virtual void read(uint64_t offset, void* buffer, uint64_t size) const;
  virtual void write(uint64_t offset, const void* buffer, uint64_t size) const;
  virtual void reset(query::reset_type& type) const;
  virtual void xclmgmt_load_xclbin(const char* path) const;
  virtual int open(const std::string& subdevice, int flags) const;
  virtual void close(int descriptor) const;

  // To be called when an xclbin has been loaded.
  void register_axlf(const axlf* xclbin);

 private:
  // The members are 104 bytes; one more would still fit.
  std::array<std::byte, 256> members_;
};

class STA_XRT_INTERFACE system {
 public:
  // Registers this as the system that the process has; throws where there is one already.
  system();

  virtual void get_xrt_info(boost::property_tree::ptree& tree);
  virtual void get_os_info(boost::property_tree::ptree& tree);
  virtual void get_devices(boost::property_tree::ptree& tree) const;
  virtual unsigned int get_device_id(const std::string& name) const;
  // All, and those that are ready.
  virtual std::pair<unsigned int, unsigned int> get_total_devices(bool is_user) const = 0;
  virtual std::shared_ptr<device> get_userpf_device(unsigned int index) const = 0;
  virtual std::shared_ptr<device> get_userpf_device(void* handle, unsigned int index) const = 0;
  virtual std::shared_ptr<device> get_mgmtpf_device(unsigned int index) const = 0;
  virtual int get_monitor_access_type() const;
  virtual void program_plp(const device* card, const std::vector<char>& buffer, bool force) const;
  virtual void mem_read(const device* card, long long offset, long long size,
                        const std::string& file) const;
  virtual void mem_write(const device* card, long long offset, long long size,
                         unsigned int pattern) const;

 protected:
  ~system() = default;  // never destroyed

 private:
  std::array<std::byte, 64> members_;
};

// The device that the library knows by this handle. Where it knows none, its system's function of
// the same name is asked, and the answer remembered for as long as somebody has it.
std::shared_ptr<device> get_userpf_device(void* handle, unsigned int index);

}  // namespace xrt_core

#endif  // ACCEL_VIRTUAL_CARD_SHIM_XRT_INTERNALS_H_
