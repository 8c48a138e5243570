// SPDX-License-Identifier: Apache-2.0
//
// SIGTERM and SIGINT as events that a thread waits for, so that nothing runs in a signal handler.
//
//   BlockStopSignals();              // first in main: threads started later inherit it
//   WaitForStopSignal();             // the first one: drain
//   ExitOnNextStopSignal();          // the second one: end at once
#ifndef SERVER_PROCESS_SIGNALS_H_
#define SERVER_PROCESS_SIGNALS_H_

namespace sta {

// Blocks SIGTERM and SIGINT for this thread and those that it starts. Ignores SIGPIPE.
void BlockStopSignals();

// Blocks until SIGTERM or SIGINT arrives and returns its number. BlockStopSignals must have been
// called before any other thread began.
int WaitForStopSignal();

// From now on a stop signal ends the process with status 128 + its number, without cleaning up.
// Starts a thread.
void ExitOnNextStopSignal();

}  // namespace sta

#endif  // SERVER_PROCESS_SIGNALS_H_
