// SPDX-License-Identifier: Apache-2.0
//
// Memory of the logits of Slots x Tile rows and the maxima of the rows. Logits come by granules,
// one a cycle at any time, key group by key group from group 0 on. complete_o pulses for each
// granule of a slot's last key group, in the order in which they came, when logits and maxima of
// its rows can be read; complete_slot_o comes along.
//
// Reads: read_enable_i with advance_i; logits and maxima are there two advancing cycles later.
`default_nettype none

module sta_softmax_scores #(
  parameter int Tile = 8,
  parameter int MaxTokens = 512,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int GranuleWidth = $clog2(Tile / GranuleRows),
  localparam int GroupWidth = $clog2(MaxTokens / Tile)
) (
  input  wire logic                           clk_i,
  input  wire logic                           rst_ni,

  input  wire logic                           score_valid_i,
  input  wire logic [1:0]                     score_slot_i,
  input  wire logic [GranuleWidth-1:0]        score_granule_i,
  input  wire logic [GroupWidth-1:0]          score_group_i,
  input  wire logic                           score_last_i,   // the slot's last key group
  input  wire logic [4:0]                     score_keys_i,   // keys that exist, 1..Tile
  input  wire logic [GranuleRows*Tile*16-1:0] score_i,        // [row][key]
  output logic                                complete_o,
  output logic [1:0]                          complete_slot_o,

  input  wire logic                           advance_i,
  input  wire logic                           read_enable_i,
  input  wire logic [1:0]                     read_slot_i,
  input  wire logic [GranuleWidth-1:0]        read_granule_i,
  input  wire logic [GroupWidth-1:0]          read_group_i,
  output logic [GranuleRows*Tile*16-1:0]      score_o,
  output logic [GranuleRows*16-1:0]           maximum_o
);

  localparam int RowsWidth = 2 + GranuleWidth;
  localparam int Depth = sta_pkg::Slots * (Tile / GranuleRows) * (MaxTokens / Tile);
  localparam logic [15:0] Lowest = 16'h8000;

  if ((MaxTokens & (MaxTokens - 1)) != 0 || MaxTokens < 2 * Tile) begin : g_check_tokens
    $error("MaxTokens must be a power of two of at least two tiles");
  end

  function automatic logic [15:0] maximum(logic [15:0] a, logic [15:0] b);
    maximum = (signed'(a) > signed'(b)) ? a : b;
  endfunction

  sta_block_ram #(
    .Width(GranuleRows * Tile * 16),
    .SegmentWidth(GranuleRows * Tile * 16),
    .Depth(Depth)
  ) u_scores (
    .clk_i,
    .write_enable_i(score_valid_i),
    .write_address_i({score_slot_i, score_granule_i, score_group_i}),
    .write_data_i(score_i),
    .advance_i,
    .read_enable_i,
    .read_address_i({read_slot_i, read_granule_i, read_group_i}),
    .read_data_o(score_o)
  );

  // ---- Maxima: of four keys each, of the granule, of the row so far.
  logic                         quad_valid_q, quad_first_q, quad_last_q;
  logic                         key_valid_q, key_first_q, key_last_q;
  logic [RowsWidth-1:0]         quad_rows_q, key_rows_q;
  logic [GranuleRows*4*16-1:0]  quad_d, quad_q;  // of up to four quads of keys
  logic [GranuleRows*16-1:0]    key_q, so_far, row;

  logic [GranuleRows*16-1:0] maxima [sta_pkg::Slots * Tile / GranuleRows];
  logic [GranuleRows*16-1:0] maximum_q;

  assign so_far = maxima[key_rows_q];

  for (genvar r = 0; r < GranuleRows; r++) begin : g_row
    logic [Tile*16-1:0] keys;
    for (genvar k = 0; k < Tile; k++) begin : g_key
      assign keys[k*16 +: 16] =
          (score_keys_i > 5'(k)) ? score_i[(r*Tile + k)*16 +: 16] : Lowest;
    end
    for (genvar q = 0; q < 4; q++) begin : g_quad
      if (q < Tile / 4) begin : g_keys
        assign quad_d[(r*4 + q)*16 +: 16] =
            maximum(maximum(keys[(4*q)*16 +: 16], keys[(4*q + 1)*16 +: 16]),
                    maximum(keys[(4*q + 2)*16 +: 16], keys[(4*q + 3)*16 +: 16]));
      end else begin : g_none
        assign quad_d[(r*4 + q)*16 +: 16] = Lowest;
      end
    end
    always_ff @(posedge clk_i) begin
      key_q[r*16 +: 16] <=
          maximum(maximum(quad_q[(r*4)*16 +: 16], quad_q[(r*4 + 1)*16 +: 16]),
                  maximum(quad_q[(r*4 + 2)*16 +: 16], quad_q[(r*4 + 3)*16 +: 16]));
    end
    assign row[r*16 +: 16] = key_first_q ? key_q[r*16 +: 16]
                                         : maximum(key_q[r*16 +: 16], so_far[r*16 +: 16]);
  end

  always_ff @(posedge clk_i) begin
    quad_q <= quad_d;
    quad_rows_q <= {score_slot_i, score_granule_i};
    quad_first_q <= score_group_i == '0;
    quad_last_q <= score_last_i;
    key_rows_q <= quad_rows_q;
    key_first_q <= quad_first_q;
    key_last_q <= quad_last_q;
    complete_slot_o <= key_rows_q[RowsWidth-1 -: 2];
    if (key_valid_q) maxima[key_rows_q] <= row;
    if (!rst_ni) begin
      quad_valid_q <= 1'b0;
      key_valid_q <= 1'b0;
      complete_o <= 1'b0;
    end else begin
      quad_valid_q <= score_valid_i;
      key_valid_q <= quad_valid_q;
      complete_o <= key_valid_q && key_last_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (advance_i && read_enable_i) maximum_q <= maxima[{read_slot_i, read_granule_i}];
    if (advance_i) maximum_o <= maximum_q;
  end

endmodule

`default_nettype wire
