// SPDX-License-Identifier: Apache-2.0
//
// One lane of requantization, docs/arithmetic.md section 3:
//   y16 = mulhrs(sat16((accumulator + bias) >>> shift), multiplier)
// One value a cycle, four cycles later. The sum does not overflow: |accumulator| + |bias| < 2^31.
`default_nettype none

module sta_requantize (
  input  wire logic               clk_i,

  input  wire logic [31:0]        accumulator_i,
  input  wire logic [31:0]        bias_i,
  input  wire logic [4:0]         shift_i,
  input  wire logic [14:0]        multiplier_i,

  output logic [15:0]             value_o
);

  logic signed [31:0] sum_q, shifted;
  logic [4:0] shift_q;
  logic [14:0] multiplier_q, multiplier_q2;
  logic signed [15:0] saturated_q;
  logic signed [31:0] product_q;

  assign shifted = sum_q >>> shift_q;
  wire logic fits = shifted[31:15] == '0 || shifted[31:15] == '1;

  always_ff @(posedge clk_i) begin
    sum_q <= accumulator_i + bias_i;
    shift_q <= shift_i;
    multiplier_q <= multiplier_i;

    saturated_q <= fits ? shifted[15:0] : {shifted[31], {15{!shifted[31]}}};
    multiplier_q2 <= multiplier_q;

    product_q <= 32'(saturated_q) * 32'($signed({1'b0, multiplier_q2}));

    value_o <= product_q[30:15] + 16'(product_q[14]);
  end

endmodule

`default_nettype wire
