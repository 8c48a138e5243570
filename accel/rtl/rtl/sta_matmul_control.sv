// SPDX-License-Identifier: Apache-2.0
//
// Steps of MATMUL: for each channel block, token group, window and step, in this order, one step a
// cycle without a gap between windows, tiles, blocks or instructions.
//
// All of step_o comes from registers; step_valid_o falls with block_ready_i, the level that says
// that the values and indices of the oldest block not yet released are in the rings.
// block_release_o is high in the cycle in which a block's last step is taken; whoever reads the
// rings for a step has to do so in the cycle in which it is taken. instruction_ready_o is high
// when idle and while the last step is taken, so the first step of the next instruction follows
// in the next cycle; an instruction that needs what the last one wrote must be held back outside.
//
// Blocks begin at whole beats in both rings, so each ring has its own address. The addresses go on
// from one instruction to the next, as those of the weight loader do.
`default_nettype none

module sta_matmul_control #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int RingWords = 1024  // step words that each ring holds, a power of two
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,

  input  wire logic             instruction_valid_i,
  output logic                  instruction_ready_o,
  input  wire sta_pkg::matmul_t instruction_i,

  output logic                  step_valid_o,
  input  wire logic             step_ready_i,
  output sta_pkg::step_t        step_o,

  input  wire logic             block_ready_i,
  output logic                  block_release_o,
  output logic                  waiting_o  // there is a step, but not its weights
);

  localparam int WordBytes = Tile * Lanes;
  localparam int RingWidth = $clog2(RingWords);
  localparam int LaneWidth = $clog2(Lanes);

  // A block ends at a word address that has these bits set, or leaves the rest of its beat unused.
  localparam int ValueWordsPerBeat = sta_pkg::BeatBytes / WordBytes;
  localparam int IndexWordsPerBeat = 2 * sta_pkg::BeatBytes / WordBytes;
  localparam int ValueFill = (ValueWordsPerBeat > 1) ? ValueWordsPerBeat - 1 : 0;
  localparam int IndexFill = (IndexWordsPerBeat > 1) ? IndexWordsPerBeat - 1 : 0;

  // The instruction at work.
  logic busy_q, indexed_q, gelu_q;
  logic [1:0] destination_q;
  logic [3:0] steps_last_q;
  logic [8:0] windows_last_q;
  logic [11:0] groups_last_q;
  logic [19:0] source_row_q;
  logic [14:0] source_stride_q, destination_stride_q, granule_stride_q;

  // Where it is.
  logic [3:0] step_q;
  logic [8:0] windows_left_q;
  logic [11:0] groups_left_q, blocks_left_q;
  logic [sta_pkg::AddressWidth-1:0] row_q, group_row_q;      // of the window; of window 0
  logic [sta_pkg::AddressWidth-1:0] address_q, block_address_q;  // of the tile; of token group 0
  logic [LaneWidth-1:0] lane_q;
  logic [3:0] byte_q;
  logic [RingWidth-1:0] value_q, value_block_q, index_q, index_block_q;

  wire logic window_done = step_q == steps_last_q;
  wire logic tile_done = window_done && windows_left_q == '0;
  wire logic block_done = tile_done && groups_left_q == '0;
  wire logic instruction_done = block_done && blocks_left_q == '0;

  assign step_valid_o = busy_q && block_ready_i;
  assign waiting_o = busy_q && !block_ready_i;
  wire logic take = step_valid_o && step_ready_i;
  assign block_release_o = take && block_done;
  assign instruction_ready_o = !busy_q || (take && instruction_done);
  wire logic start = instruction_valid_i && instruction_ready_o;

  // Where the channels of the next block go: Tile bytes on, then lane by lane, row by row.
  wire logic [4:0] byte_sum = {1'b0, byte_q} + 5'(Tile);
  wire logic [LaneWidth:0] lane_sum = {1'b0, lane_q} + (LaneWidth + 1)'(byte_sum[4]);
  wire logic address_carry =
      destination_q != sta_pkg::DestinationActivation || lane_sum[LaneWidth];
  wire logic [sta_pkg::AddressWidth-1:0] next_block_address =
      block_address_q + sta_pkg::AddressWidth'(address_carry);
  wire logic [sta_pkg::AddressWidth-1:0] next_group_row =
      group_row_q + sta_pkg::AddressWidth'(source_stride_q);
  wire logic [RingWidth-1:0] next_value_block = (value_q | RingWidth'(ValueFill)) + 1'b1;
  wire logic [RingWidth-1:0] next_index_block =
      indexed_q ? (index_q | RingWidth'(IndexFill)) + 1'b1 : index_block_q;

  always_comb begin
    step_o = '0;
    step_o.first = step_q == '0 && windows_left_q == windows_last_q;
    step_o.last = tile_done;
    step_o.window_read = step_q == '0;
    step_o.activation_row = row_q;
    step_o.weight_source = sta_pkg::WeightRing;
    step_o.weight_address = sta_pkg::AddressWidth'(value_q);
    step_o.index_address = sta_pkg::AddressWidth'(index_q);
    step_o.indexed = indexed_q;
    step_o.byte_select = step_q;
    unique case (destination_q)
      sta_pkg::DestinationKeyValue: step_o.tile.kind = sta_pkg::TileKeyValue;
      sta_pkg::DestinationResidual: step_o.tile.kind = sta_pkg::TileResidual;
      default: step_o.tile.kind = sta_pkg::TileActivation;
    endcase
    step_o.tile.gelu = gelu_q;
    step_o.tile.block_last = groups_left_q == '0;
    step_o.tile.instruction_last = groups_left_q == '0 && blocks_left_q == '0;
    step_o.tile.address = address_q;
    step_o.tile.granule_stride = 16'(granule_stride_q);
    step_o.tile.lane = 4'(lane_q);
    step_o.tile.byte_offset = byte_q;
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      step_q <= window_done ? 4'd0 : step_q + 1'b1;
      value_q <= value_q + 1'b1;
      index_q <= index_q + 1'b1;
      if (window_done) begin
        windows_left_q <= windows_left_q - 1'b1;
        row_q <= row_q + 1'b1;
      end
      if (tile_done) begin
        windows_left_q <= windows_last_q;
        groups_left_q <= groups_left_q - 1'b1;
        row_q <= next_group_row;
        group_row_q <= next_group_row;
        address_q <= address_q + sta_pkg::AddressWidth'(destination_stride_q);
        value_q <= value_block_q;
        index_q <= index_block_q;
      end
      if (block_done) begin
        groups_left_q <= groups_last_q;
        blocks_left_q <= blocks_left_q - 1'b1;
        row_q <= sta_pkg::AddressWidth'(source_row_q);
        group_row_q <= sta_pkg::AddressWidth'(source_row_q);
        address_q <= next_block_address;
        block_address_q <= next_block_address;
        lane_q <= lane_sum[LaneWidth-1:0];
        byte_q <= byte_sum[3:0];
        value_q <= next_value_block;
        value_block_q <= next_value_block;
        index_q <= next_index_block;
        index_block_q <= next_index_block;
      end
      if (instruction_done) busy_q <= 1'b0;
    end
    if (start) begin
      busy_q <= 1'b1;
      indexed_q <= instruction_i.header.flags[sta_pkg::MatmulIndexed];
      gelu_q <= instruction_i.header.flags[sta_pkg::MatmulGelu];
      destination_q <= instruction_i.header.flags[3:2];
      steps_last_q <= 4'(instruction_i.steps - 1'b1);
      windows_last_q <= 9'(instruction_i.windows - 1'b1);
      groups_last_q <= 12'(instruction_i.token_groups - 1'b1);
      source_row_q <= instruction_i.source_row[19:0];
      source_stride_q <= instruction_i.source_stride[14:0];
      destination_stride_q <= instruction_i.destination_stride[14:0];
      granule_stride_q <= instruction_i.granule_row_stride[14:0];
      step_q <= '0;
      windows_left_q <= 9'(instruction_i.windows - 1'b1);
      groups_left_q <= 12'(instruction_i.token_groups - 1'b1);
      blocks_left_q <= 12'(instruction_i.channel_blocks - 1'b1);
      row_q <= sta_pkg::AddressWidth'(instruction_i.source_row[19:0]);
      group_row_q <= sta_pkg::AddressWidth'(instruction_i.source_row[19:0]);
      address_q <= sta_pkg::AddressWidth'(instruction_i.destination[19:0]);
      block_address_q <= sta_pkg::AddressWidth'(instruction_i.destination[19:0]);
      lane_q <= '0;
      byte_q <= '0;
    end
    if (!rst_ni) begin
      busy_q <= 1'b0;
      value_q <= '0;
      value_block_q <= '0;
      index_q <= '0;
      index_block_q <= '0;
    end
  end

endmodule

`default_nettype wire
