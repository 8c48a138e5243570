// SPDX-License-Identifier: Apache-2.0
//
// Second pass over the logits of a slot: probabilities E[maximum - logit] to the activation buffer
// and their sums Z to the row scalars. Granule after granule in the order of complete_i, each over
// all its key groups, one key group a cycle; the last key group's missing keys get 0. Slots come in
// order too, but after all were done any slot may be the next.
//
// From complete_i to the first probability are five cycles, to the sum of one key group seven. A
// probability that is not taken stops the whole pass, so a sum tells that all of its row's
// probabilities were taken. Sums are always accepted.
`default_nettype none

module sta_softmax_pass #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int MaxTokens = 512,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int GranuleWidth = $clog2(Tile / GranuleRows),
  localparam int GroupWidth = $clog2(MaxTokens / Tile),
  localparam int SumWidth = $clog2(127 * MaxTokens + 1),
  localparam int AddressWidth = sta_pkg::AddressWidth
) (
  input  wire logic                              clk_i,
  input  wire logic                              rst_ni,

  // Constant while anything is under way.
  input  wire logic [15:0]                       key_count_i,
  input  wire logic [AddressWidth-1:0]           probability_row_i,

  input  wire logic                              complete_i,
  input  wire logic [1:0]                        complete_slot_i,
  output logic                                   advance_o,
  output logic                                   read_enable_o,
  output logic [1:0]                             read_slot_o,
  output logic [GranuleWidth-1:0]                read_granule_o,
  output logic [GroupWidth-1:0]                  read_group_o,
  input  wire logic [GranuleRows*Tile*16-1:0]    score_i,
  input  wire logic [GranuleRows*16-1:0]         maximum_i,

  output logic                                   probability_valid_o,
  input  wire logic                              probability_ready_i,
  output logic [AddressWidth-1:0]                probability_row_o,
  output logic [GranuleWidth-1:0]                probability_granule_o,
  output logic [3:0]                             probability_byte_o,
  output logic [GranuleRows*Tile*8-1:0]          probability_o,

  output logic                                   sum_valid_o,
  output logic [1:0]                             sum_slot_o,
  output logic [GranuleWidth-1:0]                sum_granule_o,
  output logic [GranuleRows*SumWidth-1:0]        sum_o
);

  localparam int Parts = Tile / Lanes;
  localparam int PartBits = $clog2(Parts);
  localparam int ByteBits = $clog2(sta_pkg::LaneBytes);
  localparam int PendingWidth = $clog2(sta_pkg::Slots * Tile / GranuleRows + 1);

  // What belongs to the data of a pipeline stage; control bits only where data is valid.
  typedef struct packed {
    logic                    valid;
    logic                    first;  // key group of the row
    logic                    last;
    logic [1:0]              slot;
    logic [GranuleWidth-1:0] granule;
    logic [GroupWidth-1:0]   group;
  } place_t;

  // ---- Walk: granules whose rows are complete, key groups within.
  logic [PendingWidth-1:0] pending_q;
  logic [1:0]              slot_q;
  logic [GranuleWidth-1:0] granule_q;
  logic [GroupWidth-1:0]   group_q, last_group_q;
  logic [4:0]              last_keys_q;
  logic [11:0]             slot_rows_q;
  place_t                  place, read_q, score_q, distance_q, probability_q;

  wire logic [15:0] last_key = key_count_i - 1'b1;
  wire logic [15:0] last_step = last_key >> $clog2(Lanes);
  wire logic        start = pending_q != '0;
  wire logic        last = group_q == last_group_q;
  wire logic        row_end = start && last && advance_o;

  assign advance_o = !probability_q.valid || probability_ready_i;
  assign read_enable_o = start;
  assign read_slot_o = slot_q;
  assign read_granule_o = granule_q;
  assign read_group_o = group_q;

  always_comb begin
    place.valid = start;
    place.first = group_q == '0;
    place.last = last;
    place.slot = slot_q;
    place.granule = granule_q;
    place.group = group_q;
  end

  always_ff @(posedge clk_i) begin
    last_group_q <= GroupWidth'(last_key >> $clog2(Tile));
    last_keys_q <= 5'(last_key & 16'(Tile - 1)) + 1'b1;
    slot_rows_q <= 12'(last_step >> ByteBits) + 1'b1;
    if (!rst_ni) begin
      pending_q <= '0;
      slot_q <= '0;
      granule_q <= '0;
      group_q <= '0;
    end else begin
      pending_q <= pending_q + PendingWidth'(complete_i) - PendingWidth'(row_end);
      if (row_end) begin
        {slot_q, granule_q} <= {slot_q, granule_q} + 1'b1;
        group_q <= '0;
      end else if (start && advance_o) begin
        group_q <= group_q + 1'b1;
      end else if (!start) begin
        slot_q <= complete_slot_i;
      end
    end
  end

  // ---- Addresses of the probabilities.
  logic [AddressWidth-1:0] slot_row_q, score_row_q, distance_row_q;
  wire logic [AddressWidth-1:0] slot_rows = AddressWidth'(slot_rows_q);
  wire logic [AddressWidth-1:0] one_slot = slot_q[0] ? slot_rows : '0;
  wire logic [AddressWidth-1:0] two_slots = slot_q[1] ? slot_rows << 1 : '0;

  assign probability_valid_o = probability_q.valid;
  assign probability_granule_o = probability_q.granule;
  assign probability_byte_o = 4'(probability_q.group) << PartBits;

  always_ff @(posedge clk_i) begin
    if (advance_o) begin
      slot_row_q <= probability_row_i + (one_slot + two_slots);
      score_row_q <= slot_row_q + (AddressWidth'(read_q.group) >> (ByteBits - PartBits));
      distance_row_q <= score_row_q;
      probability_row_o <= distance_row_q;
    end
  end

  // ---- Probabilities: logits, distances, table.
  logic [GranuleRows*Tile*8-1:0] distance_bits_q;
  logic [GranuleRows*Tile*7-1:0] probability_bits, probability_bits_q;

  for (genvar r = 0; r < GranuleRows; r++) begin : g_row
    for (genvar k = 0; k < Tile; k++) begin : g_key
      localparam int Index = r*Tile + k;
      // The maximum is of keys that exist: the distance is negative for others only.
      wire logic [16:0] distance = 17'(signed'(maximum_i[r*16 +: 16])) -
                                   17'(signed'(score_i[Index*16 +: 16]));
      wire logic far = distance[16:8] != '0 || (score_q.last && last_keys_q <= 5'(k));
      always_ff @(posedge clk_i) begin
        if (advance_o) distance_bits_q[Index*8 +: 8] <= far ? 8'hFF : distance[7:0];
      end
      sta_exponential u_exponential (
        .distance_i(distance_bits_q[Index*8 +: 8]),
        .probability_o(probability_bits[Index*7 +: 7])
      );
      assign probability_o[Index*8 +: 8] = {1'b0, probability_bits_q[Index*7 +: 7]};
    end
  end

  always_ff @(posedge clk_i) begin
    if (advance_o) begin
      probability_bits_q <= probability_bits;
      read_q <= place;
      score_q <= read_q;
      distance_q <= score_q;
      probability_q <= distance_q;
    end
    if (!rst_ni) begin
      read_q.valid <= 1'b0;
      score_q.valid <= 1'b0;
      distance_q.valid <= 1'b0;
      probability_q.valid <= 1'b0;
    end
  end

  // ---- Sums: of four keys each, then of the row so far.
  logic                    quad_valid_q, quad_first_q, quad_last_q;
  logic [1:0]              quad_slot_q;
  logic [GranuleWidth-1:0] quad_granule_q;

  for (genvar r = 0; r < GranuleRows; r++) begin : g_sum
    logic [4*9-1:0]      quad_d, sums_q;
    logic [SumWidth-1:0] so_far;
    for (genvar q = 0; q < 4; q++) begin : g_quad
      if (q < Tile / 4) begin : g_keys
        localparam int First = (r*Tile + 4*q) * 7;
        assign quad_d[q*9 +: 9] = (9'(probability_bits_q[First +: 7]) +
                                   9'(probability_bits_q[First + 7 +: 7])) +
                                  (9'(probability_bits_q[First + 14 +: 7]) +
                                   9'(probability_bits_q[First + 21 +: 7]));
      end else begin : g_none
        assign quad_d[q*9 +: 9] = '0;
      end
    end
    wire logic [10:0] granule_sum = (11'(sums_q[0 +: 9]) + 11'(sums_q[9 +: 9])) +
                                    (11'(sums_q[18 +: 9]) + 11'(sums_q[27 +: 9]));
    assign so_far = quad_first_q ? '0 : sum_o[r*SumWidth +: SumWidth];
    always_ff @(posedge clk_i) begin
      if (advance_o) sums_q <= quad_d;
      if (advance_o && quad_valid_q) begin
        sum_o[r*SumWidth +: SumWidth] <= so_far + SumWidth'(granule_sum);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (advance_o) begin
      quad_valid_q <= probability_q.valid;
      quad_first_q <= probability_q.first;
      quad_last_q <= probability_q.last;
      quad_slot_q <= probability_q.slot;
      quad_granule_q <= probability_q.granule;
    end
    sum_slot_o <= quad_slot_q;
    sum_granule_o <= quad_granule_q;
    sum_valid_o <= advance_o && quad_valid_q && quad_last_q;
    if (!rst_ni) begin
      quad_valid_q <= 1'b0;
      sum_valid_o <= 1'b0;
    end
  end

endmodule

`default_nettype wire
