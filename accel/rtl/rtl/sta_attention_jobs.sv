// SPDX-License-Identifier: Apache-2.0
//
// Walks the jobs of an ATTENTION instruction: for each head, for each query group. Of each job it
// gives two positions: both grow by head_step_i from head to head, and `place` also by
// place_stride_i from query group to query group.
//
// start_i takes the first positions; from the next cycle on valid_o is high and the outputs, all
// registers, belong to the present job. next_i goes on to the next one, which is there in the
// next cycle; after the last one valid_o falls. All other inputs keep their values from start_i
// until then.
`default_nettype none

module sta_attention_jobs #(
  parameter int PlaceWidth = 32,
  parameter int WeightWidth = 28
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_ni,

  input  wire logic                   start_i,
  input  wire logic [11:0]            heads_i,
  input  wire logic [11:0]            query_groups_i,
  input  wire logic [PlaceWidth-1:0]  place_i,
  input  wire logic [PlaceWidth-1:0]  place_stride_i,
  input  wire logic [WeightWidth-1:0] weight_i,
  input  wire logic [7:0]             head_step_i,

  input  wire logic                   next_i,
  output logic                        valid_o,
  output logic                        last_o,
  output logic [PlaceWidth-1:0]       place_o,
  output logic [WeightWidth-1:0]      weight_o
);

  logic                   valid_q;
  logic [11:0]            heads_left_q, groups_left_q;  // besides the present one
  logic [PlaceWidth-1:0]  place_q, head_place_q;        // of the job, of its head's first
  logic [WeightWidth-1:0] weight_q;

  wire logic last_group = groups_left_q == '0;
  wire logic last_head = heads_left_q == '0;
  wire logic [PlaceWidth-1:0] next_head_place = head_place_q + PlaceWidth'(head_step_i);

  assign valid_o = valid_q;
  assign last_o = last_group && last_head;
  assign place_o = place_q;
  assign weight_o = weight_q;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      heads_left_q <= heads_i - 1'b1;
      groups_left_q <= query_groups_i - 1'b1;
      place_q <= place_i;
      head_place_q <= place_i;
      weight_q <= weight_i;
    end else if (next_i && last_group) begin
      heads_left_q <= heads_left_q - 1'b1;
      groups_left_q <= query_groups_i - 1'b1;
      place_q <= next_head_place;
      head_place_q <= next_head_place;
      weight_q <= weight_q + WeightWidth'(head_step_i);
    end else if (next_i) begin
      groups_left_q <= groups_left_q - 1'b1;
      place_q <= place_q + place_stride_i;
    end
    if (!rst_ni) begin
      valid_q <= 1'b0;
    end else if (start_i) begin
      valid_q <= 1'b1;
    end else if (next_i && last_o) begin
      valid_q <= 1'b0;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!next_i || valid_q);
  end
`endif

endmodule

`default_nettype wire
