// SPDX-License-Identifier: Apache-2.0
//
// Memory with one write and one read port in UltraRAM.
// Read data comes two advancing cycles after the address: read_enable_i with advance_i fetches,
// the next advance_i hands it to read_data_o. While advance_i is low everything on the read side
// holds; without read_enable_i the last word stays. A read of the address that is written in the
// same cycle gives an undefined word.
`default_nettype none

module sta_ultra_ram #(
  parameter int Width = 64,
  parameter int SegmentWidth = 8,  // what one bit of write_enable_i covers
  parameter int Depth = 16,
  localparam int RamAddressWidth = $clog2(Depth)
) (
  input  wire logic                          clk_i,

  input  wire logic [Width/SegmentWidth-1:0] write_enable_i,
  input  wire logic [RamAddressWidth-1:0]    write_address_i,
  input  wire logic [Width-1:0]              write_data_i,

  input  wire logic                          advance_i,
  input  wire logic                          read_enable_i,
  input  wire logic [RamAddressWidth-1:0]    read_address_i,
  output logic [Width-1:0]                   read_data_o
);

  (* ram_style = "ultra" *) logic [Width-1:0] words [Depth];
  logic [Width-1:0] word_q;

  always_ff @(posedge clk_i) begin
    for (int i = 0; i < Width / SegmentWidth; i++) begin
      if (write_enable_i[i]) begin
        words[write_address_i][i*SegmentWidth +: SegmentWidth] <=
            write_data_i[i*SegmentWidth +: SegmentWidth];
      end
    end
    if (advance_i && read_enable_i) word_q <= words[read_address_i];
    if (advance_i) read_data_o <= word_q;
  end

endmodule

`default_nettype wire
