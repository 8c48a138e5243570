// SPDX-License-Identifier: Apache-2.0
//
// Scalars of the rows: from the sums of the second pass to exponent - k and multiplier mr, kept for
// Slots x Tile rows until the slot's next pass. A granule's rows go one after the other through the
// reciprocal, so that the time of the divisions passes under the next granules' second pass.
//
// done_o: a slot's last row is written; it can be looked up from the next cycle on. The look-up is
// combinational. The reciprocal of a sum that comes alone is done 12 + GranuleRows cycles later.
`default_nettype none

module sta_softmax_rows #(
  parameter int Tile = 8,
  parameter int SumWidth = 16,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int GranuleWidth = $clog2(Tile / GranuleRows)
) (
  input  wire logic                            clk_i,
  input  wire logic                            rst_ni,

  // Constant while anything is under way.
  input  wire logic [2:0]                      context_shift_i,
  input  wire logic [14:0]                     context_multiplier_i,

  input  wire logic                            sum_valid_i,  // always accepted
  input  wire logic [1:0]                      sum_slot_i,
  input  wire logic [GranuleWidth-1:0]         sum_granule_i,
  input  wire logic [GranuleRows*SumWidth-1:0] sum_i,
  output logic                                 done_o,

  input  wire logic [1:0]                      row_slot_i,
  input  wire logic [GranuleWidth-1:0]         row_granule_i,
  output logic [GranuleRows*5-1:0]             row_shift_o,
  output logic [GranuleRows*15-1:0]            row_multiplier_o
);

  localparam int Granules = sta_pkg::Slots * Tile / GranuleRows;
  localparam int RowsWidth = 2 + GranuleWidth;
  localparam int RowWidth = (GranuleRows > 1) ? $clog2(GranuleRows) : 1;
  localparam int TagWidth = RowsWidth + RowWidth;

  // The granules of all slots fit, so that there is always room.
  logic                            queue_ready, queue_valid, queue_pop;
  logic [RowsWidth-1:0]            rows;
  logic [GranuleRows*SumWidth-1:0] sums;

  sta_fifo #(.Width(RowsWidth + GranuleRows * SumWidth), .Depth(Granules)) u_queue (
    .clk_i,
    .rst_ni,
    .write_valid_i(sum_valid_i),
    .write_ready_o(queue_ready),
    .write_data_i({sum_slot_i, sum_granule_i, sum_i}),
    .read_valid_o(queue_valid),
    .read_ready_i(queue_pop),
    .read_data_o({rows, sums})
  );

  // The granule's rows one by one.
  logic [RowWidth-1:0] row_q;
  wire logic [SumWidth-1:0] sum = sums[row_q*SumWidth +: SumWidth];
  assign queue_pop = row_q == RowWidth'(GranuleRows - 1);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      row_q <= '0;
    end else if (queue_valid) begin
      row_q <= queue_pop ? '0 : row_q + 1'b1;
    end
  end

  logic                result_valid;
  logic [TagWidth-1:0] result_tag;
  logic [4:0]          exponent;
  logic [14:0]         multiplier;

  sta_reciprocal #(.SumWidth(SumWidth), .TagWidth(TagWidth)) u_reciprocal (
    .clk_i,
    .rst_ni,
    .context_multiplier_i,
    .valid_i(queue_valid),
    .sum_i(sum),
    .tag_i({rows, row_q}),
    .valid_o(result_valid),
    .tag_o(result_tag),
    .exponent_o(exponent),
    .multiplier_o(multiplier)
  );

  wire logic [RowWidth-1:0]     result_row = result_tag[RowWidth-1:0];
  wire logic [RowsWidth-1:0]    result_rows = result_tag[TagWidth-1 -: RowsWidth];
  wire logic [GranuleWidth-1:0] result_granule = result_rows[GranuleWidth-1:0];
  assign done_o = result_valid && result_granule == '1 &&
                  result_row == RowWidth'(GranuleRows - 1);

  for (genvar r = 0; r < GranuleRows; r++) begin : g_row
    logic [19:0] scalars [Granules];
    always_ff @(posedge clk_i) begin
      if (result_valid && result_row == RowWidth'(r)) begin
        scalars[result_rows] <= {exponent - 5'(context_shift_i), multiplier};
      end
    end
    assign {row_shift_o[r*5 +: 5], row_multiplier_o[r*15 +: 15]} =
        scalars[{row_slot_i, row_granule_i}];
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!sum_valid_i || queue_ready);
  end
`endif

endmodule

`default_nettype wire
