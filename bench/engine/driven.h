// SPDX-License-Identifier: Apache-2.0
//
// The driven mode: a parent process that compares engines says when to run what, so that they take
// turns. One request a line, one line of answer to each:
//
//   (at the start)       ready emulator: avx512, 1 threads
//   run SHAPE REPEATS    microseconds of each run, separated by spaces
//   embed SHAPE          all embeddings of one run, row by row, separated by spaces
//   anything else        error: what is wrong; the next request is awaited
//
// SHAPE is what MakeWorkload takes. The end of the input ends the loop.
#ifndef BENCH_ENGINE_DRIVEN_H_
#define BENCH_ENGINE_DRIVEN_H_

#include <iosfwd>

#include "bench/engine/engine_runner.h"

namespace sta::bench {

// Blocks until `in` ends. Every answer is flushed.
void ServeDriver(EngineRunner& runner, std::istream& in, std::ostream& out);

}  // namespace sta::bench

#endif  // BENCH_ENGINE_DRIVEN_H_
