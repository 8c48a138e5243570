// SPDX-License-Identifier: Apache-2.0
//
// Counts the granules of an instruction: rows of blocks_i granules. active_o is high from the cycle
// after start_i until next_i was given blocks_i * rows_i times.
`default_nettype none

module sta_vector_counter (
  input  wire logic        clk_i,
  input  wire logic        rst_ni,

  input  wire logic        start_i,
  input  wire logic [15:0] blocks_i,  // of a row; constant while active
  input  wire logic [19:0] rows_i,    // looked at with start_i

  input  wire logic        next_i,
  output logic             active_o,
  output logic             first_o,   // the present granule is its row's first
  output logic             last_o     // ... last
);

  logic [15:0] block_q;  // granules of the row after this one
  logic [19:0] row_q;    // rows after this one

  assign last_o = block_q == '0;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      block_q <= blocks_i - 1'b1;
      row_q <= rows_i - 1'b1;
      first_o <= 1'b1;
    end else if (next_i) begin
      block_q <= last_o ? blocks_i - 1'b1 : block_q - 1'b1;
      first_o <= last_o;
      if (last_o) row_q <= row_q - 1'b1;
    end
    if (!rst_ni) begin
      active_o <= 1'b0;
    end else if (start_i) begin
      active_o <= 1'b1;
    end else if (next_i && last_o && row_q == '0) begin
      active_o <= 1'b0;
    end
  end

endmodule

`default_nettype wire
