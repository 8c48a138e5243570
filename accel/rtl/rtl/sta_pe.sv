// SPDX-License-Identifier: Apache-2.0
//
// Processing element: sums of one output channel for two tokens. Every lane chooses one byte of
// each token's window and multiplies both by the same weight in one DSP48E2: the bytes are packed
// as x1 * 2^18 + x0. Operands lie in -127..127, so the sum of up to eight products stays below
// 2^17 in either half, and the halves separate exactly.
//
// Latency: the sums hold a step five enabled cycles after its operands. first_i, which replaces the
// sums instead of adding to them, comes four enabled cycles after the operands of its step.
`default_nettype none

module sta_pe #(
  parameter int Lanes = 8
) (
  input  wire logic                   clk_i,
  input  wire logic                   advance_i,

  input  wire logic [Lanes*128-1:0]   window_0_i,  // token 0: [lane][16 bytes]
  input  wire logic [Lanes*128-1:0]   window_1_i,
  input  wire logic [Lanes*8-1:0]     weights_i,
  input  wire logic [Lanes*4-1:0]     selects_i,   // byte of the lane
  input  wire logic                   first_i,

  output logic [31:0]                 sum_0_o,
  output logic [31:0]                 sum_1_o
);
  /* verilator no_inline_module */

  // Two sums in one word, the upper one from bit HalfWidth on.
  localparam int HalfWidth = 18;
  localparam int PackedWidth = HalfWidth + 9;
  localparam int ProductWidth = HalfWidth + 15;
  localparam int QuadWidth = ProductWidth + 2;
  localparam int TotalWidth = QuadWidth + 1;
  localparam int Pairs = Lanes / 2;

  if (Lanes != 4 && Lanes != 8) begin : g_check_lanes
    $error("Lanes must be 4 or 8");
  end

  logic [Lanes*ProductWidth-1:0] products_q;

  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    wire logic [127:0] bytes_0 = window_0_i[l*128 +: 128];
    wire logic [127:0] bytes_1 = window_1_i[l*128 +: 128];
    wire logic [3:0] select = selects_i[l*4 +: 4];
    wire logic [7:0] x0 = bytes_0[select*8 +: 8];
    wire logic [7:0] x1 = bytes_1[select*8 +: 8];

    logic signed [PackedWidth-1:0] packed_q;
    logic signed [7:0] weight_q;
    logic signed [ProductWidth-1:0] product_q;

    always_ff @(posedge clk_i) begin
      if (advance_i) begin
        // Minus one in the upper half makes up for the sign extension of the lower.
        packed_q <= {{x1[7], x1} - {8'b0, x0[7]}, {(HalfWidth - 8){x0[7]}}, x0};
        weight_q <= weights_i[l*8 +: 8];
        product_q <= ProductWidth'(packed_q) * ProductWidth'(weight_q);
      end
    end

    assign products_q[l*ProductWidth +: ProductWidth] = product_q;
  end

  // Adder tree. Pairs have a bit more than they need: if fours could not overflow, Yosys would
  // merge their sums with the next ones into carry-save adders of twice the size.
  logic [Pairs*QuadWidth-1:0] pairs_q;
  logic signed [TotalWidth-1:0] total_d, total_q;

  for (genvar p = 0; p < Pairs; p++) begin : g_pair
    wire logic signed [ProductWidth-1:0] even = products_q[2*p*ProductWidth +: ProductWidth];
    wire logic signed [ProductWidth-1:0] odd = products_q[(2*p+1)*ProductWidth +: ProductWidth];
    always_ff @(posedge clk_i) begin
      if (advance_i) pairs_q[p*QuadWidth +: QuadWidth] <= QuadWidth'(even) + QuadWidth'(odd);
    end
  end

  wire logic signed [QuadWidth-1:0] lower_four =
      pairs_q[0 +: QuadWidth] + pairs_q[QuadWidth +: QuadWidth];

  if (Pairs == 4) begin : g_eight_lanes
    wire logic signed [QuadWidth-1:0] upper_four =
        pairs_q[2*QuadWidth +: QuadWidth] + pairs_q[3*QuadWidth +: QuadWidth];
    assign total_d = TotalWidth'(lower_four) + TotalWidth'(upper_four);
  end else begin : g_four_lanes
    assign total_d = TotalWidth'(lower_four);
  end

  always_ff @(posedge clk_i) begin
    if (advance_i) total_q <= total_d;
  end

  // The lower half's sign was taken from the upper half: give it back as the carry in.
  wire logic signed [HalfWidth-1:0] lower = total_q[HalfWidth-1:0];
  wire logic signed [HalfWidth:0] upper = {total_q[TotalWidth-1:HalfWidth], total_q[HalfWidth-1]};
  wire logic signed [31:0] base_0 = first_i ? 32'sd0 : sum_0_o;
  wire logic signed [32:0] base_1 = {first_i ? 32'sd0 : sum_1_o, 1'b1};
  /* verilator lint_off UNUSEDSIGNAL */
  wire logic signed [32:0] sum_1 = 33'(upper) + base_1;
  /* verilator lint_on UNUSEDSIGNAL */

  always_ff @(posedge clk_i) begin
    if (advance_i) begin
      sum_0_o <= 32'(lower) + base_0;
      sum_1_o <= sum_1[32:1];
    end
  end

endmodule

`default_nettype wire
