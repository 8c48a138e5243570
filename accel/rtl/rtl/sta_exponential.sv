// SPDX-License-Identifier: Apache-2.0
//
// Probability of a key whose logit lies distance_i below the row's maximum:
// floor(127 * 2^(-d / 32) + 0.5), and 0 for 255, which stands for all that is farther away.
// Combinational.
`default_nettype none

module sta_exponential (
  input  wire logic [7:0] distance_i,
  output logic [6:0]      probability_o
);

  // One byte a distance, 255 first. Sixteen a line.
  localparam logic [2047:0] Table = {
    128'h00010101010101010101010101010101,
    128'h01010101010101010101010101010101,
    128'h01010101010101010101010101010101,
    128'h01010102020202020202020202020202,
    128'h02020202020202020202030303030303,
    128'h03030303030303030303040404040404,
    128'h04040404040505050505050505050506,
    128'h06060606060607070707070707080808,
    128'h08080809090909090a0a0a0a0b0b0b0b,
    128'h0b0c0c0c0d0d0d0d0e0e0e0f0f0f1010,
    128'h10111111121212131314141515151616,
    128'h17171818191a1a1b1b1c1c1d1e1e1f20,
    128'h2021222323242526272728292a2b2c2d,
    128'h2e2f3031323334353738393a3c3d3e40,
    128'h4142444547484a4c4d4f51525456585a,
    128'h5c5e60626466696b6d707274777a7c7f
  };

`ifdef SYNTHESIS
  // Yosys would make a look-up of multiplexers, three times as large as this sum of products; for
  // the simulator the look-up is the quick one.
  always_comb begin
    probability_o = '0;
    for (int d = 0; d < 256; d++) begin
      probability_o = probability_o | (Table[8*d +: 7] & {7{distance_i == 8'(d)}});
    end
  end
`else
  assign probability_o = Table[{distance_i, 3'd0} +: 7];
`endif

endmodule

`default_nettype wire
