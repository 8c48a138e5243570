// SPDX-License-Identifier: Apache-2.0
//
// The end of the vector unit's pipeline. From d * mantissa: n = sat16(rsh(., shift)), then in two
// turns of multiplier bank B out = sat16(mulhrs(n, g) + b) and its view clip8(mulhrs(out, k)). The
// second turn comes five cycles after the first: granules at an even distance never collide.
// Without normalize_i the first turn is the view's: clip8(mulhrs(n, k)). Never stalls.
//
// Cycles after product_i and valid_i: shift_i 0; parameters' block_o 1; gain_i 3, bias_i 6,
// view_multiplier_i 8 (3 without normalize_i); out_o 8; view_o 13 (8 without normalize_i).
`default_nettype none

module sta_vector_scale #(
  parameter int Tile = 8,
  parameter int MaxBlocks = 512,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int Values = GranuleRows * Tile,
  localparam int BlockWidth = $clog2(MaxBlocks)
) (
  input  wire logic                      clk_i,
  input  wire logic                      rst_ni,

  // Constant while an instruction runs, but for the start.
  input  wire logic                      start_i,
  input  wire logic                      normalize_i,
  input  wire logic                      view_i,
  input  wire logic [15:0]               blocks_i,

  input  wire logic                      valid_i,
  input  wire logic [Values*32-1:0]      product_i,
  input  wire logic [GranuleRows*5-1:0]  shift_i,

  output logic [BlockWidth-1:0]          block_o,
  input  wire logic [Tile*16-1:0]        gain_i,
  input  wire logic [Tile*16-1:0]        bias_i,
  input  wire logic [Tile*16-1:0]        view_multiplier_i,

  output logic                           out_valid_o,
  output logic [Values*16-1:0]           out_o,
  output logic                           view_valid_o,
  output logic [Values*8-1:0]            view_o
);

  localparam int FirstTurn = 3;
  localparam int SecondTurn = FirstTurn + 5;

  // valid_i some cycles ago; after the second turn's begin only what makes a view. (An instruction
  // without views is done, and the next may begin, before its last granule has left the pipeline.)
  logic [13:1] valid_q;
  logic [GranuleRows*3-1:0] fine_shift_q;

  wire logic is_first_turn = valid_q[FirstTurn];
  wire logic adds_bias = valid_q[FirstTurn + 3] && normalize_i;

  assign out_valid_o = valid_q[SecondTurn] && normalize_i;
  assign view_valid_o = view_i && valid_q[normalize_i ? SecondTurn + 5 : FirstTurn + 5];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      valid_q <= '0;
    end else begin
      valid_q <= {valid_q[12:1], valid_i};
      valid_q[SecondTurn + 1] <= valid_q[SecondTurn] && normalize_i && view_i;
    end
    if (start_i) begin
      block_o <= '0;
    end else if (valid_q[1]) begin
      block_o <= 16'(block_o) == blocks_i - 1'b1 ? '0 : block_o + 1'b1;
    end
  end

  for (genvar g = 0; g < GranuleRows; g++) begin : g_fine_shift
    always_ff @(posedge clk_i) fine_shift_q[g*3 +: 3] <= shift_i[g*5 +: 3];
  end

  for (genvar v = 0; v < Values; v++) begin : g_value
    localparam int Row = v / Tile;
    localparam int Channel = v % Tile;

    // Twice the product, shifted; one more bit goes with the rounding.
    logic signed [32:0] doubled, coarse_q, fine_q, rounded;
    logic signed [15:0] n_q;
    assign doubled = {product_i[v*32 +: 32], 1'b0};
    assign rounded = (fine_q + 33'sd1) >>> 1;
    wire logic n_fits = rounded[32:15] == {18{rounded[15]}};

    always_ff @(posedge clk_i) begin
      unique case (shift_i[Row*5 + 3 +: 2])
        2'd0: coarse_q <= doubled;
        2'd1: coarse_q <= doubled >>> 8;
        default: coarse_q <= doubled >>> 16;
      endcase
      fine_q <= coarse_q >>> fine_shift_q[Row*3 +: 3];
      n_q <= n_fits ? rounded[15:0] : {rounded[32], {15{!rounded[32]}}};
    end

    // Bank B: operands, product (two registers), rounded with bias, saturated.
    logic signed [15:0] a_q, b_q, bias, out_q;
    logic signed [31:0] m_q, p_q;
    logic signed [17:0] sum_q;
    assign bias = adds_bias ? bias_i[Channel*16 +: 16] : '0;
    wire logic out_fits = sum_q[17:15] == {3{sum_q[15]}};
    wire logic view_fits = sum_q[17:7] == {11{sum_q[7]}} && sum_q[7:0] != 8'h80;

    always_ff @(posedge clk_i) begin
      a_q <= is_first_turn ? n_q : out_q;
      b_q <= is_first_turn && normalize_i ? gain_i[Channel*16 +: 16]
                                          : view_multiplier_i[Channel*16 +: 16];
      m_q <= a_q * b_q;
      p_q <= m_q;
      sum_q <= 18'(signed'(p_q[31:15])) + 18'(bias) + 18'({1'b0, p_q[14]});
      out_q <= out_fits ? sum_q[15:0] : {sum_q[17], {15{!sum_q[17]}}};
      view_o[v*8 +: 8] <= view_fits ? sum_q[7:0] : {sum_q[17], {6{!sum_q[17]}}, 1'b1};
    end

    assign out_o[v*16 +: 16] = out_q;
  end

endmodule

`default_nettype wire
