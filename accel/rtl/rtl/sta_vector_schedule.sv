// SPDX-License-Identifier: Apache-2.0
//
// Second and third pass of the vector unit: which granule of the row store goes into the pipeline.
// The third pass (normalize) may take every second cycle, the second (squares) all others, so two
// granule rows are in work at a time and a row takes two cycles a channel block.
//
// Each pass holds its row's numbers; it takes the next row's as it issues the last granule of its
// own, or when idle. A row's last square is not issued before the third pass has taken the root of
// the row before: one root is under way at a time.
`default_nettype none

module sta_vector_schedule #(
  parameter int Rows = 2,         // of a granule
  parameter int RingWords = 1024,
  localparam int MeanWidth = 17,
  localparam int RingWidth = $clog2(RingWords)
) (
  input  wire logic                       clk_i,
  input  wire logic                       rst_ni,

  // Constant while an instruction runs.
  input  wire logic                       normalize_i,  // else mean 0, root 1: values pass
  input  wire logic [15:0]                blocks_i,

  input  wire logic                       mean_valid_i,
  input  wire logic [Rows*MeanWidth-1:0]  mean_i,
  output logic                            mean_taken_o,

  input  wire logic                       root_valid_i,
  input  wire logic [Rows*15-1:0]         mantissa_i,
  input  wire logic [Rows*5-1:0]          shift_i,
  output logic                            root_taken_o,

  input  wire logic                       output_ready_i,  // parameters and room for a result

  // A granule goes into the pipeline; its data leaves the row store two cycles later.
  output logic [RingWidth-1:0]            ring_address_o,
  output logic                            square_o,
  output logic                            square_first_o,
  output logic                            square_last_o,
  output logic                            scale_o,
  output logic [Rows*MeanWidth-1:0]       mean_o,
  output logic [Rows*15-1:0]              mantissa_o,
  output logic [Rows*5-1:0]               shift_o
);

  logic phase_q;
  logic root_pending_q;

  // Second pass.
  logic square_active_q, square_first_q;
  logic [15:0] square_block_q;  // granules of the row after this one
  logic [RingWidth-1:0] square_address_q;
  logic [Rows*MeanWidth-1:0] square_mean_q, pending_mean_q;

  wire logic square_last = square_block_q == '0;
  assign square_o = square_active_q && !scale_o && !(square_last && root_pending_q);
  assign square_first_o = square_first_q;
  assign square_last_o = square_last;
  assign mean_taken_o = mean_valid_i && (!square_active_q || (square_o && square_last));

  always_ff @(posedge clk_i) begin
    if (mean_taken_o) begin
      square_block_q <= blocks_i - 1'b1;
      square_first_q <= 1'b1;
      square_mean_q <= mean_i;
    end else if (square_o) begin
      square_block_q <= square_block_q - 1'b1;
      square_first_q <= 1'b0;
    end
    if (square_o && square_last) pending_mean_q <= square_mean_q;
    if (!rst_ni) begin
      square_active_q <= 1'b0;
      square_address_q <= '0;
      root_pending_q <= 1'b0;
    end else begin
      if (mean_taken_o) begin
        square_active_q <= 1'b1;
      end else if (square_o && square_last) begin
        square_active_q <= 1'b0;
      end
      if (square_o) square_address_q <= square_address_q + 1'b1;
      if (square_o && square_last) begin
        root_pending_q <= 1'b1;
      end else if (root_taken_o) begin
        root_pending_q <= 1'b0;
      end
    end
  end

  // Third pass.
  logic scale_active_q;
  logic [15:0] scale_block_q;
  logic [RingWidth-1:0] scale_address_q;
  logic [Rows*MeanWidth-1:0] scale_mean_q;

  wire logic scale_last = scale_block_q == '0;
  assign scale_o = scale_active_q && phase_q && output_ready_i;
  assign root_taken_o = root_valid_i && (!scale_active_q || (scale_o && scale_last));

  always_ff @(posedge clk_i) begin
    if (root_taken_o) begin
      scale_block_q <= blocks_i - 1'b1;
      scale_mean_q <= normalize_i ? pending_mean_q : '0;
      mantissa_o <= normalize_i ? mantissa_i : {Rows{15'd1}};
      shift_o <= normalize_i ? shift_i : '0;
    end else if (scale_o) begin
      scale_block_q <= scale_block_q - 1'b1;
    end
    if (!rst_ni) begin
      phase_q <= 1'b0;
      scale_active_q <= 1'b0;
      scale_address_q <= '0;
    end else begin
      phase_q <= !phase_q;
      if (root_taken_o) begin
        scale_active_q <= 1'b1;
      end else if (scale_o && scale_last) begin
        scale_active_q <= 1'b0;
      end
      if (scale_o) scale_address_q <= scale_address_q + 1'b1;
    end
  end

  assign ring_address_o = scale_o ? scale_address_q : square_address_q;
  assign mean_o = scale_o ? scale_mean_q : square_mean_q;

endmodule

`default_nettype wire
