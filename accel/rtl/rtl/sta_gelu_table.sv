// SPDX-License-Identifier: Apache-2.0
//
// GELU tables, docs/arithmetic.md section 6, for Values look-ups a cycle: two sets, so that the
// next MATMUL's tables are loaded while this one's are in use, each of 2 classes x 256 bytes.
//
// Writes: a beat of 64 entries, any number in turn up to both sets; they go into the memories eight
// bytes a cycle, and loading_o is high until they are there. Look-ups: value_o two cycles after
// code_i and class_i.
`default_nettype none

module sta_gelu_table #(
  parameter int Values = 16
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,

  input  wire logic                         write_i,
  input  wire logic                         write_set_i,
  input  wire logic [2:0]                   write_beat_i,
  input  wire logic [sta_pkg::BeatBits-1:0] write_data_i,
  output logic                              loading_o,

  input  wire logic                         set_i,
  input  wire logic [Values-1:0]            class_i,
  input  wire logic [Values*8-1:0]          code_i,  // int8
  output logic [Values*8-1:0]               value_o
);

  localparam int WordBytes = 8;
  localparam int Words = 2 * 2 * 256 / WordBytes;

  // Beats wait here, both sets if need be, for their eight cycles.
  logic beat_valid, beat_set, write_ready;
  logic [2:0] beat, word_q;
  logic [sta_pkg::BeatBits-1:0] beat_data;

  sta_fifo #(.Width(4 + sta_pkg::BeatBits), .Depth(16)) u_beats (
    .clk_i,
    .rst_ni,
    .write_valid_i(write_i),
    .write_ready_o(write_ready),
    .write_data_i({write_set_i, write_beat_i, write_data_i}),
    .read_valid_o(beat_valid),
    .read_ready_i(word_q == '1),
    .read_data_o({beat_set, beat, beat_data})
  );

  assign loading_o = beat_valid;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      word_q <= '0;
    end else if (beat_valid) begin
      word_q <= word_q + 1'b1;
    end
  end

  wire logic [WordBytes*8-1:0] write_word = beat_data[word_q*WordBytes*8 +: WordBytes*8];

  for (genvar i = 0; i < Values; i++) begin : g_value
    // Entries begin with code -128, so the code's sign bit is inverted.
    wire logic [7:0] code = code_i[i*8 +: 8] ^ 8'h80;
    logic [WordBytes*8-1:0] word;
    logic [2:0] byte_q, byte_q2;

    sta_block_ram #(
      .Width(WordBytes * 8),
      .SegmentWidth(WordBytes * 8),
      .Depth(Words)
    ) u_ram (
      .clk_i,
      .write_enable_i(beat_valid),
      .write_address_i({beat_set, beat, word_q}),
      .write_data_i(write_word),
      .advance_i(1'b1),
      .read_enable_i(1'b1),
      .read_address_i({set_i, class_i[i], code[7:3]}),
      .read_data_o(word)
    );

    always_ff @(posedge clk_i) begin
      byte_q <= code[2:0];
      byte_q2 <= byte_q;
    end

    assign value_o[i*8 +: 8] = word[byte_q2*8 +: 8];
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && write_i) assert (write_ready);
  end
`endif

endmodule

`default_nettype wire
