// SPDX-License-Identifier: Apache-2.0
//
// Which channels of a row's successive channel blocks count: the first channels_i of the row.
// mask_o is for the block that is presented in this cycle; next_i goes on to the next block.
`default_nettype none

module sta_vector_mask #(
  parameter int Tile = 8
) (
  input  wire logic            clk_i,
  input  wire logic [15:0]     channels_i,
  input  wire logic            first_i,  // the block is the first of its row
  input  wire logic            next_i,
  output logic [Tile-1:0]      mask_o
);

  logic [15:0] left, left_q;

  assign left = first_i ? channels_i : left_q;

  for (genvar c = 0; c < Tile; c++) begin : g_channel
    assign mask_o[c] = left > 16'(c);
  end

  always_ff @(posedge clk_i) begin
    if (next_i) left_q <= left > 16'(Tile) ? left - 16'(Tile) : '0;
  end

endmodule

`default_nettype wire
