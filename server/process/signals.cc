// SPDX-License-Identifier: Apache-2.0
#include "server/process/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace sta {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void BlockStopSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

int WaitForStopSignal() {
  const sigset_t signals = StopSignals();
  int number = 0;
  // sigwait fails only for an invalid set.
  sigwait(&signals, &number);
  return number;
}

void ExitOnNextStopSignal() {
  std::thread([] { _exit(128 + WaitForStopSignal()); }).detach();
}

}  // namespace sta
