// SPDX-License-Identifier: Apache-2.0
//
// LOAD: copies beats of the input region into the residual buffer.
// An instruction is taken when instruction_valid_i && instruction_ready_o (only when idle). Beats
// pass from the read arbiter to the buffer in the cycle in which they come. done_o pulses in the
// cycle after the buffer took the last one.
`default_nettype none

module sta_row_loader (
  input  wire logic                              clk_i,
  input  wire logic                              rst_ni,

  input  wire logic                              instruction_valid_i,
  output logic                                   instruction_ready_o,
  input  wire sta_pkg::transfer_t                instruction_i,

  output logic                                   request_valid_o,
  input  wire logic                              request_ready_i,
  output logic [sta_pkg::BeatCountWidth-1:0]     request_beat_o,
  output logic [4:0]                             request_beats_o,

  input  wire logic                              response_valid_i,
  output logic                                   response_ready_o,
  input  wire logic [sta_pkg::BeatBits-1:0]      response_data_i,

  output logic                                   residual_valid_o,
  input  wire logic                              residual_ready_i,
  output logic [sta_pkg::AddressWidth-1:0]       residual_beat_o,
  output logic [sta_pkg::BeatBits-1:0]           residual_data_o,

  output logic                                   done_o
);

  localparam int CountWidth = sta_pkg::TransferCountWidth;

  logic [CountWidth-1:0] request_left_q, write_left_q;
  wire logic take = instruction_valid_i && instruction_ready_o;
  wire logic request = request_valid_o && request_ready_i;
  wire logic write = residual_valid_o && residual_ready_i;

  assign instruction_ready_o = write_left_q == '0;
  assign request_valid_o = request_left_q != '0;
  assign request_beats_o = (request_left_q > CountWidth'(16)) ? 5'd16 : request_left_q[4:0];
  assign residual_valid_o = response_valid_i;
  assign residual_data_o = response_data_i;
  assign response_ready_o = residual_ready_i;

  always_ff @(posedge clk_i) begin
    if (take) begin
      request_beat_o <= instruction_i.memory_beat;
      residual_beat_o <= instruction_i.residual_beat[sta_pkg::AddressWidth-1:0];
    end else begin
      if (request) request_beat_o <= request_beat_o + sta_pkg::BeatCountWidth'(16);
      if (write) residual_beat_o <= residual_beat_o + 1'b1;
    end
    if (!rst_ni) begin
      request_left_q <= '0;
      write_left_q <= '0;
      done_o <= 1'b0;
    end else begin
      if (take) begin
        request_left_q <= instruction_i.beats[CountWidth-1:0];
        write_left_q <= instruction_i.beats[CountWidth-1:0];
      end else begin
        if (request) request_left_q <= request_left_q - CountWidth'(request_beats_o);
        if (write) write_left_q <= write_left_q - 1'b1;
      end
      done_o <= write && write_left_q == CountWidth'(1);
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && take) begin
      assert (instruction_i.beats != '0 && instruction_i.beats >> CountWidth == '0);
    end
    if (rst_ni && response_valid_i) assert (write_left_q != '0);
  end
`endif

endmodule

`default_nettype wire
