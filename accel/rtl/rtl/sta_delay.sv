// SPDX-License-Identifier: Apache-2.0
//
// Delays data by Stages cycles (0: a wire). Not reset, so that it maps to shift-register LUTs:
// nothing that must be quiet after reset goes through here.
`default_nettype none

module sta_delay #(
  parameter int Width = 8,
  parameter int Stages = 1
) (
  input  wire logic             clk_i,
  input  wire logic [Width-1:0] data_i,
  output logic [Width-1:0]      data_o
);

  if (Stages == 0) begin : g_wire
    assign data_o = data_i;
  end else if (Stages == 1) begin : g_register
    always_ff @(posedge clk_i) data_o <= data_i;
  end else begin : g_registers
    logic [Stages*Width-1:0] stages_q;
    always_ff @(posedge clk_i) stages_q <= {stages_q[(Stages-1)*Width-1:0], data_i};
    assign data_o = stages_q[(Stages-1)*Width +: Width];
  end

endmodule

`default_nettype wire
