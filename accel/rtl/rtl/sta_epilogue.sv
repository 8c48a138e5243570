// SPDX-License-Identifier: Apache-2.0
//
// What happens to a finished tile: it is held here and leaves granule by granule, one a cycle, into
// a pipeline that never stops, since every write has priority at its buffer.
//
//   cycle 1  granule, parameters (of the channel, of all logits, or of the context's row)
//   cycle 5  y16: logits leave for the softmax unit; the residual granule arrives
//   cycle 6  y8; x16 + y16 leaves for the residual buffer
//   cycle 8  y8, or its GELU, leaves for the activation or the key-value buffer
//
// result_ready_o is high when no tile is held or the last granule of the one that is leaves.
`default_nettype none

module sta_epilogue #(
  parameter int Tile = 8,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int Values = GranuleRows * Tile,
  localparam int AddressWidth = sta_pkg::AddressWidth
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,

  input  wire logic                         result_valid_i,
  output logic                              result_ready_o,
  input  wire sta_pkg::tile_t               result_tile_i,
  input  wire logic [Tile*Tile*32-1:0]      result_i,  // [token][channel or key]

  // Of the present channel block: [channel] {7'b0, class, shift (8), multiplier (16), bias (32)}.
  input  wire logic [Tile*64-1:0]           parameters_i,
  output logic                              parameters_release_o,

  input  wire logic                         gelu_write_i,
  input  wire logic                         gelu_write_set_i,
  input  wire logic [2:0]                   gelu_write_beat_i,
  input  wire logic [sta_pkg::BeatBits-1:0] gelu_write_data_i,
  output logic                              gelu_loading_o,
  output logic                              gelu_release_o,

  // Attention.
  input  wire logic [4:0]                   logit_shift_i,
  input  wire logic [14:0]                  logit_multiplier_i,
  output logic [1:0]                        row_slot_o,
  output logic [3:0]                        row_granule_o,
  input  wire logic [GranuleRows*5-1:0]     row_shift_i,
  input  wire logic [GranuleRows*15-1:0]    row_multiplier_i,
  output logic                              score_valid_o,
  output sta_pkg::tile_t                    score_tile_o,
  output logic [3:0]                        score_granule_o,
  output logic [Values*16-1:0]              score_o,

  output logic                              activation_valid_o,
  output logic [AddressWidth-1:0]           activation_row_o,
  output logic [3:0]                        activation_granule_o,
  output logic [3:0]                        activation_lane_o,
  output logic [3:0]                        activation_byte_o,
  output logic [Values*8-1:0]               activation_o,

  output logic                              key_value_valid_o,
  output logic [AddressWidth-1:0]           key_value_tile_o,
  output logic [3:0]                        key_value_granule_o,
  output logic [Values*8-1:0]               key_value_o,

  output logic                              residual_read_o,
  output logic [AddressWidth-1:0]           residual_read_granule_o,
  input  wire logic [Values*16-1:0]         residual_i,
  output logic                              residual_write_o,
  output logic [AddressWidth-1:0]           residual_write_granule_o,
  output logic [Values*16-1:0]              residual_o,

  output logic                              context_done_o,
  output logic                              instruction_done_o
);

  localparam int Granules = Tile / GranuleRows;
  localparam int NumberWidth = $clog2(Granules);
  localparam int Stages = 8;

  // The tile that is held, and its next granule.
  logic held_q;
  logic [NumberWidth-1:0] granule_q;
  sta_pkg::tile_t tile_q;
  logic [Tile*Tile*32-1:0] result_q;
  logic [AddressWidth-1:0] address_q;  // of the granule, where granules have addresses

  wire logic is_last_granule = granule_q == '1;
  wire logic take = result_valid_i && result_ready_o;
  assign result_ready_o = !held_q || is_last_granule;

  always_ff @(posedge clk_i) begin
    if (take) begin
      tile_q <= result_tile_i;
      result_q <= result_i;
      granule_q <= '0;
      address_q <= result_tile_i.address;
    end else begin
      granule_q <= granule_q + 1'b1;
      address_q <= address_q + AddressWidth'(tile_q.granule_stride);
    end
    if (!rst_ni) begin
      held_q <= 1'b0;
    end else begin
      held_q <= take || (held_q && !is_last_granule);
    end
  end

  wire logic tile_leaves = held_q && is_last_granule;
  wire logic is_score = tile_q.kind == sta_pkg::TileScore;
  wire logic is_context = tile_q.kind == sta_pkg::TileContext;
  assign parameters_release_o = tile_leaves && tile_q.block_last && !is_score && !is_context;
  assign context_done_o = tile_leaves && tile_q.slot_last && is_context;
  assign row_slot_o = tile_q.slot;
  assign row_granule_o = 4'(granule_q);

  // What goes along with a granule: cycle i + 1 is at index i.
  localparam int GranuleWidth = 1 + 4 + AddressWidth + $bits(tile_q);
  logic [Stages-1:0] valid_q;
  logic [Stages*GranuleWidth-1:0] granules_q;
  sta_pkg::granule_t granule_3, granule_5, granule_6, granule_8;

  always_ff @(posedge clk_i) begin
    granules_q <= {granules_q[(Stages-1)*GranuleWidth-1:0],
                   is_last_granule, 4'(granule_q), address_q, tile_q};
    valid_q <= rst_ni ? {valid_q[Stages-2:0], held_q} : '0;
  end

  assign granule_3 = granules_q[2*GranuleWidth +: GranuleWidth];
  assign granule_5 = granules_q[4*GranuleWidth +: GranuleWidth];
  assign granule_6 = granules_q[5*GranuleWidth +: GranuleWidth];
  assign granule_8 = granules_q[7*GranuleWidth +: GranuleWidth];

  // Logits and context have their scale by the row, and rsh rounds half up; the bias of a channel
  // holds its rounding already.
  logic [GranuleRows*5-1:0] row_shift;
  logic [GranuleRows*15-1:0] row_multiplier;
  logic [GranuleRows*32-1:0] row_rounding;
  assign row_shift = is_score ? {GranuleRows{logit_shift_i}} : row_shift_i;
  assign row_multiplier = is_score ? {GranuleRows{logit_multiplier_i}} : row_multiplier_i;

  for (genvar r = 0; r < GranuleRows; r++) begin : g_row
    assign row_rounding[r*32 +: 32] = (32'd1 << row_shift[r*5 +: 5]) >> 1;
  end

  // Lanes: cycles 0 to 6.
  logic [Values*8-1:0] codes, codes_q, codes_q2, gelu;
  logic [Values-1:0] classes;

  for (genvar i = 0; i < Values; i++) begin : g_value
    localparam int Row = i / Tile;
    localparam int Channel = i % Tile;
    logic [Granules*32-1:0] accumulators;
    for (genvar g = 0; g < Granules; g++) begin : g_granule
      assign accumulators[g*32 +: 32] = result_q[(g*Values + i)*32 +: 32];
    end

    sta_epilogue_lane #(.Granules(Granules)) u_lane (
      .clk_i,
      .accumulators_i(accumulators),
      .granule_i(granule_q),
      .channel_i(parameters_i[Channel*64 +: 64]),
      .by_row_i(is_score || is_context),
      .row_rounding_i(row_rounding[Row*32 +: 32]),
      .row_shift_i(row_shift[Row*5 +: 5]),
      .row_multiplier_i(row_multiplier[Row*15 +: 15]),
      .value_o(score_o[i*16 +: 16]),
      .residual_i(residual_i[i*16 +: 16]),
      .byte_o(codes[i*8 +: 8]),
      .class_o(classes[i]),
      .sum_o(residual_o[i*16 +: 16])
    );
  end

  always_ff @(posedge clk_i) begin
    codes_q <= codes;
    codes_q2 <= codes_q;
  end

  // GELU: codes of cycle 6, results in cycle 8.
  logic gelu_set_q;

  sta_gelu_table #(.Values(Values)) u_gelu (
    .clk_i,
    .rst_ni,
    .write_i(gelu_write_i),
    .write_set_i(gelu_write_set_i),
    .write_beat_i(gelu_write_beat_i),
    .write_data_i(gelu_write_data_i),
    .loading_o(gelu_loading_o),
    .set_i(gelu_set_q),
    .class_i(classes),
    .code_i(codes),
    .value_o(gelu)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      gelu_set_q <= 1'b0;
    end else if (gelu_release_o) begin
      gelu_set_q <= !gelu_set_q;
    end
  end

  // Cycle 3 asks for what cycle 5 adds.
  assign residual_read_o = valid_q[2] && granule_3.tile.kind == sta_pkg::TileResidual;
  assign residual_read_granule_o = granule_3.address;

  assign score_valid_o = valid_q[4] && granule_5.tile.kind == sta_pkg::TileScore;
  assign score_tile_o = granule_5.tile;
  assign score_granule_o = granule_5.number;

  assign residual_write_o = valid_q[5] && granule_6.tile.kind == sta_pkg::TileResidual;
  assign residual_write_granule_o = granule_6.address;

  assign activation_valid_o = valid_q[7] && (granule_8.tile.kind == sta_pkg::TileActivation ||
                                             granule_8.tile.kind == sta_pkg::TileContext);
  assign activation_row_o = granule_8.tile.address;
  assign activation_granule_o = granule_8.number;
  assign activation_lane_o = granule_8.tile.lane;
  assign activation_byte_o = granule_8.tile.byte_offset;
  assign activation_o = granule_8.tile.gelu ? gelu : codes_q2;

  assign key_value_valid_o = valid_q[7] && granule_8.tile.kind == sta_pkg::TileKeyValue;
  assign key_value_tile_o = granule_8.tile.address;
  assign key_value_granule_o = granule_8.number;
  assign key_value_o = codes_q2;

  assign instruction_done_o = valid_q[7] && granule_8.last && granule_8.tile.instruction_last;
  assign gelu_release_o = instruction_done_o && granule_8.tile.gelu;

endmodule

`default_nettype wire
