// SPDX-License-Identifier: Apache-2.0
//
// Sum of one token's Tile signed values, two cycles later. An explicit tree: synthesis turns a
// loop of additions into far more logic.
`default_nettype none

module sta_vector_row_sum #(
  parameter int Tile = 8,
  parameter int Width = 16,
  localparam int SumWidth = Width + $clog2(Tile)
) (
  input  wire logic                  clk_i,
  input  wire logic [Tile*Width-1:0] values_i,
  output logic [SumWidth-1:0]        sum_o
);

  localparam int Quads = Tile / 4;

  if (Quads != 1 && Quads != 2 && Quads != 4) begin : g_check_tile
    $error("Tile must be 4, 8 or 16");
  end

  logic [4*SumWidth-1:0] quads;

  for (genvar q = 0; q < 4; q++) begin : g_quad
    if (q < Quads) begin : g_used
      logic [4*SumWidth-1:0] extended;
      logic [SumWidth-1:0] quad_q;
      for (genvar i = 0; i < 4; i++) begin : g_value
        assign extended[i*SumWidth +: SumWidth] =
            SumWidth'(signed'(values_i[(q*4 + i)*Width +: Width]));
      end
      always_ff @(posedge clk_i) begin
        quad_q <= (extended[0 +: SumWidth] + extended[SumWidth +: SumWidth]) +
                  (extended[2*SumWidth +: SumWidth] + extended[3*SumWidth +: SumWidth]);
      end
      assign quads[q*SumWidth +: SumWidth] = quad_q;
    end else begin : g_absent
      assign quads[q*SumWidth +: SumWidth] = '0;
    end
  end

  always_ff @(posedge clk_i) begin
    sum_o <= (quads[0 +: SumWidth] + quads[SumWidth +: SumWidth]) +
             (quads[2*SumWidth +: SumWidth] + quads[3*SumWidth +: SumWidth]);
  end

endmodule

`default_nettype wire
