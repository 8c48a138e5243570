// SPDX-License-Identifier: Apache-2.0
//
// One lane of the epilogue: takes its value of a granule from the held tile, requantizes it with
// the parameters of its channel or of its row, clips it to int8 and adds it to the residual stream.
// One value a cycle; never stalls.
//
//   cycle 0  inputs
//   cycle 5  value_o, residual_i
//   cycle 6  byte_o and its class_o, sum_o
`default_nettype none

module sta_epilogue_lane #(
  parameter int Granules = 4,
  localparam int NumberWidth = $clog2(Granules)
) (
  input  wire logic                   clk_i,

  input  wire logic [Granules*32-1:0] accumulators_i,  // [granule]
  input  wire logic [NumberWidth-1:0] granule_i,
  input  wire logic [63:0]            channel_i,       // parameters, as in the weight stream
  input  wire logic                   by_row_i,        // takes the following ones instead:
  input  wire logic [31:0]            row_rounding_i,
  input  wire logic [4:0]             row_shift_i,
  input  wire logic [14:0]            row_multiplier_i,

  output logic [15:0]                 value_o,
  input  wire logic [15:0]            residual_i,

  output logic [7:0]                  byte_o,
  output logic                        class_o,
  output logic [15:0]                 sum_o
);

  logic [31:0] accumulator_q, bias_q;
  logic [4:0] shift_q;
  logic [14:0] multiplier_q;
  logic [5:0] class_q;

  always_ff @(posedge clk_i) begin
    accumulator_q <= accumulators_i[granule_i*32 +: 32];
    bias_q <= by_row_i ? row_rounding_i : channel_i[31:0];
    shift_q <= by_row_i ? row_shift_i : channel_i[52:48];
    multiplier_q <= by_row_i ? row_multiplier_i : channel_i[46:32];
    class_q <= {class_q[4:0], channel_i[56]};
  end

  assign class_o = class_q[5];

  sta_requantize u_requantize (
    .clk_i,
    .accumulator_i(accumulator_q),
    .bias_i(bias_q),
    .shift_i(shift_q),
    .multiplier_i(multiplier_q),
    .value_o
  );

  wire logic signed [16:0] sum = 17'(signed'(residual_i)) + 17'(signed'(value_o));

  // int8 is -127..127.
  wire logic fits = value_o[15:7] == {9{value_o[15]}} && value_o[7:0] != 8'h80;

  always_ff @(posedge clk_i) begin
    byte_o <= fits ? value_o[7:0] : {value_o[15], {6{!value_o[15]}}, 1'b1};
    sum_o <= sum[16] == sum[15] ? sum[15:0] : {sum[16], {15{!sum[16]}}};
  end

endmodule

`default_nettype wire
