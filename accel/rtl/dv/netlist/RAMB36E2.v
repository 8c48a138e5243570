// SPDX-License-Identifier: Apache-2.0
//
// What Yosys uses of UltraScale+'s RAMB36E2: 36 Kbit, one port that writes and one that reads, both
// of one width, no output registers. Words of 72 bits are written on port B, and read on port A;
// their upper halves are on the pins of the other port. Other parameters do not elaborate, other
// inputs stop the simulation.
`default_nettype none

module RAMB36E2 #(
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
  input  wire [3:0]  WEA,
  input  wire [14:0] ADDRARDADDR,
  input  wire [31:0] DINADIN,
  input  wire [3:0]  DINPADINP,
  output wire [31:0] DOUTADOUT,
  output wire [3:0]  DOUTPADOUTP,

  input  wire        CLKBWRCLK,
  input  wire        ENBWREN,
  input  wire        ADDRENB,
  input  wire        RSTRAMB,
  input  wire        REGCEB,
  input  wire        RSTREGB,
  input  wire [7:0]  WEBWE,
  input  wire [14:0] ADDRBWRADDR,
  input  wire [31:0] DINBDIN,
  input  wire [3:0]  DINPBDINP,
  output wire [31:0] DOUTBDOUT,
  output wire [3:0]  DOUTPBDOUTP,

  input  wire        SLEEP
);

  localparam WIDTH = WRITE_WIDTH_A + WRITE_WIDTH_B;
  localparam WRITES_ON_A = WRITE_WIDTH_A != 0;
  localparam IS_WIDE = WIDTH == 72;
  if (DOA_REG != 0 || DOB_REG != 0 || (WRITE_WIDTH_A != 0 && WRITE_WIDTH_B != 0) ||
      READ_WIDTH_A != WRITE_WIDTH_B || READ_WIDTH_B != WRITE_WIDTH_A ||
      WRITE_WIDTH_A > 36) begin : g_check_parameters
    $error("this model of RAMB36E2 writes on one port and reads on the other, with one width");
  end

  always @* begin
    if (!ADDRENA || !ADDRENB || RSTRAMARSTRAM || REGCEAREGCE || RSTREGARSTREG || RSTRAMB ||
        REGCEB || RSTREGB || SLEEP || (WRITES_ON_A ? WEBWE != 0 : WEA != 0)) begin
      $error("this model of RAMB36E2 writes on one port and reads on the other");
    end
  end

  wire [31:0] narrow_data = WRITES_ON_A ? DINADIN : DINBDIN;
  wire [3:0] narrow_parity = WRITES_ON_A ? DINPADINP : DINPBDINP;
  wire [63:0] data;
  wire [7:0] parity;

  sdp_block_ram #(.WIDTH(WIDTH), .ADDRESS_WIDTH(15)) u_words (
    .write_clock(WRITES_ON_A ? CLKARDCLK : CLKBWRCLK),
    .write(WRITES_ON_A ? ENARDEN : ENBWREN),
    .byte_enables(WRITES_ON_A ? {4'b0, WEA} : WEBWE),
    .write_address(WRITES_ON_A ? ADDRARDADDR : ADDRBWRADDR),
    .write_data(IS_WIDE ? {DINBDIN, DINADIN} : {32'b0, narrow_data}),
    .write_parity(IS_WIDE ? {DINPBDINP, DINPADINP} : {4'b0, narrow_parity}),
    .read_clock(WRITES_ON_A ? CLKBWRCLK : CLKARDCLK),
    .read(WRITES_ON_A ? ENBWREN : ENARDEN),
    .read_address(WRITES_ON_A ? ADDRBWRADDR : ADDRARDADDR),
    .read_data(data),
    .read_parity(parity)
  );

  assign DOUTADOUT = data[31:0];
  assign DOUTPADOUTP = parity[3:0];
  assign DOUTBDOUT = IS_WIDE ? data[63:32] : data[31:0];
  assign DOUTPBDOUTP = IS_WIDE ? parity[7:4] : parity[3:0];

endmodule

`default_nettype wire
