// SPDX-License-Identifier: Apache-2.0
//
// How many cycles things take on a card: what accel/cycle_model knows of the hardware beside the
// instruction set. One place, to be held against accel/rtl; each number names the module that it
// comes from.
//
// A plain value.
#ifndef ACCEL_CYCLE_MODEL_CARD_TIMING_H_
#define ACCEL_CYCLE_MODEL_CARD_TIMING_H_

#include <cstdint>

namespace sta::card {

// The memory behind the card's port.
struct MemoryTiming {
  double bytes_per_cycle = 64.0;  // reads and writes together; a port moves 64 at most, each way
  int64_t latency_cycles = 150;   // from an address, or the last beat written, to its answer
};

struct CardTiming {
  // Run control, fetch, dispatcher, queues (sta_run_control, sta_instruction_*, sta_dispatcher).
  int64_t start_cycles = 1;           // from the start that is counted to the first request
  int64_t end_cycles = 5;             // from the last instruction's end to done
  int64_t fetched_instructions = 16;  // places of the fetch queue
  int64_t fetch_request_beats = 8;
  int64_t dispatch_cycles = 2;     // of an instruction
  int64_t queue_instructions = 4;  // places of each unit's queue

  // Memory port (sta_axi_reader, sta_axi_writer).
  int64_t request_cycles = 3;   // from a request taken to its address
  int64_t response_cycles = 1;  // from the memory's answer to its client
  int64_t burst_beats = 16;
  int64_t reads_in_flight = 32;   // bursts
  int64_t writes_in_flight = 16;  // bursts

  // Weight loader (sta_weight_loader, sta_weight_room).
  int64_t ring_step_words = 1024;  // of values; as many of indices
  int64_t parameter_blocks = 32;   // channel blocks whose parameters are held
  int64_t table_sets = 2;          // of GELU tables
  int64_t weight_streams = 4;      // MATMULs that wait for the loader
  int64_t table_beat_cycles = 8;   // of a beat of GELU tables (sta_gelu_table)

  // Engine (sta_engine, sta_dmme, sta_epilogue, sta_attention_control).
  int64_t matmul_start_cycles = 1;     // from an instruction taken to its first step
  int64_t attention_start_cycles = 3;  // the same
  int64_t tile_cycles = 8;             // from a tile's last step to its sums
  int64_t epilogue_cycles = 8;         // from a granule leaving the tile register to its int8
  int64_t residual_read_cycles = 3;    // ... to the read of what it is added to
  int64_t residual_write_cycles = 6;   // ... to the write of the sum
  int64_t score_cycles = 5;            // ... to the softmax unit
  int64_t slots = 4;                   // score rows between QK^T and PV

  // Softmax unit (sta_softmax_scores, sta_softmax_pass, sta_softmax_rows).
  int64_t maximum_cycles = 4;      // from a granule of logits to the second pass over its rows
  int64_t probability_cycles = 4;  // from there to its probabilities
  int64_t row_sum_cycles = 3;      // from a row's last probability to the reciprocal
  int64_t reciprocal_cycles = 11;

  // Vector unit (sta_vector_*).
  int64_t vector_start_cycles = 2;  // from an instruction taken to its first read
  int64_t mean_cycles = 32;         // from a row's last read to its mean
  int64_t root_cycles = 10;         // from a row's last square to the first of its roots' starts
  int64_t row_root_cycles = 15;     // of each root of a granule row, one after the other
  int64_t normalize_cycles = 15;    // from a granule's scaling to its write
  int64_t view_cycles = 20;         // ... to the write of its view, after a normalization
  int64_t view_only_cycles = 15;    // ... without one
  int64_t output_granules = 16;     // places of each output queue
  int64_t vector_end_cycles = 2;    // from the last write to the end of the instruction
  int64_t parameter_sets = 2;       // VECTORs whose parameters are held

  // Rows in and out (sta_row_loader, sta_row_storer).
  int64_t transfer_start_cycles = 1;
  int64_t transfer_end_cycles = 1;
  int64_t store_read_cycles = 2;  // from a read of the residual buffer to its beat
  int64_t store_queue_beats = 32;
};

}  // namespace sta::card

#endif  // ACCEL_CYCLE_MODEL_CARD_TIMING_H_
