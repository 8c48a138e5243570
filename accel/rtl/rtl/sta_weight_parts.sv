// SPDX-License-Identifier: Apache-2.0
//
// Walks the weight streams of MATMULs beat by beat: the beat at hand belongs to part_o; step_i goes
// on to the next one. A stream is taken while idle or with the step of the last beat of the one
// before, so no cycle is lost between them.
`default_nettype none

module sta_weight_parts #(
  parameter int Tile = 8,
  parameter int Lanes = 8
) (
  input  wire logic                    clk_i,
  input  wire logic                    rst_ni,

  input  wire logic                    stream_valid_i,
  output logic                         stream_ready_o,
  input  wire sta_pkg::weight_stream_t stream_i,

  output logic                         valid_o,
  output sta_pkg::weight_part_e        part_o,
  output logic                         part_last_o,    // its part's last beat
  output logic                         block_last_o,   // its channel block's
  output logic                         stream_last_o,  // its stream's
  output logic [9:0]                   values_last_o,  // beats of values of a block, less one
  output logic [9:0]                   indices_last_o,
  output logic                         indexed_o,
  input  wire logic                    step_i
);

  // Beats of the parts, less one.
  localparam int WordBytes = Tile * Lanes;
  localparam int TablesLast = 2 * 256 / sta_pkg::BeatBytes - 1;
  localparam int ParametersLast = (Tile * 8 - 1) / sta_pkg::BeatBytes;

  if (WordBytes > 2 * sta_pkg::BeatBytes) begin : g_check_word
    $error("A step word takes at most two beats");
  end

  logic indexed_q;
  logic [9:0] values_last_q, indices_last_q;
  logic [9:0] values_last, indices_last;
  logic [9:0] left_q;
  logic [11:0] blocks_left_q;
  sta_pkg::weight_part_e next_part;

  wire logic [9:0] words_last = stream_i.words - 1'b1;
  if (WordBytes > sta_pkg::BeatBytes) begin : g_wide
    // words * 2 - 1, at most 1,023; indices fill a beat a word.
    assign values_last = {words_last[8:0], 1'b1};
    assign indices_last = words_last;
  end else begin : g_narrow
    assign values_last = words_last >> $clog2(sta_pkg::BeatBytes / WordBytes);
    assign indices_last = words_last >> $clog2(2 * sta_pkg::BeatBytes / WordBytes);
  end

  assign values_last_o = values_last_q;
  assign indices_last_o = indices_last_q;
  assign indexed_o = indexed_q;
  assign part_last_o = left_q == '0;
  assign block_last_o = part_last_o && (part_o == sta_pkg::PartIndices ||
                                        (part_o == sta_pkg::PartValues && !indexed_q));
  assign stream_last_o = block_last_o && blocks_left_q == '0;
  assign stream_ready_o = !valid_o || (step_i && stream_last_o);

  always_comb begin
    unique case (part_o)
      sta_pkg::PartParameters: next_part = sta_pkg::PartValues;
      sta_pkg::PartValues:
        next_part = indexed_q ? sta_pkg::PartIndices : sta_pkg::PartParameters;
      default: next_part = sta_pkg::PartParameters;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (step_i) begin
      left_q <= left_q - 1'b1;
      if (part_last_o) begin
        part_o <= next_part;
        unique case (next_part)
          sta_pkg::PartValues: left_q <= values_last_q;
          sta_pkg::PartIndices: left_q <= indices_last_q;
          default: left_q <= 10'(ParametersLast);
        endcase
      end
      if (block_last_o) blocks_left_q <= blocks_left_q - 1'b1;
      if (stream_last_o) valid_o <= 1'b0;
    end
    if (stream_valid_i && stream_ready_o) begin
      valid_o <= 1'b1;
      part_o <= stream_i.gelu ? sta_pkg::PartTables : sta_pkg::PartParameters;
      left_q <= stream_i.gelu ? 10'(TablesLast) : 10'(ParametersLast);
      indexed_q <= stream_i.indexed;
      values_last_q <= values_last;
      indices_last_q <= indices_last;
      blocks_left_q <= stream_i.channel_blocks - 1'b1;
    end
    if (!rst_ni) valid_o <= 1'b0;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!step_i || valid_o);
  end
`endif

endmodule

`default_nettype wire
