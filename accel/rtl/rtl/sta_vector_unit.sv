// SPDX-License-Identifier: Apache-2.0
//
// Vector unit: LayerNorm of rows of the residual buffer in place, and their int8 views into the
// activation buffer. The rows of a granule go side by side, a granule (GranuleRows tokens x Tile
// channels) at a time, in three passes that run at once on successive granule rows:
//   1. sta_vector_fetch      residual buffer -> row store; sums; then sta_vector_mean
//   2. sta_vector_normalize  sums of (x - mean)^2 and their roots
//   3. sta_vector_normalize  (x - mean) * root, gain, bias, view; sta_vector_output
// so a granule row takes two cycles a channel block, with 2 * GranuleRows * Tile + 1 multipliers.
//
// VECTOR instructions come twice: ahead_* as soon as they are known, for their parameters (reader
// client, region 0, in bursts of up to 16 beats), and instruction_* when they may run, in the same
// order. done_o pulses two cycles after the last write of an instruction was accepted.
`default_nettype none

module sta_vector_unit #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int MaxChannels = 4096,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int Values = GranuleRows * Tile,
  localparam int AddressWidth = sta_pkg::AddressWidth,
  localparam int BeatBits = sta_pkg::BeatBits
) (
  input  wire logic                    clk_i,
  input  wire logic                    rst_ni,

  input  wire logic                    instruction_valid_i,
  output logic                         instruction_ready_o,
  input  wire sta_pkg::vector_t        instruction_i,
  output logic                         done_o,
  output logic                         busy_o,

  input  wire logic                    ahead_valid_i,
  output logic                         ahead_ready_o,
  input  wire sta_pkg::vector_t        ahead_instruction_i,
  output logic                         request_valid_o,
  input  wire logic                    request_ready_i,
  output logic [31:0]                  request_beat_o,
  output logic [4:0]                   request_beats_o,
  input  wire logic                    response_valid_i,
  output logic                         response_ready_o,
  input  wire logic [BeatBits-1:0]     response_data_i,

  // Residual buffer: an accepted read is answered exactly two cycles later.
  output logic                         read_valid_o,
  input  wire logic                    read_ready_i,
  output logic [AddressWidth-1:0]      read_granule_o,
  input  wire logic                    read_data_valid_i,
  input  wire logic [Values*16-1:0]    read_data_i,
  output logic                         write_valid_o,
  input  wire logic                    write_ready_i,
  output logic [AddressWidth-1:0]      write_granule_o,
  output logic [Values*16-1:0]         write_data_o,

  // Activation buffer.
  output logic                         view_valid_o,
  input  wire logic                    view_ready_i,
  output logic [AddressWidth-1:0]      view_row_o,
  output logic [3:0]                   view_granule_o,
  output logic [3:0]                   view_lane_o,
  output logic [3:0]                   view_byte_o,
  output logic [Values*8-1:0]          view_o
);

  localparam int MaxBlocks = MaxChannels / Tile;
  localparam int BlockWidth = $clog2(MaxBlocks);
  localparam int RingWords = 2 * MaxBlocks;
  localparam int RingWidth = $clog2(RingWords);

  if ((MaxChannels & (MaxChannels - 1)) != 0) begin : g_check_channels
    $error("MaxChannels must be a power of two");
  end

  // One instruction at a time.
  sta_pkg::vector_t instruction_q;
  logic running_q, start_q, finished;
  wire logic take = instruction_valid_i && instruction_ready_o;
  wire logic done = running_q && !start_q && finished;

  assign instruction_ready_o = !running_q;
  assign busy_o = running_q;

  always_ff @(posedge clk_i) begin
    if (take) instruction_q <= instruction_i;
    if (!rst_ni) begin
      running_q <= 1'b0;
      start_q <= 1'b0;
      done_o <= 1'b0;
    end else begin
      running_q <= take || (running_q && !done);
      start_q <= take;
      done_o <= done;
    end
  end

  wire logic normalize = instruction_q.header.flags[sta_pkg::VectorNormalize];
  wire logic view = instruction_q.header.flags[sta_pkg::VectorView];
  wire logic [15:0] blocks = instruction_q.channel_blocks;
  wire logic [19:0] rows = 20'(instruction_q.token_groups) << $clog2(Tile / GranuleRows);
  wire logic [AddressWidth-1:0] source_granule = instruction_q.source_granule[AddressWidth-1:0];

  // First pass.
  logic ring_write;
  logic [RingWidth-1:0] ring_write_address, ring_read_address;
  logic [Values*16-1:0] ring_write_data, x;
  logic sum_valid, mean_valid, mean_taken, issue;
  logic [GranuleRows*28-1:0] sum;
  logic [GranuleRows*17-1:0] mean;

  sta_vector_fetch #(.Tile(Tile), .RingWords(RingWords)) u_fetch (
    .clk_i,
    .rst_ni,
    .start_i(start_q),
    .source_granule_i(source_granule),
    .blocks_i(blocks),
    .channels_i(instruction_q.channels),
    .rows_i(rows),
    .read_valid_o,
    .read_ready_i,
    .read_granule_o,
    .read_data_valid_i,
    .read_data_i,
    .ring_write_o(ring_write),
    .ring_address_o(ring_write_address),
    .ring_data_o(ring_write_data),
    .ring_free_i(issue),
    .sum_valid_o(sum_valid),
    .sum_o(sum),
    .mean_taken_i(mean_taken)
  );

  sta_block_ram #(.Width(Values*16), .SegmentWidth(Values*16), .Depth(RingWords)) u_row_store (
    .clk_i,
    .write_enable_i(ring_write),
    .write_address_i(ring_write_address),
    .write_data_i(ring_write_data),
    .advance_i(1'b1),
    .read_enable_i(1'b1),
    .read_address_i(ring_read_address),
    .read_data_o(x)
  );

  sta_vector_mean #(.Rows(GranuleRows)) u_mean (
    .clk_i,
    .rst_ni,
    .sum_valid_i(sum_valid),
    .sum_i(sum),
    .reciprocal_i(instruction_q.mean_reciprocal[24:0]),
    .valid_o(mean_valid),
    .taken_i(mean_taken),
    .mean_o(mean)
  );

  // Second and third pass.
  logic output_ready, parameters_ready, out_valid, out_view_valid;
  logic [BlockWidth-1:0] block;
  logic [Tile*16-1:0] gain, bias, view_multiplier;
  logic [Values*16-1:0] out;
  logic [Values*8-1:0] out_view;

  sta_vector_normalize #(.Tile(Tile), .MaxBlocks(MaxBlocks)) u_normalize (
    .clk_i,
    .rst_ni,
    .start_i(start_q),
    .normalize_i(normalize),
    .view_i(view),
    .blocks_i(blocks),
    .channels_i(instruction_q.channels),
    .epsilon_i(instruction_q.epsilon),
    .mean_valid_i(mean_valid),
    .mean_i(mean),
    .mean_taken_o(mean_taken),
    .output_ready_i(output_ready && parameters_ready),
    .issue_o(issue),
    .ring_address_o(ring_read_address),
    .x_i(x),
    .block_o(block),
    .gain_i(gain),
    .bias_i(bias),
    .view_multiplier_i(view_multiplier),
    .out_valid_o(out_valid),
    .out_o(out),
    .view_valid_o(out_view_valid),
    .view_o(out_view)
  );

  sta_vector_output #(.Tile(Tile), .Lanes(Lanes)) u_output (
    .clk_i,
    .rst_ni,
    .start_i(start_q),
    .normalize_i(normalize),
    .view_i(view),
    .source_granule_i(source_granule),
    .destination_row_i(instruction_q.destination_row[AddressWidth-1:0]),
    .destination_stride_i(instruction_q.destination_stride[AddressWidth-1:0]),
    .blocks_i(blocks),
    .rows_i(rows),
    .issue_i(issue),
    .ready_o(output_ready),
    .out_valid_i(out_valid),
    .out_i(out),
    .out_view_valid_i(out_view_valid),
    .out_view_i(out_view),
    .write_valid_o,
    .write_ready_i,
    .write_granule_o,
    .write_data_o,
    .view_valid_o,
    .view_ready_i,
    .view_row_o,
    .view_granule_o,
    .view_lane_o,
    .view_byte_o,
    .view_o,
    .finished_o(finished)
  );

  sta_vector_parameters #(.Tile(Tile), .MaxBlocks(MaxBlocks)) u_parameters (
    .clk_i,
    .rst_ni,
    .instruction_valid_i(ahead_valid_i),
    .instruction_ready_o(ahead_ready_o),
    .instruction_i(ahead_instruction_i),
    .request_valid_o,
    .request_ready_i,
    .request_beat_o,
    .request_beats_o,
    .response_valid_i,
    .response_ready_o,
    .response_data_i,
    .ready_o(parameters_ready),
    .release_i(done),
    .block_i(block),
    .view_first_i(!normalize),
    .gain_o(gain),
    .bias_o(bias),
    .view_multiplier_o(view_multiplier)
  );

endmodule

`default_nettype wire
