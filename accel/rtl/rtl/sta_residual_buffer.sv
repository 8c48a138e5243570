// SPDX-License-Identifier: Apache-2.0
//
// The residual stream: int16 granules [GranuleRows tokens][Tile channels], several to a beat of 64
// bytes. Readers in order of priority: epilogue (never held off), vector unit, row storer; writers:
// epilogue (never held off), vector unit, row loader. Transfers move whole beats, the others
// granules.
//
// An accepted read is answered exactly two cycles later. A write can be read by a read that is
// accepted two cycles after it or later. Addresses outside the buffer are not written:
// range_error_o pulses.
`default_nettype none

module sta_residual_buffer #(
  parameter int Tile = 8,
  parameter int Beats = 16384,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int GranuleBits = GranuleRows * Tile * 16,
  localparam int AddressWidth = sta_pkg::AddressWidth,
  localparam int BeatBits = sta_pkg::BeatBits
) (
  input  wire logic                    clk_i,
  input  wire logic                    rst_ni,

  input  wire logic                    epilogue_read_i,
  input  wire logic [AddressWidth-1:0] epilogue_read_granule_i,
  input  wire logic                    vector_read_valid_i,
  output logic                         vector_read_ready_o,
  input  wire logic [AddressWidth-1:0] vector_read_granule_i,
  input  wire logic                    storer_read_valid_i,
  output logic                         storer_read_ready_o,
  input  wire logic [AddressWidth-1:0] storer_read_beat_i,

  output logic [GranuleBits-1:0]       granule_o,           // of the epilogue and the vector unit
  output logic                         vector_data_valid_o,
  output logic                         storer_data_valid_o,
  output logic [BeatBits-1:0]          beat_o,

  input  wire logic                    epilogue_write_i,
  input  wire logic [AddressWidth-1:0] epilogue_write_granule_i,
  input  wire logic [GranuleBits-1:0]  epilogue_data_i,
  input  wire logic                    vector_write_valid_i,
  output logic                         vector_write_ready_o,
  input  wire logic [AddressWidth-1:0] vector_write_granule_i,
  input  wire logic [GranuleBits-1:0]  vector_data_i,
  input  wire logic                    loader_write_valid_i,
  output logic                         loader_write_ready_o,
  input  wire logic [AddressWidth-1:0] loader_write_beat_i,
  input  wire logic [BeatBits-1:0]     loader_data_i,

  output logic                         range_error_o
);

  localparam int BeatGranules = BeatBits / GranuleBits;
  localparam int PartWidth = $clog2(BeatGranules);
  localparam int RamWidth = $clog2(Beats);

  // Reads.
  assign vector_read_ready_o = !epilogue_read_i;
  assign storer_read_ready_o = !epilogue_read_i && !vector_read_valid_i;

  logic                    read_valid, read_is_vector, read_is_storer, read_in_range;
  logic [AddressWidth-1:0] read_granule, read_beat;
  logic [PartWidth-1:0]    read_part;

  assign read_is_vector = vector_read_valid_i && vector_read_ready_o;
  assign read_is_storer = storer_read_valid_i && storer_read_ready_o;
  assign read_valid = epilogue_read_i || read_is_vector || read_is_storer;
  assign read_granule = epilogue_read_i ? epilogue_read_granule_i : vector_read_granule_i;
  assign read_beat = read_is_storer ? storer_read_beat_i : read_granule >> PartWidth;
  assign read_part = read_granule[PartWidth-1:0];
  assign read_in_range = read_beat < AddressWidth'(Beats);

  logic [PartWidth-1:0] part_q, part_q2;
  logic                 is_vector_q, is_storer_q;

  always_ff @(posedge clk_i) begin
    part_q <= read_part;
    part_q2 <= part_q;
    if (!rst_ni) begin
      is_vector_q <= 1'b0;
      is_storer_q <= 1'b0;
      vector_data_valid_o <= 1'b0;
      storer_data_valid_o <= 1'b0;
    end else begin
      is_vector_q <= read_is_vector;
      is_storer_q <= read_is_storer;
      vector_data_valid_o <= is_vector_q;
      storer_data_valid_o <= is_storer_q;
    end
  end

  assign granule_o = beat_o[part_q2*GranuleBits +: GranuleBits];

  // Writes.
  assign vector_write_ready_o = !epilogue_write_i;
  assign loader_write_ready_o = !epilogue_write_i && !vector_write_valid_i;

  logic                    granule_write, loader_write, write_in_range;
  logic [AddressWidth-1:0] write_granule, write_beat;
  logic [GranuleBits-1:0]  write_granule_data;
  logic [BeatGranules-1:0] write_enable_d, write_enable_q;
  logic [RamWidth-1:0]     write_beat_q;
  logic [BeatBits-1:0]     write_data_q;

  assign granule_write = epilogue_write_i || vector_write_valid_i;
  assign loader_write = loader_write_valid_i && loader_write_ready_o;
  assign write_granule = epilogue_write_i ? epilogue_write_granule_i : vector_write_granule_i;
  assign write_granule_data = epilogue_write_i ? epilogue_data_i : vector_data_i;
  assign write_beat = granule_write ? write_granule >> PartWidth : loader_write_beat_i;
  assign write_in_range = write_beat < AddressWidth'(Beats);

  always_comb begin
    write_enable_d = '0;
    if (granule_write) begin
      write_enable_d[write_granule[PartWidth-1:0]] = write_in_range;
    end else if (loader_write) begin
      write_enable_d = {BeatGranules{write_in_range}};
    end
  end

  always_ff @(posedge clk_i) begin
    write_beat_q <= write_beat[RamWidth-1:0];
    write_data_q <= granule_write ? {BeatGranules{write_granule_data}} : loader_data_i;
    write_enable_q <= rst_ni ? write_enable_d : '0;
    range_error_o <= rst_ni && (((granule_write || loader_write) && !write_in_range) ||
                                (read_valid && !read_in_range));
  end

  sta_ultra_ram #(
    .Width(BeatBits),
    .SegmentWidth(GranuleBits),
    .Depth(Beats)
  ) u_ram (
    .clk_i,
    .write_enable_i(write_enable_q),
    .write_address_i(write_beat_q),
    .write_data_i(write_data_q),
    .advance_i(1'b1),
    .read_enable_i(read_valid),
    .read_address_i(read_beat[RamWidth-1:0]),
    .read_data_o(beat_o)
  );

endmodule

`default_nettype wire
