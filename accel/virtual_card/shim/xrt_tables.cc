// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/xrt_tables.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <string>

#include "strings/str_cat.h"

namespace sta::virtual_xrt {
namespace {

constexpr char kLibrary[] = "libxrt_coreutil.so.2";
constexpr char kPureFunction[] = "__cxa_pure_virtual";
// Before the functions: the offset to the top and the type.
constexpr size_t kTableHeaderWords = 2;

// A property tree, as names of functions that take one spell it.
#define STA_TREE                                                              \
  "RN5boost13property_tree11basic_ptreeINSt7__cxx1112basic_stringIcSt11char_" \
  "traitsIcESaIcEEES9_St4lessIS9_EEE"

constexpr ExpectedTable::Slot kDeviceSlots[] = {
    {9, "_ZN8xrt_core5ishim9import_boEii"},
    {30, "_ZN8xrt_core5ishim24open_ip_interrupt_notifyEj"},
    {31, "_ZN8xrt_core5ishim25close_ip_interrupt_notifyEi"},
    {32, "_ZN8xrt_core5ishim19enable_ip_interruptEi"},
    {33, "_ZN8xrt_core5ishim20disable_ip_interruptEi"},
    {34, "_ZN8xrt_core5ishim17wait_ip_interruptEi"},
    {35, "_ZN8xrt_core5ishim17wait_ip_interruptEii"},
    {60, "_ZNK8xrt_core6device15get_mgmt_handleEv"},
    {61, "_ZNK8xrt_core6device15get_user_handleEv"},
    {62, "_ZNK8xrt_core6device9is_userpfEv"},
    {64, "_ZNK8xrt_core6device8get_infoE" STA_TREE},
    {65, "_ZNK8xrt_core6device4readEmPvm"},
    {66, "_ZNK8xrt_core6device5writeEmPKvm"},
    {67, "_ZNK8xrt_core6device5resetERNS_5query10reset_typeE"},
    {68, "_ZNK8xrt_core6device19xclmgmt_load_xclbinEPKc"},
    {69, "_ZNK8xrt_core6device4openERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEi"},
    {70, "_ZNK8xrt_core6device5closeEi"},
};
// The destructors of a class that is abstract.
constexpr size_t kDeviceUnset[] = {57, 58};

constexpr ExpectedTable::Slot kSystemSlots[] = {
    {0, "_ZN8xrt_core6system12get_xrt_infoE" STA_TREE},
    {1, "_ZN8xrt_core6system11get_os_infoE" STA_TREE},
    {2, "_ZNK8xrt_core6system11get_devicesE" STA_TREE},
    {3,
     "_ZNK8xrt_core6system13get_device_idERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"},
    {8, "_ZNK8xrt_core6system23get_monitor_access_typeEv"},
    {9, "_ZNK8xrt_core6system11program_plpEPKNS_6deviceERKSt6vectorIcSaIcEEb"},
    {10,
     "_ZNK8xrt_core6system8mem_readEPKNS_6deviceExxRKNSt7__cxx1112basic_stringIcSt11char_"
     "traitsIcESaIcEEE"},
    {11, "_ZNK8xrt_core6system9mem_writeEPKNS_6deviceExxj"},
};

#undef STA_TREE

constexpr ExpectedTable kTables[] = {
    {"xrt_core::device", "_ZTVN8xrt_core6deviceE", 0x248, kDeviceSlots, kDeviceUnset},
    {"xrt_core::system", "_ZTVN8xrt_core6systemE", 0x70, kSystemSlots, {}},
};

absl::Status Differs(std::string_view what) {
  return absl::FailedPreconditionError(
      StrCat("this process's ", kLibrary, " is not the XRT that virtual cards were written for ",
             "(202210.2.13.466, Debian 12): ", what, "; install that version, or bring ",
             "accel/virtual_card/shim/xrt_internals.h and xrt_tables.cc up to the new one"));
}

// The library, which the caller links and so is loaded.
void* Library() {
  static void* const library = dlopen(kLibrary, RTLD_NOW | RTLD_NOLOAD);
  return library;
}

}  // namespace

std::span<const ExpectedTable> ExpectedXrtTables() { return kTables; }

absl::Status CheckXrtTable(const ExpectedTable& table) {
  const auto* const words = static_cast<const void* const*>(dlsym(Library(), table.symbol));
  Dl_info info = {};
  const ElfW(Sym)* symbol = nullptr;
  if (words == nullptr ||
      dladdr1(words, &info, const_cast<void**>(reinterpret_cast<const void**>(&symbol)),
              RTLD_DL_SYMENT) == 0 ||
      symbol == nullptr) {
    return Differs(StrCat("it has no class ", table.class_name));
  }
  if (symbol->st_size != table.bytes) {
    return Differs(StrCat("the table of ", table.class_name, " has ", symbol->st_size,
                          " bytes, not ", table.bytes));
  }
  const void* const pure = dlsym(Library(), kPureFunction);
  for (size_t i = 0; i < table.bytes / sizeof(void*) - kTableHeaderWords; ++i) {
    if (std::ranges::find(table.unset, i) != table.unset.end()) continue;
    const auto slot = std::ranges::find(table.slots, i, &ExpectedTable::Slot::index);
    const bool is_pure = slot == table.slots.end();
    const void* const expected = is_pure ? pure : dlsym(Library(), slot->symbol);
    if (expected == nullptr || words[kTableHeaderWords + i] != expected) {
      return Differs(StrCat("function ", i, " of ", table.class_name, " is not ",
                            is_pure ? kPureFunction : slot->symbol));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckXrtTables() {
  for (const ExpectedTable& table : kTables) {
    if (absl::Status status = CheckXrtTable(table); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace sta::virtual_xrt
