// SPDX-License-Identifier: Apache-2.0
//
// Keys and values: tiles of [Tile tokens][Tile channels] int8. The epilogue writes granules and is
// never held off; a read gives a whole tile two advancing cycles later. A granule can be read from
// the next cycle but one. A tile outside the buffer is not written: range_error_o pulses.
`default_nettype none

module sta_key_value_buffer #(
  parameter int Tile = 8,
  parameter int Tiles = 16384,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int GranuleBits = GranuleRows * Tile * 8,
  localparam int AddressWidth = sta_pkg::AddressWidth
) (
  input  wire logic                    clk_i,
  input  wire logic                    rst_ni,

  input  wire logic                    write_valid_i,
  input  wire logic [AddressWidth-1:0] write_tile_i,
  input  wire logic [3:0]              write_granule_i,
  input  wire logic [GranuleBits-1:0]  write_data_i,

  input  wire logic                    advance_i,
  input  wire logic                    read_enable_i,
  input  wire logic [AddressWidth-1:0] read_tile_i,
  output logic [Tile*Tile*8-1:0]       read_data_o,

  output logic                         range_error_o
);

  localparam int TileWidth = $clog2(Tiles);
  localparam int Granules = Tile / GranuleRows;

  logic [Granules-1:0]    write_q;
  logic [TileWidth-1:0]   tile_q;
  logic [GranuleBits-1:0] data_q;

  wire logic write_in_range = write_tile_i < AddressWidth'(Tiles);
  wire logic read_in_range = read_tile_i < AddressWidth'(Tiles);

  always_ff @(posedge clk_i) begin
    tile_q <= write_tile_i[TileWidth-1:0];
    data_q <= write_data_i;
    for (int g = 0; g < Granules; g++) begin
      write_q[g] <= rst_ni && write_valid_i && write_in_range && write_granule_i == 4'(g);
    end
    range_error_o <= rst_ni && ((write_valid_i && !write_in_range) ||
                                (advance_i && read_enable_i && !read_in_range));
  end

  sta_ultra_ram #(
    .Width(Tile * Tile * 8),
    .SegmentWidth(GranuleBits),
    .Depth(Tiles)
  ) u_ram (
    .clk_i,
    .write_enable_i(write_q),
    .write_address_i(tile_q),
    .write_data_i({Granules{data_q}}),
    .advance_i,
    .read_enable_i,
    .read_address_i(read_tile_i[TileWidth-1:0]),
    .read_data_o
  );

endmodule

`default_nettype wire
