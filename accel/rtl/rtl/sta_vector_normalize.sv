// SPDX-License-Identifier: Apache-2.0
//
// Second and third pass of the vector unit, both from the row store: sums of squared deviations and
// their roots, then normalized values and views. sta_vector_schedule says which pass's granule goes
// in; both go through the multipliers of sta_vector_deviation.
//
// Cycles after a granule is chosen (ring_address_o): x_i 2; product 6; out_o 14, view_o 19 (14
// without normalize_i). issue_o: the granule is chosen for the third pass, and needed no more.
`default_nettype none

module sta_vector_normalize #(
  parameter int Tile = 8,
  parameter int MaxBlocks = 512,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int Values = GranuleRows * Tile,
  localparam int BlockWidth = $clog2(MaxBlocks),
  localparam int RingWords = 2 * MaxBlocks
) (
  input  wire logic                          clk_i,
  input  wire logic                          rst_ni,

  // Constant while an instruction runs, but for the start.
  input  wire logic                          start_i,
  input  wire logic                          normalize_i,
  input  wire logic                          view_i,
  input  wire logic [15:0]                   blocks_i,
  input  wire logic [15:0]                   channels_i,
  input  wire logic [31:0]                   epsilon_i,

  input  wire logic                          mean_valid_i,
  input  wire logic [GranuleRows*17-1:0]     mean_i,
  output logic                               mean_taken_o,

  input  wire logic                          output_ready_i,  // parameters, room for a result
  output logic                               issue_o,
  output logic [$clog2(RingWords)-1:0]       ring_address_o,
  input  wire logic [Values*16-1:0]          x_i,

  // Parameters: see sta_vector_scale.
  output logic [BlockWidth-1:0]              block_o,
  input  wire logic [Tile*16-1:0]            gain_i,
  input  wire logic [Tile*16-1:0]            bias_i,
  input  wire logic [Tile*16-1:0]            view_multiplier_i,

  output logic                               out_valid_o,
  output logic [Values*16-1:0]               out_o,
  output logic                               view_valid_o,
  output logic [Values*8-1:0]                view_o
);

  logic square, square_first, square_last, root_valid, root_taken;
  logic [GranuleRows*15-1:0] row_mantissa, mantissa, mantissa_3;
  logic [GranuleRows*5-1:0] row_shift, shift, shift_6;
  logic [6:1] square_q, scale_q;  // square, issue_o some cycles ago
  logic [1:0] square_flags_3, square_flags_6;
  logic [GranuleRows*17-1:0] mean, mean_2;
  logic [Tile-1:0] mask;
  logic [Values*32-1:0] product;

  always_ff @(posedge clk_i) begin
    square_q <= rst_ni ? {square_q[5:1], square} : '0;
    scale_q <= rst_ni ? {scale_q[5:1], issue_o} : '0;
  end

  sta_vector_schedule #(.Rows(GranuleRows), .RingWords(RingWords)) u_schedule (
    .clk_i,
    .rst_ni,
    .normalize_i,
    .blocks_i,
    .mean_valid_i,
    .mean_i,
    .mean_taken_o,
    .root_valid_i(root_valid),
    .mantissa_i(row_mantissa),
    .shift_i(row_shift),
    .root_taken_o(root_taken),
    .output_ready_i,
    .ring_address_o,
    .square_o(square),
    .square_first_o(square_first),
    .square_last_o(square_last),
    .scale_o(issue_o),
    .mean_o(mean),
    .mantissa_o(mantissa),
    .shift_o(shift)
  );

  sta_delay #(.Width(GranuleRows*17), .Stages(2)) u_mean_2 (
    .clk_i, .data_i(mean), .data_o(mean_2));
  sta_delay #(.Width(GranuleRows*15), .Stages(3)) u_mantissa_3 (
    .clk_i, .data_i(mantissa), .data_o(mantissa_3));
  sta_delay #(.Width(GranuleRows*5), .Stages(6)) u_shift_6 (
    .clk_i, .data_i(shift), .data_o(shift_6));
  sta_delay #(.Width(2), .Stages(3)) u_square_flags_3 (
    .clk_i, .data_i({square_last, square_first}), .data_o(square_flags_3));
  sta_delay #(.Width(2), .Stages(3)) u_square_flags_6 (
    .clk_i, .data_i(square_flags_3), .data_o(square_flags_6));

  sta_vector_mask #(.Tile(Tile)) u_mask (
    .clk_i,
    .channels_i,
    .first_i(square_flags_3[0]),
    .next_i(square_q[3]),
    .mask_o(mask)
  );

  sta_vector_deviation #(.Tile(Tile)) u_deviation (
    .clk_i,
    .x_i,
    .mean_i(mean_2),
    .square_i(square_q[3]),
    .mask_i(mask),
    .mantissa_i(mantissa_3),
    .product_o(product)
  );

  sta_vector_squares #(.Tile(Tile)) u_squares (
    .clk_i,
    .rst_ni,
    .epsilon_i,
    .valid_i(square_q[6]),
    .first_i(square_flags_6[0]),
    .last_i(square_flags_6[1]),
    .product_i(product),
    .valid_o(root_valid),
    .taken_i(root_taken),
    .mantissa_o(row_mantissa),
    .shift_o(row_shift)
  );

  sta_vector_scale #(.Tile(Tile), .MaxBlocks(MaxBlocks)) u_scale (
    .clk_i,
    .rst_ni,
    .start_i,
    .normalize_i,
    .view_i,
    .blocks_i,
    .valid_i(scale_q[6]),
    .product_i(product),
    .shift_i(shift_6),
    .block_o,
    .gain_i,
    .bias_i,
    .view_multiplier_i,
    .out_valid_o,
    .out_o,
    .view_valid_o,
    .view_o
  );

endmodule

`default_nettype wire
