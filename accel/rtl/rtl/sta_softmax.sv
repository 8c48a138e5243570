// SPDX-License-Identifier: Apache-2.0
//
// Softmax unit: takes logits from the epilogue, keeps them for Slots x Tile rows, and writes
// probabilities E[maximum - logit] to the activation buffer; normalization is left to the epilogue
// of the context tiles, which looks up a shift and a multiplier for each row.
//
// Three stages work on different slots at a time: logits and maxima (a granule a cycle, always
// accepted), second pass (a granule of a key group a cycle, held off by probability_ready_i), row
// scalars. Slots come in order, a slot's key groups from 0 on. A slot must not get logits again
// before its context tiles were finished.
//
// probabilities_done_o: the next slot's probabilities were taken and its scalars stand from the
// next cycle on. A slot's second pass takes key groups x granules cycles. With nothing held off, no
// other slot before it and at least GranuleRows key groups, the pulse comes 21 + GranuleRows +
// (key groups - 1) x granules cycles after the slot's last granule of logits.
`default_nettype none

module sta_softmax #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int MaxTokens = 512,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int AddressWidth = sta_pkg::AddressWidth
) (
  input  wire logic                           clk_i,
  input  wire logic                           rst_ni,

  input  wire sta_pkg::attention_t            attention_i,  // constant during the instruction

  input  wire logic                           score_valid_i,
  input  wire sta_pkg::tile_t                 score_tile_i,
  input  wire logic [3:0]                     score_granule_i,
  input  wire logic [GranuleRows*Tile*16-1:0] score_i,        // [row][key]

  output logic                                probability_valid_o,
  input  wire logic                           probability_ready_i,
  output logic [AddressWidth-1:0]             probability_row_o,
  output logic [3:0]                          probability_granule_o,
  output logic [3:0]                          probability_byte_o,  // of the first Lanes keys
  output logic [GranuleRows*Tile*8-1:0]       probability_o,       // [row][key]
  output logic                                probabilities_done_o,

  input  wire logic [1:0]                     row_slot_i,
  input  wire logic [3:0]                     row_granule_i,
  output logic [GranuleRows*5-1:0]            row_shift_o,
  output logic [GranuleRows*15-1:0]           row_multiplier_o
);

  localparam int GranuleWidth = $clog2(Tile / GranuleRows);
  localparam int GroupWidth = $clog2(MaxTokens / Tile);
  localparam int SumWidth = $clog2(127 * MaxTokens + 1);

  logic                              complete, advance, read_enable, sum_valid;
  logic [1:0]                        complete_slot, read_slot, sum_slot;
  logic [GranuleWidth-1:0]           read_granule, sum_granule, probability_granule;
  logic [GroupWidth-1:0]             read_group;
  logic [GranuleRows*Tile*16-1:0]    score;
  logic [GranuleRows*16-1:0]         maximum;
  logic [GranuleRows*SumWidth-1:0]   sum;

  assign probability_granule_o = 4'(probability_granule);

  sta_softmax_scores #(.Tile(Tile), .MaxTokens(MaxTokens)) u_scores (
    .clk_i,
    .rst_ni,
    .score_valid_i,
    .score_slot_i(score_tile_i.slot),
    .score_granule_i(score_granule_i[GranuleWidth-1:0]),
    .score_group_i(score_tile_i.key_group[GroupWidth-1:0]),
    .score_last_i(score_tile_i.slot_last),
    .score_keys_i(score_tile_i.valid_keys),
    .score_i,
    .complete_o(complete),
    .complete_slot_o(complete_slot),
    .advance_i(advance),
    .read_enable_i(read_enable),
    .read_slot_i(read_slot),
    .read_granule_i(read_granule),
    .read_group_i(read_group),
    .score_o(score),
    .maximum_o(maximum)
  );

  sta_softmax_pass #(.Tile(Tile), .Lanes(Lanes), .MaxTokens(MaxTokens)) u_pass (
    .clk_i,
    .rst_ni,
    .key_count_i(attention_i.key_count),
    .probability_row_i(attention_i.probability_row[AddressWidth-1:0]),
    .complete_i(complete),
    .complete_slot_i(complete_slot),
    .advance_o(advance),
    .read_enable_o(read_enable),
    .read_slot_o(read_slot),
    .read_granule_o(read_granule),
    .read_group_o(read_group),
    .score_i(score),
    .maximum_i(maximum),
    .probability_valid_o,
    .probability_ready_i,
    .probability_row_o,
    .probability_granule_o(probability_granule),
    .probability_byte_o,
    .probability_o,
    .sum_valid_o(sum_valid),
    .sum_slot_o(sum_slot),
    .sum_granule_o(sum_granule),
    .sum_o(sum)
  );

  sta_softmax_rows #(.Tile(Tile), .SumWidth(SumWidth)) u_rows (
    .clk_i,
    .rst_ni,
    .context_shift_i(attention_i.context_shift),
    .context_multiplier_i(attention_i.context_multiplier[14:0]),
    .sum_valid_i(sum_valid),
    .sum_slot_i(sum_slot),
    .sum_granule_i(sum_granule),
    .sum_i(sum),
    .done_o(probabilities_done_o),
    .row_slot_i,
    .row_granule_i(row_granule_i[GranuleWidth-1:0]),
    .row_shift_o,
    .row_multiplier_o
  );

endmodule

`default_nettype wire
