// SPDX-License-Identifier: Apache-2.0
//
// The scalars of a softmax row from the sum Z of its probabilities: exponent n = ilog2(Z) and
// multiplier mr = (r * cm + 2^14) >> 15, where z is Z with its highest bit brought to bit 15 and
// r = min(32767, floor(2^30 / z)).
//
// One row a cycle, Latency cycles from valid_i to valid_o; never stalls. tag_i comes along.
`default_nettype none

module sta_reciprocal #(
  parameter int SumWidth = 16,
  parameter int TagWidth = 6
) (
  input  wire logic                clk_i,
  input  wire logic                rst_ni,

  input  wire logic [14:0]         context_multiplier_i,  // cm; constant while rows are under way

  input  wire logic                valid_i,
  input  wire logic [SumWidth-1:0] sum_i,  // at least 1
  input  wire logic [TagWidth-1:0] tag_i,

  output logic                     valid_o,
  output logic [TagWidth-1:0]      tag_o,
  output logic [4:0]               exponent_o,
  output logic [14:0]              multiplier_o
);

  // r has its bit 14 set always, as z < 2^16. The other 14 bits come from a restoring division,
  // two a stage. z = 2^15 gives ones only, which is the clamp to 32767.
  localparam int DivideStages = 7;
  localparam int NormalizeStages = 2;
  localparam int MultiplyStages = 2;
  localparam int Latency = NormalizeStages + DivideStages + MultiplyStages;
  localparam int WideWidth = (SumWidth > 16) ? SumWidth : 16;

  if (SumWidth > 31) begin : g_check_width
    $error("SumWidth must be at most 31");
  end

  function automatic logic [4:0] highest_bit(logic [WideWidth-1:0] value);
    highest_bit = '0;
    for (int i = 0; i < WideWidth; i++) begin
      if (value[i]) highest_bit = 5'(i);
    end
  endfunction

  // {quotient bit, remainder}; the remainder is at most the divisor, before and after.
  function automatic logic [16:0] divide(logic [15:0] remainder, logic [15:0] divisor);
    logic [16:0] difference;  // signed: -divisor..divisor
    difference = {remainder, 1'b0} - {1'b0, divisor};
    divide = difference[16] ? {1'b0, remainder[14:0], 1'b0} : {1'b1, difference[15:0]};
  endfunction

  // ---- Normalize.
  logic [WideWidth-1:0] sum_q;
  logic [4:0]           exponent_q;
  wire logic [15:0] z =
      16'((sum_q << (5'(WideWidth - 1) - exponent_q)) >> (WideWidth - 16));

  // ---- Divide: entry i is there after i stages.
  logic [(DivideStages+1)*16-1:0] divisor_q, remainder_q;
  logic [(DivideStages+1)*15-1:0] quotient_q;

  always_ff @(posedge clk_i) begin
    sum_q <= WideWidth'(sum_i);
    exponent_q <= highest_bit(WideWidth'(sum_i));

    divisor_q[15:0] <= z;
    remainder_q[15:0] <= -z;  // 2^16 - z, after the quotient's first bit
    quotient_q[14:0] <= 15'd1;
    for (int i = 0; i < DivideStages; i++) begin
      logic [16:0] high, low;
      high = divide(remainder_q[i*16 +: 16], divisor_q[i*16 +: 16]);
      low = divide(high[15:0], divisor_q[i*16 +: 16]);
      divisor_q[(i+1)*16 +: 16] <= divisor_q[i*16 +: 16];
      remainder_q[(i+1)*16 +: 16] <= low[15:0];
      quotient_q[(i+1)*15 +: 15] <= {quotient_q[i*15 +: 13], high[16], low[16]};
    end
  end

  // ---- Multiply.
  logic [29:0] product_q;

  always_ff @(posedge clk_i) begin
    product_q <= 30'(quotient_q[DivideStages*15 +: 15]) * 30'(context_multiplier_i);
    multiplier_o <= 15'((product_q + 30'd16384) >> 15);
  end

  // ---- What comes along. The exponent enters a stage later.
  logic [Latency-1:0]            valid_q;
  logic [Latency*TagWidth-1:0]   tag_q;
  logic [(Latency-1)*5-1:0]      exponents_q;

  assign valid_o = valid_q[Latency-1];
  assign tag_o = tag_q[(Latency-1)*TagWidth +: TagWidth];
  assign exponent_o = exponents_q[(Latency-2)*5 +: 5];

  always_ff @(posedge clk_i) begin
    tag_q <= {tag_q[(Latency-1)*TagWidth-1:0], tag_i};
    exponents_q <= {exponents_q[(Latency-2)*5-1:0], exponent_q};
    valid_q <= rst_ni ? {valid_q[Latency-2:0], valid_i} : '0;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!valid_i || sum_i != '0);
  end
`endif

endmodule

`default_nettype wire
