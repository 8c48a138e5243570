// SPDX-License-Identifier: Apache-2.0
//
// What Yosys uses of UltraScale+'s URAM288: 4,096 words of 72 bits, two ports on one clock that
// read or write, no cascade, no reset, no registers but the one that a read ends in. Within a cycle
// port A comes before port B. Words begin with random bits. Other parameters do not elaborate,
// other inputs stop the simulation.
`default_nettype none

module URAM288 #(
  parameter BWE_MODE_A = "PARITY_INTERLEAVED", BWE_MODE_B = "PARITY_INTERLEAVED",
  parameter EN_AUTO_SLEEP_MODE = "FALSE", IREG_PRE_A = "FALSE", IREG_PRE_B = "FALSE",
  parameter OREG_A = "FALSE", OREG_B = "FALSE", RST_MODE_A = "SYNC", RST_MODE_B = "SYNC",
  parameter [0:0] IS_CLK_INVERTED = 1'b0
) (
  input  wire        CLK,
  input  wire        SLEEP,

  input  wire        EN_A,
  input  wire        RDB_WR_A,  // 1: writes, and DOUT_A stays
  input  wire        RST_A,
  input  wire [22:0] ADDR_A,
  input  wire [8:0]  BWE_A,
  input  wire [71:0] DIN_A,
  output reg  [71:0] DOUT_A,
  input  wire        INJECT_SBITERR_A,
  input  wire        INJECT_DBITERR_A,

  input  wire        EN_B,
  input  wire        RDB_WR_B,
  input  wire        RST_B,
  input  wire [22:0] ADDR_B,
  input  wire [8:0]  BWE_B,
  input  wire [71:0] DIN_B,
  output reg  [71:0] DOUT_B,
  input  wire        INJECT_SBITERR_B,
  input  wire        INJECT_DBITERR_B
);

  if (EN_AUTO_SLEEP_MODE != "FALSE" || IREG_PRE_A != "FALSE" || IREG_PRE_B != "FALSE" ||
      OREG_A != "FALSE" || OREG_B != "FALSE" || IS_CLK_INVERTED) begin : g_check_parameters
    $error("this model of URAM288 has no registers before or behind the words");
  end

  // The bits that the byte enables of a write open: in PARITY_INTERLEAVED bit 64 + i goes with byte
  // i, else bits 64 to 71 are a ninth byte.
  function [71:0] opened;
    input interleaved;
    input [8:0] enables;
    integer i;
    begin
      for (i = 0; i < 8; i = i + 1) begin
        opened[i*8 +: 8] = {8{enables[i]}};
        opened[64 + i] = interleaved ? enables[i] : enables[8];
      end
    end
  endfunction

  wire [71:0] opened_a = opened(BWE_MODE_A == "PARITY_INTERLEAVED", BWE_A);
  wire [71:0] opened_b = opened(BWE_MODE_B == "PARITY_INTERLEAVED", BWE_B);

  reg [71:0] words [0:4095];

  always @(posedge CLK) begin
    if (EN_A) begin
      if (RDB_WR_A) words[ADDR_A[11:0]] = (words[ADDR_A[11:0]] & ~opened_a) | (DIN_A & opened_a);
      else DOUT_A <= words[ADDR_A[11:0]];
    end
    if (EN_B) begin
      if (RDB_WR_B) words[ADDR_B[11:0]] = (words[ADDR_B[11:0]] & ~opened_b) | (DIN_B & opened_b);
      else DOUT_B <= words[ADDR_B[11:0]];
    end
    if (SLEEP || RST_A || RST_B || ADDR_A[22:12] != 11'b0 || ADDR_B[22:12] != 11'b0 ||
        INJECT_SBITERR_A || INJECT_DBITERR_A || INJECT_SBITERR_B || INJECT_DBITERR_B) begin
      $error("this model of URAM288 is one block, awake, without resets or errors");
    end
  end

endmodule

`default_nettype wire
