// SPDX-License-Identifier: Apache-2.0
//
// engine_bench: how long whole models take on the CPU, from token ids to sentence embeddings.
#include "bench/engine/command.h"

int main(int argc, char** argv) { return sta::bench::RunEngineBench(argc, argv); }
