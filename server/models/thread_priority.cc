// SPDX-License-Identifier: Apache-2.0
#include "server/models/thread_priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace sta {

void YieldToOthers(int nice) {
  if (nice == 0) return;
  const sched_param parameters = {.sched_priority = 0};
  sched_setscheduler(0, SCHED_BATCH, &parameters);
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), nice);
}

}  // namespace sta
