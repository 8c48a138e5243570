// SPDX-License-Identifier: Apache-2.0
//
// The matrix engine: Tile tokens x Tile outputs x Lanes products a cycle, for sparse and dense
// operands alike. A step brings one weight for each output and lane: from the weight ring, or from
// a tile of keys (output = token, lane = channel) or values (output = channel, lane = token). Which
// byte of a lane's window it meets is said by the weight's index, or by the step for all.
//
// A step is taken with step_valid_i && advance_o; nothing else stops. Weights and indices come two
// advancing cycles after it, the window three (the sequencer reads it one later). The finished tile
// comes eight advancing cycles after its last step and is held, with advance_o low, until
// result_ready_i.
`default_nettype none

module sta_dmme #(
  parameter int Tile = 8,
  parameter int Lanes = 8
) (
  input  wire logic                      clk_i,
  input  wire logic                      rst_ni,

  input  wire logic                      step_valid_i,
  input  wire sta_pkg::step_t            step_i,
  output logic                           advance_o,

  input  wire logic [Tile*Lanes*128-1:0] window_i,        // [token][lane][16 bytes]
  input  wire logic [Tile*Tile*8-1:0]    key_value_i,     // [token][channel]
  input  wire logic [Tile*Lanes*8-1:0]   ring_values_i,   // [output][lane]
  input  wire logic [Tile*Lanes*4-1:0]   ring_indices_i,  // [output][lane]

  output logic                           result_valid_o,
  input  wire logic                      result_ready_i,
  output sta_pkg::tile_t                 result_tile_o,
  output logic [Tile*Tile*32-1:0]        result_o         // [token][output]
);

  localparam int Parts = Tile / Lanes;  // of a key-value tile
  // Enabled cycles from a step to the sums that hold it; `first` is due one earlier.
  localparam int SumDelay = 8;
  localparam int FirstDelay = SumDelay - 1;

  assign advance_o = !result_valid_o || result_ready_i;

  // Flags of the steps in the pipe, bit i belonging to the step taken i + 1 advances ago.
  logic [FirstDelay-1:0] first_q;
  logic [SumDelay-1:0] last_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      first_q <= '0;
      last_q <= '0;
    end else if (advance_o) begin
      first_q <= {first_q[FirstDelay-2:0], step_valid_i && step_i.first};
      last_q <= {last_q[SumDelay-2:0], step_valid_i && step_i.last};
    end
  end

  assign result_valid_o = last_q[SumDelay-1];

  // What finished tiles are for waits here until their sums come. More than SumDelay tiles cannot
  // be in the pipe.
  logic tile_ready;
  sta_fifo #(.Width($bits(result_tile_o)), .Depth(16)) u_tiles (
    .clk_i,
    .rst_ni,
    .write_valid_i(step_valid_i && advance_o && step_i.last),
    .write_ready_o(tile_ready),
    .write_data_i(step_i.tile),
    .read_valid_o(),
    .read_ready_i(result_valid_o && result_ready_i),
    .read_data_o(result_tile_o)
  );

  // Where the weights come from, one bit a source, so that a bit of a weight is two LUTs: the ring,
  // then each part of the key-value tile as keys and as values.
  localparam int Sources = 1 + 2 * Parts;
  logic [Sources-1:0] source_d, source_q, source_q2;
  logic indexed_q, indexed_q2;
  logic [3:0] byte_select_q, byte_select_q2;

  always_comb begin
    source_d[0] = step_i.weight_source == sta_pkg::WeightRing;
    for (int p = 0; p < Parts; p++) begin
      source_d[1+2*p] = step_i.weight_source == sta_pkg::WeightKey && step_i.weight_part == 2'(p);
      source_d[2+2*p] = step_i.weight_source == sta_pkg::WeightValue && step_i.weight_part == 2'(p);
    end
    // A cycle without a step adds nothing.
    if (!step_valid_i) source_d = '0;
  end

  always_ff @(posedge clk_i) begin
    if (advance_o) begin
      source_q <= source_d;
      source_q2 <= source_q;
      indexed_q <= step_i.indexed;
      indexed_q2 <= indexed_q;
      byte_select_q <= step_i.byte_select;
      byte_select_q2 <= byte_select_q;
    end
  end

  // Operands of the array, [output][lane].
  logic [Tile*Lanes*8-1:0] weights_d, weights_q;
  logic [Tile*Lanes*4-1:0] selects_d, selects_q;

  for (genvar o = 0; o < Tile; o++) begin : g_weights
    for (genvar l = 0; l < Lanes; l++) begin : g_lane
      logic [7:0] weight;
      always_comb begin
        weight = ring_values_i[(o*Lanes + l)*8 +: 8] & {8{source_q2[0]}};
        for (int p = 0; p < Parts; p++) begin
          weight |= key_value_i[(o*Tile + p*Lanes + l)*8 +: 8] & {8{source_q2[1+2*p]}};
          weight |= key_value_i[((p*Lanes + l)*Tile + o)*8 +: 8] & {8{source_q2[2+2*p]}};
        end
      end
      assign weights_d[(o*Lanes + l)*8 +: 8] = weight;
    end
  end

  assign selects_d = indexed_q2 ? ring_indices_i : {(Tile*Lanes){byte_select_q2}};

  always_ff @(posedge clk_i) begin
    if (advance_o) begin
      weights_q <= weights_d;
      selects_q <= selects_d;
    end
  end

  // The array: two tokens by one output each.
  for (genvar t = 0; t < Tile; t += 2) begin : g_tokens
    for (genvar o = 0; o < Tile; o++) begin : g_output
      sta_pe #(.Lanes(Lanes)) u_pe (
        .clk_i,
        .advance_i(advance_o),
        .window_0_i(window_i[t*Lanes*128 +: Lanes*128]),
        .window_1_i(window_i[(t+1)*Lanes*128 +: Lanes*128]),
        .weights_i(weights_q[o*Lanes*8 +: Lanes*8]),
        .selects_i(selects_q[o*Lanes*4 +: Lanes*4]),
        .first_i(first_q[FirstDelay-1]),
        .sum_0_o(result_o[(t*Tile + o)*32 +: 32]),
        .sum_1_o(result_o[((t+1)*Tile + o)*32 +: 32])
      );
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && step_valid_i && advance_o && step_i.last) assert (tile_ready);
  end
`endif

endmodule

`default_nettype wire
