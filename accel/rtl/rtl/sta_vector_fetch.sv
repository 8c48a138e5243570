// SPDX-License-Identifier: Apache-2.0
//
// First pass of the vector unit: copies granules from the residual buffer into the row store, a
// ring of RingWords granules, as long as there is room, and sums the channels that count.
//
// sum_valid_o pulses once a granule row, with sum_o in that cycle. The next row's pulse comes only
// after mean_taken_i: until then the last granule of that row is not read.
`default_nettype none

module sta_vector_fetch #(
  parameter int Tile = 8,
  parameter int RingWords = 1024,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int GranuleBits = GranuleRows * Tile * 16,
  localparam int AddressWidth = sta_pkg::AddressWidth,
  localparam int RingWidth = $clog2(RingWords),
  localparam int SumWidth = 28
) (
  input  wire logic                            clk_i,
  input  wire logic                            rst_ni,

  input  wire logic                            start_i,
  input  wire logic [AddressWidth-1:0]         source_granule_i,
  input  wire logic [15:0]                     blocks_i,
  input  wire logic [15:0]                     channels_i,
  input  wire logic [19:0]                     rows_i,

  output logic                                 read_valid_o,
  input  wire logic                            read_ready_i,
  output logic [AddressWidth-1:0]              read_granule_o,
  input  wire logic                            read_data_valid_i,  // two cycles after the read
  input  wire logic [GranuleBits-1:0]          read_data_i,

  output logic                                 ring_write_o,
  output logic [RingWidth-1:0]                 ring_address_o,
  output logic [GranuleBits-1:0]               ring_data_o,
  input  wire logic                            ring_free_i,  // a granule was read the last time

  output logic                                 sum_valid_o,
  output logic [GranuleRows*SumWidth-1:0]      sum_o,
  input  wire logic                            mean_taken_i
);

  localparam int TotalWidth = 16 + $clog2(Tile);

  // Reads. Room is taken when a read is issued.
  logic active, first, last;
  logic [RingWidth:0] used_q;
  logic sum_pending_q;
  wire logic issue = read_valid_o && read_ready_i;

  assign read_valid_o = active && used_q != (RingWidth + 1)'(RingWords) &&
                        !(last && sum_pending_q);

  sta_vector_counter u_counter (
    .clk_i,
    .rst_ni,
    .start_i,
    .blocks_i,
    .rows_i,
    .next_i(issue),
    .active_o(active),
    .first_o(first),
    .last_o(last)
  );

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      read_granule_o <= source_granule_i;
    end else if (issue) begin
      read_granule_o <= read_granule_o + 1'b1;
    end
    if (!rst_ni) begin
      used_q <= '0;
      sum_pending_q <= 1'b0;
    end else begin
      if (issue && !ring_free_i) used_q <= used_q + 1'b1;
      if (!issue && ring_free_i) used_q <= used_q - 1'b1;
      if (issue && last) begin
        sum_pending_q <= 1'b1;
      end else if (mean_taken_i) begin
        sum_pending_q <= 1'b0;
      end
    end
  end

  // Answers: registered, written to the ring, summed (two cycles), accumulated.
  logic [1:0] answer_flags, sum_flags;  // last, first
  logic [Tile-1:0] mask, mask_q;
  logic [2:0] valid_q;  // data in ring_data_o, quads, totals of the adder tree

  sta_delay #(.Width(2), .Stages(2)) u_answer_flags (
    .clk_i,
    .data_i({last, first}),
    .data_o(answer_flags)
  );

  sta_delay #(.Width(2), .Stages(3)) u_sum_flags (
    .clk_i,
    .data_i(answer_flags),
    .data_o(sum_flags)
  );

  sta_vector_mask #(.Tile(Tile)) u_mask (
    .clk_i,
    .channels_i,
    .first_i(answer_flags[0]),
    .next_i(read_data_valid_i),
    .mask_o(mask)
  );

  assign ring_write_o = valid_q[0];

  always_ff @(posedge clk_i) begin
    ring_data_o <= read_data_i;
    mask_q <= mask;
    if (!rst_ni) begin
      valid_q <= '0;
      ring_address_o <= '0;
      sum_valid_o <= 1'b0;
    end else begin
      valid_q <= {valid_q[1:0], read_data_valid_i};
      if (ring_write_o) ring_address_o <= ring_address_o + 1'b1;
      sum_valid_o <= valid_q[2] && sum_flags[1];
    end
  end

  for (genvar g = 0; g < GranuleRows; g++) begin : g_row
    logic [Tile*16-1:0] values;
    logic [TotalWidth-1:0] total;

    for (genvar c = 0; c < Tile; c++) begin : g_channel
      assign values[c*16 +: 16] = mask_q[c] ? ring_data_o[(g*Tile + c)*16 +: 16] : 16'd0;
    end

    sta_vector_row_sum #(.Tile(Tile), .Width(16)) u_sum (
      .clk_i,
      .values_i(values),
      .sum_o(total)
    );

    always_ff @(posedge clk_i) begin
      if (valid_q[2]) begin
        sum_o[g*SumWidth +: SumWidth] <=
            (sum_flags[0] ? '0 : sum_o[g*SumWidth +: SumWidth]) + SumWidth'(signed'(total));
      end
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!(ring_free_i && used_q == '0));
  end
`endif

endmodule

`default_nettype wire
