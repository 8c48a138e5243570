// SPDX-License-Identifier: Apache-2.0
//
// Steps of ATTENTION. Every pair of head and query group is two jobs: a score job (a tile a key
// group: queries by keys, into a slot of the softmax unit) and, when that slot's probabilities are
// there, a context job (a tile a value block). Both kinds go through the pairs and the slots in
// the same order; a context job that can run goes before score jobs, which run ahead as far as
// there are free slots, so that the softmax unit's time passes under the next pairs' products.
//
// An instruction is taken in a cycle with valid and ready; ready is high when the one before it has
// all its steps taken and all its slots freed. From the next cycle on until then the instruction
// must stand at attention_i. Its first step comes three cycles after it was taken; from then on a
// step a cycle, between tiles and jobs too, as long as a job can run. waiting_o: none can run, for
// want of a slot or of probabilities.
`default_nettype none

module sta_attention_control #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int MaxTokens = 512  // the most keys
) (
  input  wire logic                clk_i,
  input  wire logic                rst_ni,

  input  wire logic                instruction_valid_i,
  output logic                     instruction_ready_o,
  input  wire sta_pkg::attention_t attention_i,  // from the next cycle on, until it is done

  output logic                     step_valid_o,
  input  wire logic                step_ready_i,
  output sta_pkg::step_t           step_o,

  input  wire logic                probabilities_done_i,  // the next slot can have its context job
  input  wire logic                context_done_i,        // the oldest slot is free
  output logic                     waiting_o
);

  localparam int AddressWidth = sta_pkg::AddressWidth;
  localparam int StrideWidth = 15;
  localparam int Parts = Tile / Lanes;  // of a key-value tile: Lanes of its keys or channels
  localparam int PartBits = $clog2(Parts);
  localparam int TileBits = $clog2(Tile);
  localparam int ByteBits = $clog2(sta_pkg::LaneBytes);
  localparam int RowBits = $clog2(Lanes) + ByteBits - TileBits;  // context: blocks of a row
  localparam int QueryWidth = AddressWidth + ByteBits;           // row, byte
  localparam int KeyWidth = AddressWidth + PartBits;             // tile, part
  localparam int ContextWidth = AddressWidth + RowBits;          // row, block
  localparam int SlotCountWidth = $clog2(sta_pkg::Slots) + 1;
  localparam int KeyStepsWidth = $clog2(MaxTokens / Lanes);
  localparam int CountWidth = (KeyStepsWidth > 8) ? KeyStepsWidth : 8;  // steps or tiles, less one

  // ---- The instruction, and what follows from it a cycle later.
  logic                  start_q;
  logic [CountWidth-1:0] score_tiles_q, context_steps_q, slot_rows_q;
  logic [4:0]            last_group_keys_q;

  wire logic                  take = instruction_valid_i && instruction_ready_o;
  wire logic [15:0]           last_key = attention_i.key_count - 1'b1;
  wire logic [CountWidth-1:0] last_group = CountWidth'(last_key >> TileBits);
  wire logic [CountWidth-1:0] context_steps = (last_group << PartBits) | CountWidth'(Parts - 1);

  always_ff @(posedge clk_i) begin
    score_tiles_q <= last_group;
    context_steps_q <= context_steps;
    last_group_keys_q <= 5'(last_key & 16'(Tile - 1)) + 1'b1;
    slot_rows_q <= (context_steps >> ByteBits) + 1'b1;
    start_q <= rst_ni && take;
  end

  // ---- The next job of each kind.
  logic                    next_score, next_context;
  logic                    score_valid, context_valid, context_last;
  logic [QueryWidth-1:0]   query;
  logic [KeyWidth-1:0]     key;
  logic [ContextWidth-1:0] context_place;
  logic [AddressWidth-1:0] value_tile;

  sta_attention_jobs #(.PlaceWidth(QueryWidth), .WeightWidth(KeyWidth)) u_score_jobs (
    .clk_i,
    .rst_ni,
    .start_i(start_q),
    .heads_i(attention_i.heads[11:0]),
    .query_groups_i(attention_i.query_groups[11:0]),
    .place_i(QueryWidth'(attention_i.query_row[AddressWidth-1:0]) << ByteBits),
    .place_stride_i(QueryWidth'(attention_i.query_stride[StrideWidth-1:0]) << ByteBits),
    .weight_i(KeyWidth'(attention_i.key_tile[AddressWidth-1:0]) << PartBits),
    .head_step_i(attention_i.head_steps),
    .next_i(next_score),
    .valid_o(score_valid),
    .last_o(),
    .place_o(query),
    .weight_o(key)
  );

  sta_attention_jobs #(.PlaceWidth(ContextWidth), .WeightWidth(AddressWidth)) u_context_jobs (
    .clk_i,
    .rst_ni,
    .start_i(start_q),
    .heads_i(attention_i.heads[11:0]),
    .query_groups_i(attention_i.query_groups[11:0]),
    .place_i(ContextWidth'(attention_i.context_row[AddressWidth-1:0]) << RowBits),
    .place_stride_i(ContextWidth'(attention_i.context_stride[StrideWidth-1:0]) << RowBits),
    .weight_i(attention_i.value_tile[AddressWidth-1:0]),
    .head_step_i(attention_i.head_value_blocks),
    .next_i(next_context),
    .valid_o(context_valid),
    .last_o(context_last),
    .place_o(context_place),
    .weight_o(value_tile)
  );

  // ---- Slots, and what runs next.
  logic                    load;
  logic [SlotCountWidth-1:0]   free_q, ready_q;  // slots without a pair, slots with probabilities
  logic [1:0]              score_slot_q, context_slot_q, context_slot_d;
  logic [AddressWidth-1:0] probability_row_q;  // of context_slot_q
  wire logic [AddressWidth-1:0] slot_rows = AddressWidth'(slot_rows_q);

  wire logic choose_context = ready_q != '0;
  assign next_context = load && choose_context;
  assign next_score = load && !choose_context && score_valid && free_q != '0;
  assign context_slot_d = start_q ? '0 : context_slot_q + 2'(next_context);
  // From the first score job's start to the last context's end, a slot is not free.
  assign instruction_ready_o =
      !start_q && !score_valid && free_q == SlotCountWidth'(sta_pkg::Slots);

  always_ff @(posedge clk_i) begin
    probability_row_q <= attention_i.probability_row[AddressWidth-1:0] +
        (context_slot_d[0] ? slot_rows : '0) + (context_slot_d[1] ? slot_rows << 1 : '0);
    if (!rst_ni) begin
      free_q <= SlotCountWidth'(sta_pkg::Slots);
      ready_q <= '0;
      score_slot_q <= '0;
      context_slot_q <= '0;
    end else begin
      free_q <= free_q + SlotCountWidth'(context_done_i) - SlotCountWidth'(next_score);
      ready_q <= ready_q + SlotCountWidth'(probabilities_done_i) - SlotCountWidth'(next_context);
      score_slot_q <= start_q ? '0 : score_slot_q + 2'(next_score);
      context_slot_q <= context_slot_d;
    end
  end

  assign waiting_o = context_valid && !step_valid_o;

  sta_attention_steps #(.Tile(Tile), .Lanes(Lanes), .CountWidth(CountWidth)) u_steps (
    .clk_i,
    .rst_ni,
    .key_stride_i(attention_i.key_stride[StrideWidth-1:0]),
    .value_stride_i(attention_i.value_stride[StrideWidth-1:0]),
    .last_group_keys_i(last_group_keys_q),
    .load_o(load),
    .job_valid_i(next_score || next_context),
    .context_i(choose_context),
    .instruction_last_i(context_last),
    .slot_i(choose_context ? context_slot_q : score_slot_q),
    .tiles_i(choose_context ? CountWidth'(attention_i.head_value_blocks) - 1'b1 : score_tiles_q),
    .steps_i(choose_context ? context_steps_q : CountWidth'(attention_i.head_steps) - 1'b1),
    .row_i(choose_context ? probability_row_q : query[QueryWidth-1 -: AddressWidth]),
    .byte_i(choose_context ? '0 : query[ByteBits-1:0]),
    .weight_i(choose_context ? value_tile : key[KeyWidth-1 -: AddressWidth]),
    .part_i(choose_context ? '0 : key[1:0] & 2'(Parts - 1)),
    .place_i(context_place),
    .step_valid_o,
    .step_ready_i,
    .step_o
  );

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (free_q + ready_q <= SlotCountWidth'(sta_pkg::Slots));
      assert (!context_done_i || free_q != SlotCountWidth'(sta_pkg::Slots));
      assert (!next_context || context_valid);
    end
  end
`endif

endmodule

`default_nettype wire
