// SPDX-License-Identifier: Apache-2.0
//
// What Yosys uses of UltraScale+'s DSP48E2: the signed 27 x 18 multiplier, all registers off. Other
// parameters do not elaborate, other inputs stop the simulation.
`default_nettype none

module DSP48E2 #(
  parameter ACASCREG = 1, ADREG = 1, ALUMODEREG = 1, AREG = 1, BCASCREG = 1, BREG = 1,
  parameter CARRYINREG = 1, CARRYINSELREG = 1, CREG = 1, DREG = 1, INMODEREG = 1, MREG = 1,
  parameter OPMODEREG = 1, PREG = 1,
  parameter A_INPUT = "DIRECT", B_INPUT = "DIRECT", AMULTSEL = "A", BMULTSEL = "B",
  parameter USE_MULT = "MULTIPLY", USE_SIMD = "ONE48"
) (
  input  wire [29:0] A,
  input  wire [17:0] B,
  input  wire [47:0] C,
  input  wire [26:0] D,
  input  wire [4:0]  INMODE,
  input  wire [3:0]  ALUMODE,
  input  wire [8:0]  OPMODE,
  input  wire [2:0]  CARRYINSEL,
  input  wire        CARRYIN,
  input  wire [29:0] ACIN,
  input  wire [17:0] BCIN,
  input  wire [47:0] PCIN,
  output wire [47:0] P
);

  localparam REGISTERS = ACASCREG + ADREG + ALUMODEREG + AREG + BCASCREG + BREG + CARRYINREG +
                         CARRYINSELREG + CREG + DREG + INMODEREG + MREG + OPMODEREG + PREG;
  if (REGISTERS != 0 || A_INPUT != "DIRECT" || B_INPUT != "DIRECT" || AMULTSEL != "A" ||
      BMULTSEL != "B" || USE_MULT != "MULTIPLY" || USE_SIMD != "ONE48") begin : g_check_parameters
    $error("this model of DSP48E2 only multiplies");
  end

  // P = multiplier + nothing.
  always @* begin
    if (INMODE != 5'b0 || ALUMODE != 4'b0 || OPMODE != 9'b000000101 || CARRYINSEL != 3'b0 ||
        CARRYIN || A[29:27] != {3{A[26]}}) begin
      $error("this model of DSP48E2 only multiplies");
    end
  end

  wire signed [44:0] product = $signed(A[26:0]) * $signed(B);
  assign P = {{3{product[44]}}, product};

endmodule

`default_nettype wire
