// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/mapping_guard.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sta {

// One guarded mapping. Slots are made when they are needed, used again, and never freed, so that
// the handler may walk over them at any time.
//
// The handler may read a slot while another thread gives it to a new mapping: `version` is odd
// meanwhile. It cannot be the slot of the mapping that the handler looks for, which is guarded as
// long as somebody reads it; so what has changed under the reader's eyes is skipped.
struct MappingGuard::Slot {
  bool Contains(uintptr_t address) const {
    const uint32_t before = version.load(std::memory_order_acquire);
    const uintptr_t from = begin.load(std::memory_order_acquire);
    const uintptr_t to = end.load(std::memory_order_acquire);
    const uint32_t after = version.load(std::memory_order_relaxed);
    return before % 2 == 0 && before == after && from <= address && address < to;
  }

  void Set(uintptr_t from, uintptr_t to) {
    version.fetch_add(1, std::memory_order_relaxed);
    begin.store(from, std::memory_order_release);
    end.store(to, std::memory_order_release);
    version.fetch_add(1, std::memory_order_release);
  }

  std::atomic<uint32_t> version = 0;
  std::atomic<uintptr_t> begin = 0;
  std::atomic<uintptr_t> end = 0;  // equal to `begin` where the slot is free
  std::atomic<bool> faulted = false;
  Slot* next = nullptr;  // set before the slot is published
};

struct MappingGuard::Table {
  static Slot* Acquire(uintptr_t from, uintptr_t to);
  static void Release(Slot* slot);
  static void Install() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // What follows runs in the signal handler: nothing but atomics and system calls.
  static void Handle(int signal, siginfo_t* info, void* context);
  static bool Repair(uintptr_t address);
  static void PassOn(int signal, siginfo_t* info, void* context);

  static absl::Mutex mutex;
  static std::atomic<Slot*> slots;
  static struct sigaction previous;
  static bool installed ABSL_GUARDED_BY(mutex);
};

constinit absl::Mutex MappingGuard::Table::mutex(absl::kConstInit);
constinit std::atomic<MappingGuard::Slot*> MappingGuard::Table::slots = nullptr;
constinit struct sigaction MappingGuard::Table::previous {};
constinit bool MappingGuard::Table::installed = false;

namespace {

// Raised by the access itself, which is tried again when the handler returns. Others were sent by
// a process, or tell of broken memory that nobody has touched yet.
bool IsOfAnAccess(const siginfo_t& info) {
  return info.si_code == BUS_ADRERR || info.si_code == BUS_OBJERR || info.si_code == BUS_ADRALN ||
         info.si_code == BUS_MCEERR_AR;
}

}  // namespace

bool MappingGuard::Table::Repair(uintptr_t address) {
  for (Slot* slot = slots.load(std::memory_order_acquire); slot != nullptr; slot = slot->next) {
    if (!slot->Contains(address)) continue;
    const uintptr_t begin = slot->begin.load(std::memory_order_relaxed);
    const uintptr_t end = slot->end.load(std::memory_order_relaxed);
    // First: other threads may read zeros as soon as they are there.
    slot->faulted.store(true, std::memory_order_seq_cst);
    // The system call itself: sanitizers put functions of their own in the place of mmap. Threads
    // that fault together do this more than once, which changes nothing.
    const int64_t mapped = syscall(SYS_mmap, begin, end - begin, PROT_READ,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return mapped == static_cast<int64_t>(begin);
  }
  return false;
}

void MappingGuard::Table::PassOn(int signal, siginfo_t* info, void* context) {
  if ((previous.sa_flags & SA_SIGINFO) != 0) return previous.sa_sigaction(signal, info, context);
  if (previous.sa_handler == SIG_IGN && !IsOfAnAccess(*info)) return;
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    return previous.sa_handler(signal);
  }
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  sigaction(signal, &standard, nullptr);
  // The access is tried again and ends the process where it happened; a signal has to be repeated.
  if (!IsOfAnAccess(*info)) raise(signal);
}

void MappingGuard::Table::Handle(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const bool repaired = IsOfAnAccess(*info) && Repair(reinterpret_cast<uintptr_t>(info->si_addr));
  if (!repaired) PassOn(signal, info, context);
  errno = saved_errno;
}

void MappingGuard::Table::Install() {
  if (installed) return;
  installed = true;
  struct sigaction action {};
  action.sa_sigaction = &Handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  // Before ours can run, so that it never sees half of it.
  sigaction(SIGBUS, nullptr, &previous);
  sigaction(SIGBUS, &action, nullptr);  // fails only for a signal that does not exist
}

MappingGuard::Slot* MappingGuard::Table::Acquire(uintptr_t from, uintptr_t to) {
  // Of whole pages, as the mapping is: code that reads in wide steps may read past the file's end.
  const auto page_bytes = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  to = (to + page_bytes - 1) / page_bytes * page_bytes;
  const absl::MutexLock lock(&mutex);
  Install();
  Slot* slot = slots.load(std::memory_order_relaxed);
  while (slot != nullptr && slot->begin != slot->end) slot = slot->next;
  if (slot != nullptr) {
    slot->faulted = false;
    slot->Set(from, to);
    return slot;
  }
  slot = new Slot();
  slot->Set(from, to);
  slot->next = slots.load(std::memory_order_relaxed);
  slots.store(slot, std::memory_order_release);
  return slot;
}

void MappingGuard::Table::Release(Slot* slot) {
  const absl::MutexLock lock(&mutex);
  slot->Set(0, 0);
}

MappingGuard::MappingGuard(std::span<const std::byte> mapping)
    : slot_(Table::Acquire(reinterpret_cast<uintptr_t>(mapping.data()),
                           reinterpret_cast<uintptr_t>(mapping.data()) + mapping.size())) {}

MappingGuard::~MappingGuard() { Table::Release(slot_); }

bool MappingGuard::faulted() const {
  // What was read before must not be read after the flag, by the compiler or the processor.
  std::atomic_thread_fence(std::memory_order_acquire);
  return slot_->faulted.load(std::memory_order_relaxed);
}

}  // namespace sta
