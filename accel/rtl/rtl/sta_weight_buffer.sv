// SPDX-License-Identifier: Apache-2.0
//
// Weights on the chip: a ring of values and a ring of indices, read a step word at a time, and a
// queue of channel parameters, one entry a channel block.
//
// The loader writes only where it has reserved room. Rings are read as sta_block_ram is: data two
// advancing cycles after read_enable_i. parameters_o is the oldest block's entry; it is valid from
// the cycle after its last write until the cycle of parameters_release_i.
`default_nettype none

module sta_weight_buffer #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int RingWords = 1024,  // step words that each ring holds, a power of two
  localparam int ValueBeats = RingWords * Tile * Lanes / sta_pkg::BeatBytes,
  localparam int ValueBeatWidth = $clog2(ValueBeats),
  localparam int IndexBeatWidth = ValueBeatWidth - 1
) (
  input  wire logic                             clk_i,
  input  wire logic                             rst_ni,

  input  wire logic [sta_pkg::BeatBits-1:0]     write_data_i,
  input  wire logic                             value_write_i,
  input  wire logic [ValueBeatWidth-1:0]        value_beat_i,
  input  wire logic                             index_write_i,
  input  wire logic [IndexBeatWidth-1:0]        index_beat_i,
  input  wire logic                             parameters_write_i,
  input  wire logic                             parameters_last_i,

  input  wire logic                             advance_i,
  input  wire logic                             read_enable_i,
  input  wire logic [sta_pkg::AddressWidth-1:0] weight_address_i,  // step word
  input  wire logic [sta_pkg::AddressWidth-1:0] index_address_i,
  output logic [Tile*Lanes*8-1:0]               ring_values_o,   // [channel][lane]
  output logic [Tile*Lanes*4-1:0]               ring_indices_o,  // [channel][lane]

  output logic [Tile*64-1:0]                    parameters_o,  // [channel]
  input  wire logic                             parameters_release_i
);

  localparam int WordWidth = $clog2(RingWords);

  sta_ring_ram #(.WordBits(Tile * Lanes * 8), .Beats(ValueBeats)) u_values (
    .clk_i,
    .write_i(value_write_i),
    .write_beat_i(value_beat_i),
    .write_data_i,
    .advance_i,
    .read_enable_i,
    .read_word_i(weight_address_i[WordWidth-1:0]),
    .read_data_o(ring_values_o)
  );

  sta_ring_ram #(.WordBits(Tile * Lanes * 4), .Beats(ValueBeats / 2)) u_indices (
    .clk_i,
    .write_i(index_write_i),
    .write_beat_i(index_beat_i),
    .write_data_i,
    .advance_i,
    .read_enable_i,
    .read_word_i(index_address_i[WordWidth-1:0]),
    .read_data_o(ring_indices_o)
  );

  // Parameters: an entry is a beat, two, or the first half of one. Its parts come in order.
  localparam int EntryBits = Tile * 64;
  localparam int PartBits = (EntryBits < sta_pkg::BeatBits) ? EntryBits : sta_pkg::BeatBits;
  localparam int Parts = EntryBits / PartBits;
  localparam int EntryWidth = $clog2(sta_pkg::WeightBlocks);

  logic [EntryWidth-1:0] write_q, read_q;
  logic [Parts-1:0] part_write;

  if (Parts == 1) begin : g_one_part
    assign part_write = parameters_write_i;
  end else begin : g_two_parts
    assign part_write = {parameters_last_i, !parameters_last_i} & {2{parameters_write_i}};
  end

  for (genvar i = 0; i < Parts; i++) begin : g_part
    logic [PartBits-1:0] entries [sta_pkg::WeightBlocks];

    always_ff @(posedge clk_i) begin
      if (part_write[i]) entries[write_q] <= write_data_i[PartBits-1:0];
    end
    assign parameters_o[i*PartBits +: PartBits] = entries[read_q];
  end

  always_ff @(posedge clk_i) begin
    write_q <= write_q + EntryWidth'(parameters_write_i && parameters_last_i);
    read_q <= read_q + EntryWidth'(parameters_release_i);
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
    end
  end

endmodule

`default_nettype wire
