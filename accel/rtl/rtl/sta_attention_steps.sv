// SPDX-License-Identifier: Apache-2.0
//
// Steps of one attention job after the other. A job is `tiles` tiles of `steps` steps:
//   score    (a tile a key group): the query bytes of one window, from byte_i on, against the
//            parts of a key tile and its followers; the next tile is key_stride_i further on;
//   context  (a tile a value block): the bytes of a slot's windows of probabilities, from row_i
//            on, against the parts of value tiles value_stride_i apart; the next tile is one
//            further on.
//
// load_o: the job whose inputs stand there in this cycle can begin; it does if job_valid_i, and its
// first step comes in the next cycle. A step is taken with valid and ready.
`default_nettype none

module sta_attention_steps #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int CountWidth = 8,
  localparam int AddressWidth = sta_pkg::AddressWidth,
  localparam int StrideWidth = 15,
  localparam int TileBits = $clog2(Tile),
  localparam int LaneBits = $clog2(Lanes),
  localparam int ByteBits = $clog2(sta_pkg::LaneBytes),
  localparam int BlockBits = ByteBits - TileBits,                    // channel blocks of a lane
  localparam int PlaceWidth = AddressWidth + LaneBits + BlockBits    // row, lane, block
) (
  input  wire logic                    clk_i,
  input  wire logic                    rst_ni,

  // Constant during an instruction.
  input  wire logic [StrideWidth-1:0]  key_stride_i,
  input  wire logic [StrideWidth-1:0]  value_stride_i,
  input  wire logic [4:0]              last_group_keys_i,

  output logic                         load_o,
  input  wire logic                    job_valid_i,
  input  wire logic                    context_i,
  input  wire logic                    instruction_last_i,
  input  wire logic [1:0]              slot_i,
  input  wire logic [CountWidth-1:0]   tiles_i,            // less one
  input  wire logic [CountWidth-1:0]   steps_i,            // less one
  input  wire logic [AddressWidth-1:0] row_i,
  input  wire logic [ByteBits-1:0]     byte_i,
  input  wire logic [AddressWidth-1:0] weight_i,
  input  wire logic [1:0]              part_i,
  input  wire logic [PlaceWidth-1:0]   place_i,            // of the context

  output logic                         step_valid_o,
  input  wire logic                    step_ready_i,
  output sta_pkg::step_t               step_o
);

  localparam int Parts = Tile / Lanes;

  logic                    running_q, context_q, instruction_last_q, window_read_q;
  logic                    first_step_q, last_step_q, last_tile_q;
  logic [CountWidth-1:0]   tile_steps_q, steps_left_q, tiles_left_q;
  logic [AddressWidth-1:0] row_q, first_row_q;
  logic [ByteBits-1:0]     byte_q, first_byte_q;
  logic [AddressWidth-1:0] weight_q, first_weight_q;
  logic [1:0]              part_q, first_part_q;
  logic [PlaceWidth-1:0]   place_q;
  logic [1:0]              slot_q;
  logic [11:0]             group_q;

  wire logic take = running_q && step_ready_i;
  wire logic last_part = part_q == 2'(Parts - 1);
  wire logic last_byte = byte_q == '1;
  wire logic [StrideWidth-1:0] step_stride = context_q ? value_stride_i : StrideWidth'(1);
  wire logic [StrideWidth-1:0] tile_stride = context_q ? StrideWidth'(1) : key_stride_i;
  wire logic [AddressWidth-1:0] next_weight = first_weight_q + AddressWidth'(tile_stride);

  assign load_o = !running_q || (take && last_step_q && last_tile_q);
  assign step_valid_o = running_q;

  always_ff @(posedge clk_i) begin
    if (load_o) begin
      context_q <= context_i;
      instruction_last_q <= instruction_last_i;
      slot_q <= slot_i;
      row_q <= row_i;
      first_row_q <= row_i;
      byte_q <= byte_i;
      first_byte_q <= byte_i;
      weight_q <= weight_i;
      first_weight_q <= weight_i;
      part_q <= part_i;
      first_part_q <= part_i;
      place_q <= place_i;
      group_q <= '0;
      window_read_q <= 1'b1;
      first_step_q <= 1'b1;
      tile_steps_q <= steps_i;
      steps_left_q <= steps_i;
      last_step_q <= steps_i == '0;
      tiles_left_q <= tiles_i;
      last_tile_q <= tiles_i == '0;
    end else if (take && last_step_q) begin
      row_q <= first_row_q;
      byte_q <= first_byte_q;
      weight_q <= next_weight;
      first_weight_q <= next_weight;
      part_q <= first_part_q;
      place_q <= place_q + 1'b1;
      group_q <= group_q + 1'b1;
      window_read_q <= context_q;  // the window of a score job stays
      first_step_q <= 1'b1;
      steps_left_q <= tile_steps_q;
      last_step_q <= tile_steps_q == '0;
      tiles_left_q <= tiles_left_q - 1'b1;
      last_tile_q <= tiles_left_q == CountWidth'(1);
    end else if (take) begin
      byte_q <= byte_q + 1'b1;
      if (last_byte) row_q <= row_q + 1'b1;  // context only: queries stay within a window
      window_read_q <= last_byte;
      part_q <= last_part ? '0 : part_q + 1'b1;
      if (last_part) weight_q <= weight_q + AddressWidth'(step_stride);
      first_step_q <= 1'b0;
      steps_left_q <= steps_left_q - 1'b1;
      last_step_q <= steps_left_q == CountWidth'(1);
    end
    if (!rst_ni) begin
      running_q <= 1'b0;
    end else if (load_o) begin
      running_q <= job_valid_i;
    end
  end

  always_comb begin
    step_o = '0;
    step_o.first = first_step_q;
    step_o.last = last_step_q;
    step_o.window_read = window_read_q;
    step_o.activation_row = row_q;
    step_o.weight_source = context_q ? sta_pkg::WeightValue : sta_pkg::WeightKey;
    step_o.weight_address = weight_q;
    step_o.weight_part = part_q;
    step_o.byte_select = byte_q;
    step_o.tile.kind = context_q ? sta_pkg::TileContext : sta_pkg::TileScore;
    step_o.tile.instruction_last = context_q && instruction_last_q && last_tile_q;
    step_o.tile.address = place_q[PlaceWidth-1 -: AddressWidth];
    step_o.tile.lane = 4'(place_q >> BlockBits) & 4'(Lanes - 1);
    step_o.tile.byte_offset = 4'(place_q << TileBits);
    step_o.tile.slot = slot_q;
    step_o.tile.key_group = group_q;
    step_o.tile.valid_keys = last_tile_q ? last_group_keys_i : 5'(Tile);
    step_o.tile.slot_last = last_tile_q;
  end

endmodule

`default_nettype wire
