// SPDX-License-Identifier: Apache-2.0
//
// The memory of RAMB18E2 and RAMB36E2 beside this file: one port that writes, one that reads, both
// of WIDTH bits, no output registers. A read of the word that is written at the same edge gives the
// old one. Words begin with random bits.
`default_nettype none

module sdp_block_ram #(
  parameter WIDTH = 72,        // 1, 2, 4, 9, 18, 36 or 72
  parameter ADDRESS_WIDTH = 15  // of an address that counts bits
) (
  input  wire                     write_clock,
  input  wire                     write,
  input  wire [7:0]               byte_enables,  // bit 8 of a byte is its parity
  input  wire [ADDRESS_WIDTH-1:0] write_address,
  input  wire [63:0]              write_data,
  input  wire [7:0]               write_parity,

  input  wire                     read_clock,
  input  wire                     read,
  input  wire [ADDRESS_WIDTH-1:0] read_address,
  output wire [63:0]              read_data,
  output wire [7:0]               read_parity
);

  // 9 bits of a word take the place of 8 of the address.
  localparam BYTES = WIDTH < 9 ? 1 : WIDTH / 9;
  localparam SHIFT = $clog2(WIDTH < 9 ? WIDTH : BYTES * 8);
  localparam WORD_WIDTH = BYTES * 9;

  reg [WORD_WIDTH-1:0] words [0:(1 << (ADDRESS_WIDTH - SHIFT))-1];

  wire [71:0] written;
  wire [71:0] opened;
  reg  [WORD_WIDTH-1:0] word;
  wire [71:0] padded = {72'b0, word};
  genvar i;
  generate
    for (i = 0; i < 8; i = i + 1) begin : g_byte
      assign written[i*9 +: 9] = {write_parity[i], write_data[i*8 +: 8]};
      assign opened[i*9 +: 9] = {9{byte_enables[i]}};
      assign {read_parity[i], read_data[i*8 +: 8]} = padded[i*9 +: 9];
    end
  endgenerate

  wire [ADDRESS_WIDTH-SHIFT-1:0] written_index = write_address[ADDRESS_WIDTH-1:SHIFT];
  wire [ADDRESS_WIDTH-SHIFT-1:0] read_index = read_address[ADDRESS_WIDTH-1:SHIFT];

  always @(posedge write_clock) begin
    if (write) begin
      words[written_index] <= (words[written_index] & ~opened[WORD_WIDTH-1:0]) |
                              (written[WORD_WIDTH-1:0] & opened[WORD_WIDTH-1:0]);
    end
  end

  always @(posedge read_clock) begin
    if (read) word <= words[read_index];
  end

endmodule

`default_nettype wire
