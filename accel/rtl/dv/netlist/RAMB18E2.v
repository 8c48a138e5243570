// SPDX-License-Identifier: Apache-2.0
//
// What Yosys uses of UltraScale+'s RAMB18E2: 18 Kbit, one port that writes and one that reads, both
// of one width, no output registers. Words of 36 bits are written on port B, and read on port A;
// their upper halves are on the pins of the other port. Other parameters do not elaborate, other
// inputs stop the simulation.
`default_nettype none

module RAMB18E2 #(
  parameter DOA_REG = 1, DOB_REG = 1,
  parameter READ_WIDTH_A = 0, READ_WIDTH_B = 0, WRITE_WIDTH_A = 0, WRITE_WIDTH_B = 0,
  parameter WRITE_MODE_A = "NO_CHANGE", WRITE_MODE_B = "NO_CHANGE"
) (
  input  wire        CLKARDCLK,
  input  wire        ENARDEN,
  input  wire        ADDRENA,
  input  wire        RSTRAMARSTRAM,
  input  wire        REGCEAREGCE,
  input  wire        RSTREGARSTREG,
  input  wire [1:0]  WEA,
  input  wire [13:0] ADDRARDADDR,
  input  wire [15:0] DINADIN,
  input  wire [1:0]  DINPADINP,
  output wire [15:0] DOUTADOUT,
  output wire [1:0]  DOUTPADOUTP,

  input  wire        CLKBWRCLK,
  input  wire        ENBWREN,
  input  wire        ADDRENB,
  input  wire        RSTRAMB,
  input  wire        REGCEB,
  input  wire        RSTREGB,
  input  wire [3:0]  WEBWE,
  input  wire [13:0] ADDRBWRADDR,
  input  wire [15:0] DINBDIN,
  input  wire [1:0]  DINPBDINP,
  output wire [15:0] DOUTBDOUT,
  output wire [1:0]  DOUTPBDOUTP,

  input  wire        SLEEP
);

  localparam WIDTH = WRITE_WIDTH_A + WRITE_WIDTH_B;
  localparam WRITES_ON_A = WRITE_WIDTH_A != 0;
  localparam IS_WIDE = WIDTH == 36;
  if (DOA_REG != 0 || DOB_REG != 0 || (WRITE_WIDTH_A != 0 && WRITE_WIDTH_B != 0) ||
      READ_WIDTH_A != WRITE_WIDTH_B || READ_WIDTH_B != WRITE_WIDTH_A ||
      WRITE_WIDTH_A > 18) begin : g_check_parameters
    $error("this model of RAMB18E2 writes on one port and reads on the other, with one width");
  end

  always @* begin
    if (!ADDRENA || !ADDRENB || RSTRAMARSTRAM || REGCEAREGCE || RSTREGARSTREG || RSTRAMB ||
        REGCEB || RSTREGB || SLEEP || (WRITES_ON_A ? WEBWE != 0 : WEA != 0)) begin
      $error("this model of RAMB18E2 writes on one port and reads on the other");
    end
  end

  wire [15:0] narrow_data = WRITES_ON_A ? DINADIN : DINBDIN;
  wire [1:0] narrow_parity = WRITES_ON_A ? DINPADINP : DINPBDINP;
  wire [31:0] data;
  wire [3:0] parity;
  wire [31:0] unused_data;
  wire [3:0] unused_parity;

  sdp_block_ram #(.WIDTH(WIDTH), .ADDRESS_WIDTH(14)) u_words (
    .write_clock(WRITES_ON_A ? CLKARDCLK : CLKBWRCLK),
    .write(WRITES_ON_A ? ENARDEN : ENBWREN),
    .byte_enables(WRITES_ON_A ? {6'b0, WEA} : {4'b0, WEBWE}),
    .write_address(WRITES_ON_A ? ADDRARDADDR : ADDRBWRADDR),
    .write_data({32'b0, IS_WIDE ? {DINBDIN, DINADIN} : {16'b0, narrow_data}}),
    .write_parity({4'b0, IS_WIDE ? {DINPBDINP, DINPADINP} : {2'b0, narrow_parity}}),
    .read_clock(WRITES_ON_A ? CLKBWRCLK : CLKARDCLK),
    .read(WRITES_ON_A ? ENBWREN : ENARDEN),
    .read_address(WRITES_ON_A ? ADDRBWRADDR : ADDRARDADDR),
    .read_data({unused_data, data}),
    .read_parity({unused_parity, parity})
  );

  assign DOUTADOUT = data[15:0];
  assign DOUTPADOUTP = parity[1:0];
  assign DOUTBDOUT = IS_WIDE ? data[31:16] : data[15:0];
  assign DOUTPBDOUTP = IS_WIDE ? parity[3:2] : parity[1:0];

endmodule

`default_nettype wire
