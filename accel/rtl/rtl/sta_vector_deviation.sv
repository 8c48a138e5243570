// SPDX-License-Identifier: Apache-2.0
//
// Multiplier bank A of the vector unit: d = sat16(x - mean) and one product of it, for every value
// of a granule: d * d (squares), or d * mantissa of the row's root. Never stalls.
//
// x_i and mean_i in one cycle; square_i, mask_i and mantissa_i in the next; product_o four cycles
// after x_i. Squares of channels that mask_i leaves out are 0.
`default_nettype none

module sta_vector_deviation #(
  parameter int Tile = 8,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int Values = GranuleRows * Tile,
  localparam int MeanWidth = 17
) (
  input  wire logic                              clk_i,

  input  wire logic [Values*16-1:0]              x_i,
  input  wire logic [GranuleRows*MeanWidth-1:0]  mean_i,

  input  wire logic                              square_i,
  input  wire logic [Tile-1:0]                   mask_i,
  input  wire logic [GranuleRows*15-1:0]         mantissa_i,

  output logic [Values*32-1:0]                   product_o
);

  for (genvar v = 0; v < Values; v++) begin : g_value
    localparam int Row = v / Tile;
    localparam int Channel = v % Tile;

    logic signed [MeanWidth:0] difference_q;
    logic signed [15:0] deviation, a_q, b_q;
    logic signed [31:0] m_q;

    // In range: the upper bits are all equal to bit 15.
    wire logic fits = difference_q[MeanWidth:15] == {3{difference_q[15]}};
    assign deviation = fits ? difference_q[15:0]
                            : {difference_q[MeanWidth], {15{!difference_q[MeanWidth]}}};

    always_ff @(posedge clk_i) begin
      difference_q <= (MeanWidth + 1)'(signed'(x_i[v*16 +: 16])) -
                      (MeanWidth + 1)'(signed'(mean_i[Row*MeanWidth +: MeanWidth]));
      a_q <= deviation;
      if (!square_i) begin
        b_q <= {1'b0, mantissa_i[Row*15 +: 15]};
      end else begin
        b_q <= mask_i[Channel] ? deviation : '0;
      end
      m_q <= a_q * b_q;
      product_o[v*32 +: 32] <= m_q;
    end
  end

endmodule

`default_nettype wire
