// SPDX-License-Identifier: Apache-2.0
//
// The whole of engine_bench but main().
#ifndef BENCH_ENGINE_COMMAND_H_
#define BENCH_ENGINE_COMMAND_H_

namespace sta::bench {

// Returns the exit code: 0, 1 (a message is on stderr) or 2 for a wrong command line. Blocks until
// all is measured, with --driven until the input ends.
int RunEngineBench(int argc, char** argv);

}  // namespace sta::bench

#endif  // BENCH_ENGINE_COMMAND_H_
