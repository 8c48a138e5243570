// SPDX-License-Identifier: Apache-2.0
//
// The engine: runs MATMUL and ATTENTION one after the other. A control block makes steps, one a
// cycle; DMME turns them into tiles; the epilogue turns tiles into activations, keys and values,
// sums of the residual stream, or logits; the softmax unit turns logits into probabilities, which
// come back as an operand.
//
// An instruction is taken when the one before it has written all its results; finished_o pulses
// when that is so.
`default_nettype none

module sta_engine #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int MaxTokens = 512,
  parameter int RingWords = 1024,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int GranuleBits = GranuleRows * Tile * 8,
  localparam int AddressWidth = sta_pkg::AddressWidth
) (
  input  wire logic                        clk_i,
  input  wire logic                        rst_ni,

  input  wire logic                        instruction_valid_i,
  output logic                             instruction_ready_o,
  input  wire logic [sta_pkg::BeatBits-1:0] instruction_i,
  output logic                             finished_o,
  output logic                             busy_o,

  // Operands: read sides of the activation, key-value and weight buffers.
  output logic                             advance_o,
  output logic                             activation_read_o,
  output logic [AddressWidth-1:0]          activation_read_row_o,
  input  wire logic [Tile*Lanes*128-1:0]   activation_i,
  output logic                             key_value_read_o,
  output logic [AddressWidth-1:0]          key_value_read_tile_o,
  input  wire logic [Tile*Tile*8-1:0]      key_value_i,
  output logic                             ring_read_o,
  output logic [AddressWidth-1:0]          weight_address_o,
  output logic [AddressWidth-1:0]          index_address_o,
  input  wire logic [Tile*Lanes*8-1:0]     ring_values_i,
  input  wire logic [Tile*Lanes*4-1:0]     ring_indices_i,

  // Weight loader.
  input  wire logic                        block_ready_i,
  output logic                             block_release_o,
  input  wire logic [Tile*64-1:0]          parameters_i,
  output logic                             parameters_release_o,
  input  wire logic                        gelu_write_i,
  input  wire logic                        gelu_write_set_i,
  input  wire logic [2:0]                  gelu_write_beat_i,
  input  wire logic [sta_pkg::BeatBits-1:0] gelu_write_data_i,
  output logic                             gelu_release_o,

  // Results.
  output logic                             activation_valid_o,
  output logic [AddressWidth-1:0]          activation_row_o,
  output logic [3:0]                       activation_granule_o,
  output logic [3:0]                       activation_lane_o,
  output logic [3:0]                       activation_byte_o,
  output logic [GranuleBits-1:0]           activation_o,
  output logic                             probability_valid_o,
  input  wire logic                        probability_ready_i,
  output logic [AddressWidth-1:0]          probability_row_o,
  output logic [3:0]                       probability_granule_o,
  output logic [3:0]                       probability_byte_o,
  output logic [GranuleBits-1:0]           probability_o,
  output logic                             key_value_valid_o,
  output logic [AddressWidth-1:0]          key_value_tile_o,
  output logic [3:0]                       key_value_granule_o,
  output logic [GranuleBits-1:0]           key_value_o,
  output logic                             residual_read_o,
  output logic [AddressWidth-1:0]          residual_read_granule_o,
  input  wire logic [2*GranuleBits-1:0]    residual_i,
  output logic                             residual_write_o,
  output logic [AddressWidth-1:0]          residual_write_granule_o,
  output logic [2*GranuleBits-1:0]         residual_o,

  // Events for the performance counters.
  output logic                             step_taken_o,
  output logic                             waiting_weights_o,
  output logic                             waiting_softmax_o,
  output logic                             waiting_epilogue_o
);

  sta_pkg::header_t header;
  assign header = instruction_i[95:0];

  // One instruction at a time.
  logic running_q;
  wire logic is_matmul = header.opcode == sta_pkg::OpMatmul;
  wire logic matmul_valid = instruction_valid_i && !running_q && is_matmul;
  wire logic attention_valid = instruction_valid_i && !running_q && !is_matmul;
  logic matmul_ready, attention_ready;

  assign instruction_ready_o = !running_q && (is_matmul ? matmul_ready : attention_ready);
  assign busy_o = running_q;

  wire logic take = instruction_valid_i && instruction_ready_o;
  sta_pkg::attention_t attention_q;
  logic is_matmul_q, uses_gelu_q, gelu_loading;

  always_ff @(posedge clk_i) begin
    if (take) begin
      attention_q <= instruction_i;
      is_matmul_q <= is_matmul;
      uses_gelu_q <= is_matmul && header.flags[sta_pkg::MatmulGelu];
    end
    if (!rst_ni) begin
      running_q <= 1'b0;
    end else if (take) begin
      running_q <= 1'b1;
    end else if (finished_o) begin
      running_q <= 1'b0;
    end
  end

  // Steps.
  sta_pkg::matmul_t matmul;
  assign matmul = instruction_i;

  sta_pkg::step_t matmul_step, attention_step, step;
  logic matmul_step_valid, attention_step_valid, step_valid;
  logic probabilities_done, context_done;

  assign step_valid = is_matmul_q ? matmul_step_valid : attention_step_valid;
  assign step = is_matmul_q ? matmul_step : attention_step;
  assign step_taken_o = step_valid && advance_o;

  sta_matmul_control #(.Tile(Tile), .Lanes(Lanes), .RingWords(RingWords)) u_matmul_control (
    .clk_i,
    .rst_ni,
    .instruction_valid_i(matmul_valid),
    .instruction_ready_o(matmul_ready),
    .instruction_i(matmul),
    .step_valid_o(matmul_step_valid),
    .step_ready_i(advance_o && is_matmul_q),
    .step_o(matmul_step),
    .block_ready_i(block_ready_i && !(uses_gelu_q && gelu_loading)),
    .block_release_o,
    .waiting_o(waiting_weights_o)
  );

  sta_attention_control #(.Tile(Tile), .Lanes(Lanes), .MaxTokens(MaxTokens)) u_attention_control (
    .clk_i,
    .rst_ni,
    .instruction_valid_i(attention_valid),
    .instruction_ready_o(attention_ready),
    .attention_i(attention_q),
    .step_valid_o(attention_step_valid),
    .step_ready_i(advance_o && !is_matmul_q),
    .step_o(attention_step),
    .probabilities_done_i(probabilities_done),
    .context_done_i(context_done),
    .waiting_o(waiting_softmax_o)
  );

  // The array has its weights a cycle earlier than the window that they choose from.
  always_ff @(posedge clk_i) begin
    if (advance_o) activation_read_row_o <= step.activation_row;
    if (!rst_ni) begin
      activation_read_o <= 1'b0;
    end else if (advance_o) begin
      activation_read_o <= step_valid && step.window_read;
    end
  end

  wire logic from_ring = step.weight_source == sta_pkg::WeightRing;
  assign key_value_read_o = step_valid && !from_ring;
  assign key_value_read_tile_o = step.weight_address;
  assign ring_read_o = step_valid && from_ring;
  assign weight_address_o = step.weight_address;
  assign index_address_o = step.index_address;

  // Tiles.
  logic result_valid, result_ready;
  sta_pkg::tile_t result_tile;
  logic [Tile*Tile*32-1:0] result;

  assign waiting_epilogue_o = !advance_o;

  sta_dmme #(.Tile(Tile), .Lanes(Lanes)) u_dmme (
    .clk_i,
    .rst_ni,
    .step_valid_i(step_valid),
    .step_i(step),
    .advance_o,
    .window_i(activation_i),
    .key_value_i,
    .ring_values_i,
    .ring_indices_i,
    .result_valid_o(result_valid),
    .result_ready_i(result_ready),
    .result_tile_o(result_tile),
    .result_o(result)
  );

  logic score_valid;
  sta_pkg::tile_t score_tile;
  logic [3:0] score_granule, row_granule;
  logic [2*GranuleBits-1:0] score;
  logic [1:0] row_slot;
  logic [GranuleRows*5-1:0] row_shift;
  logic [GranuleRows*15-1:0] row_multiplier;

  sta_epilogue #(.Tile(Tile)) u_epilogue (
    .clk_i,
    .rst_ni,
    .result_valid_i(result_valid),
    .result_ready_o(result_ready),
    .result_tile_i(result_tile),
    .result_i(result),
    .parameters_i,
    .parameters_release_o,
    .gelu_write_i,
    .gelu_write_set_i,
    .gelu_write_beat_i,
    .gelu_write_data_i,
    .gelu_loading_o(gelu_loading),
    .gelu_release_o,
    .logit_shift_i(attention_q.logit_shift),
    .logit_multiplier_i(attention_q.logit_multiplier[14:0]),
    .row_slot_o(row_slot),
    .row_granule_o(row_granule),
    .row_shift_i(row_shift),
    .row_multiplier_i(row_multiplier),
    .score_valid_o(score_valid),
    .score_tile_o(score_tile),
    .score_granule_o(score_granule),
    .score_o(score),
    .activation_valid_o,
    .activation_row_o,
    .activation_granule_o,
    .activation_lane_o,
    .activation_byte_o,
    .activation_o,
    .key_value_valid_o,
    .key_value_tile_o,
    .key_value_granule_o,
    .key_value_o,
    .residual_read_o,
    .residual_read_granule_o,
    .residual_i,
    .residual_write_o,
    .residual_write_granule_o,
    .residual_o,
    .context_done_o(context_done),
    .instruction_done_o(finished_o)
  );

  sta_softmax #(.Tile(Tile), .Lanes(Lanes), .MaxTokens(MaxTokens)) u_softmax (
    .clk_i,
    .rst_ni,
    .attention_i(attention_q),
    .score_valid_i(score_valid),
    .score_tile_i(score_tile),
    .score_granule_i(score_granule),
    .score_i(score),
    .probability_valid_o,
    .probability_ready_i,
    .probability_row_o,
    .probability_granule_o,
    .probability_byte_o,
    .probability_o,
    .probabilities_done_o(probabilities_done),
    .row_slot_i(row_slot),
    .row_granule_i(row_granule),
    .row_shift_o(row_shift),
    .row_multiplier_o(row_multiplier)
  );

endmodule

`default_nettype wire
