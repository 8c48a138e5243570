// SPDX-License-Identifier: Apache-2.0
//
// Instructions of one unit, held back until what they wait for is done: the oldest one is offered
// when every unit has finished at least as many instructions as its waits say. Offered once, it
// stays so until it is taken, because finished counts only grow.
`default_nettype none

module sta_unit_queue #(
  parameter int Depth = 4
) (
  input  wire logic                             clk_i,
  input  wire logic                             rst_ni,

  input  wire logic                             write_valid_i,
  output logic                                  write_ready_o,
  input  wire logic [sta_pkg::BeatBits-1:0]     write_data_i,

  input  wire logic [16*sta_pkg::UnitCount-1:0] finished_i,  // instructions of each unit

  output logic                                  instruction_valid_o,
  input  wire logic                             instruction_ready_i,
  output logic [sta_pkg::BeatBits-1:0]          instruction_o,
  output logic                                  waiting_o  // has one that must wait
);

  logic head_valid;
  sta_pkg::header_t header;
  assign header = instruction_o[95:0];

  wire logic free = header.wait_load <= finished_i[16*sta_pkg::UnitLoad +: 16] &&
                    header.wait_engine <= finished_i[16*sta_pkg::UnitEngine +: 16] &&
                    header.wait_vector <= finished_i[16*sta_pkg::UnitVector +: 16] &&
                    header.wait_store <= finished_i[16*sta_pkg::UnitStore +: 16];

  assign instruction_valid_o = head_valid && free;
  assign waiting_o = head_valid && !free;

  sta_fifo #(.Width(sta_pkg::BeatBits), .Depth(Depth)) u_instructions (
    .clk_i,
    .rst_ni,
    .write_valid_i,
    .write_ready_o,
    .write_data_i,
    .read_valid_o(head_valid),
    .read_ready_i(instruction_ready_i && free),
    .read_data_o(instruction_o)
  );

endmodule

`default_nettype wire
