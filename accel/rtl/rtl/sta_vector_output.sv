// SPDX-License-Identifier: Apache-2.0
//
// The ends of the vector unit: queues of finished granules and views, each with its own counter of
// addresses, so that neither port holds the other up before its queue is full.
//
// issue_i announces a granule that will come; it may be given only with ready_o, which keeps room
// for all that are under way. finished_o: all writes of the instruction were accepted; low from the
// cycle after start_i.
`default_nettype none

module sta_vector_output #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int Values = GranuleRows * Tile,
  localparam int AddressWidth = sta_pkg::AddressWidth
) (
  input  wire logic                    clk_i,
  input  wire logic                    rst_ni,

  // Constant while an instruction runs.
  input  wire logic                    start_i,
  input  wire logic                    normalize_i,
  input  wire logic                    view_i,
  input  wire logic [AddressWidth-1:0] source_granule_i,
  input  wire logic [AddressWidth-1:0] destination_row_i,
  input  wire logic [AddressWidth-1:0] destination_stride_i,
  input  wire logic [15:0]             blocks_i,
  input  wire logic [19:0]             rows_i,

  input  wire logic                    issue_i,
  output logic                         ready_o,
  input  wire logic                    out_valid_i,
  input  wire logic [Values*16-1:0]    out_i,
  input  wire logic                    out_view_valid_i,
  input  wire logic [Values*8-1:0]     out_view_i,

  output logic                         write_valid_o,
  input  wire logic                    write_ready_i,
  output logic [AddressWidth-1:0]      write_granule_o,
  output logic [Values*16-1:0]         write_data_o,

  output logic                         view_valid_o,
  input  wire logic                    view_ready_i,
  output logic [AddressWidth-1:0]      view_row_o,
  output logic [3:0]                   view_granule_o,
  output logic [3:0]                   view_lane_o,
  output logic [3:0]                   view_byte_o,
  output logic [Values*8-1:0]          view_o,

  output logic                         finished_o
);

  // A granule takes some 22 cycles from issue_i to its way out, one every two cycles.
  localparam int Depth = 16;
  localparam int UsedWidth = $clog2(Depth) + 1;

  logic [UsedWidth-1:0] write_used_q, view_used_q;
  wire logic write_push = issue_i && normalize_i;
  wire logic view_push = issue_i && view_i;
  wire logic write_pop = write_valid_o && write_ready_i;
  wire logic view_pop = view_valid_o && view_ready_i;

  assign ready_o = write_used_q != UsedWidth'(Depth) && view_used_q != UsedWidth'(Depth);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_used_q <= '0;
      view_used_q <= '0;
    end else begin
      if (write_push && !write_pop) write_used_q <= write_used_q + 1'b1;
      if (!write_push && write_pop) write_used_q <= write_used_q - 1'b1;
      if (view_push && !view_pop) view_used_q <= view_used_q + 1'b1;
      if (!view_push && view_pop) view_used_q <= view_used_q - 1'b1;
    end
  end

  logic write_room, view_room;  // always, for what was issued

  sta_fifo #(.Width(Values * 16), .Depth(Depth)) u_write_fifo (
    .clk_i,
    .rst_ni,
    .write_valid_i(out_valid_i),
    .write_ready_o(write_room),
    .write_data_i(out_i),
    .read_valid_o(write_valid_o),
    .read_ready_i(write_ready_i),
    .read_data_o(write_data_o)
  );

  sta_fifo #(.Width(Values * 8), .Depth(Depth)) u_view_fifo (
    .clk_i,
    .rst_ni,
    .write_valid_i(out_view_valid_i),
    .write_ready_o(view_room),
    .write_data_i(out_view_i),
    .read_valid_o(view_valid_o),
    .read_ready_i(view_ready_i),
    .read_data_o(view_o)
  );

  logic write_active, view_active, view_last;
  assign finished_o = !write_active && !view_active;

  sta_vector_counter u_write_counter (
    .clk_i,
    .rst_ni,
    .start_i(start_i && normalize_i),
    .blocks_i,
    .rows_i,
    .next_i(write_pop),
    .active_o(write_active),
    .first_o(),
    .last_o()
  );

  sta_vector_counter u_view_counter (
    .clk_i,
    .rst_ni,
    .start_i(start_i && view_i),
    .blocks_i,
    .rows_i,
    .next_i(view_pop),
    .active_o(view_active),
    .first_o(),
    .last_o(view_last)
  );

  // Granules are written where they were read, in order.
  always_ff @(posedge clk_i) begin
    if (start_i) begin
      write_granule_o <= source_granule_i;
    end else if (write_pop) begin
      write_granule_o <= write_granule_o + 1'b1;
    end
  end

  // Views: bytes of a lane, lanes of a row, rows; anew for each granule row of a token group.
  localparam logic [3:0] LastGranule = 4'(Tile / GranuleRows - 1);
  localparam logic [3:0] LastLane = 4'(Lanes - 1);

  logic [AddressWidth-1:0] group_row_q;
  wire logic [AddressWidth-1:0] next_group_row = group_row_q + destination_stride_i;
  wire logic [3:0] next_byte = view_byte_o + 4'(Tile);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      group_row_q <= destination_row_i;
      view_row_o <= destination_row_i;
      view_granule_o <= '0;
      view_lane_o <= '0;
      view_byte_o <= '0;
    end else if (view_pop && view_last) begin
      view_lane_o <= '0;
      view_byte_o <= '0;
      if (view_granule_o == LastGranule) begin
        view_granule_o <= '0;
        group_row_q <= next_group_row;
        view_row_o <= next_group_row;
      end else begin
        view_granule_o <= view_granule_o + 1'b1;
        view_row_o <= group_row_q;
      end
    end else if (view_pop) begin
      view_byte_o <= next_byte;
      if (next_byte == '0) begin
        view_lane_o <= view_lane_o == LastLane ? '0 : view_lane_o + 1'b1;
        if (view_lane_o == LastLane) view_row_o <= view_row_o + 1'b1;
      end
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(out_valid_i && !write_room));
      assert (!(out_view_valid_i && !view_room));
    end
  end
`endif

endmodule

`default_nettype wire
