// SPDX-License-Identifier: Apache-2.0
//
// A ring that is written in beats and read in words: parts of a beat, a beat, or two.
// Reads as in sta_block_ram: data two advancing cycles after the address.
`default_nettype none

module sta_ring_ram #(
  parameter int WordBits = 512,
  parameter int Beats = 1024,
  localparam int Words = Beats * sta_pkg::BeatBits / WordBits
) (
  input  wire logic                         clk_i,

  input  wire logic                         write_i,
  input  wire logic [$clog2(Beats)-1:0]     write_beat_i,
  input  wire logic [sta_pkg::BeatBits-1:0] write_data_i,

  input  wire logic                         advance_i,
  input  wire logic                         read_enable_i,
  input  wire logic [$clog2(Words)-1:0]     read_word_i,
  output logic [WordBits-1:0]               read_data_o
);

  if (WordBits >= sta_pkg::BeatBits) begin : g_wide
    localparam int BeatsPerWord = WordBits / sta_pkg::BeatBits;
    localparam int PartWidth = $clog2(Beats) - $clog2(Words);

    logic [BeatsPerWord-1:0] write_enable;

    if (BeatsPerWord == 1) begin : g_one
      assign write_enable = write_i;
    end else begin : g_two
      assign write_enable = {write_beat_i[0], !write_beat_i[0]} & {2{write_i}};
    end

    sta_block_ram #(
      .Width(WordBits), .SegmentWidth(sta_pkg::BeatBits), .Depth(Words)
    ) u_ram (
      .clk_i,
      .write_enable_i(write_enable),
      .write_address_i(write_beat_i[$clog2(Beats)-1:PartWidth]),
      .write_data_i({BeatsPerWord{write_data_i}}),
      .advance_i,
      .read_enable_i,
      .read_address_i(read_word_i),
      .read_data_o
    );
  end else begin : g_narrow
    localparam int PartWidth = $clog2(Words) - $clog2(Beats);

    logic [sta_pkg::BeatBits-1:0] beat;
    logic [PartWidth-1:0] part_q, part_q2;

    sta_block_ram #(
      .Width(sta_pkg::BeatBits), .SegmentWidth(sta_pkg::BeatBits), .Depth(Beats)
    ) u_ram (
      .clk_i,
      .write_enable_i(write_i),
      .write_address_i(write_beat_i),
      .write_data_i,
      .advance_i,
      .read_enable_i,
      .read_address_i(read_word_i[$clog2(Words)-1:PartWidth]),
      .read_data_o(beat)
    );

    always_ff @(posedge clk_i) begin
      if (advance_i && read_enable_i) part_q <= read_word_i[PartWidth-1:0];
      if (advance_i) part_q2 <= part_q;
    end

    assign read_data_o = beat[part_q2*WordBits +: WordBits];
  end

endmodule

`default_nettype wire
