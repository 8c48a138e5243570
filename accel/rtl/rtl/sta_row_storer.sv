// SPDX-License-Identifier: Apache-2.0
//
// STORE: copies beats of the residual buffer into the output region.
// An instruction is taken when instruction_valid_i && instruction_ready_o (only when idle). Reads
// of the buffer are asked for when residual_valid_o && residual_ready_i and answered in order, at
// any time, by residual_data_valid_i; only as many are asked for as the FIFO here takes. A burst is
// requested from the writer when all its beats have come, so the write channel never waits for the
// buffer. done_o pulses when the writer is quiet after the last burst: all is in memory.
`default_nettype none

module sta_row_storer (
  input  wire logic                              clk_i,
  input  wire logic                              rst_ni,

  input  wire logic                              instruction_valid_i,
  output logic                                   instruction_ready_o,
  input  wire sta_pkg::transfer_t                instruction_i,

  output logic                                   residual_valid_o,
  input  wire logic                              residual_ready_i,
  output logic [sta_pkg::AddressWidth-1:0]       residual_beat_o,
  input  wire logic                              residual_data_valid_i,
  input  wire logic [sta_pkg::BeatBits-1:0]      residual_data_i,

  output logic                                   request_valid_o,
  input  wire logic                              request_ready_i,
  output logic [sta_pkg::BeatCountWidth-1:0]     request_beat_o,
  output logic [4:0]                             request_beats_o,

  output logic                                   data_valid_o,
  input  wire logic                              data_ready_i,
  output logic [sta_pkg::BeatBits-1:0]           data_o,

  input  wire logic                              writer_quiet_i,
  output logic                                   done_o
);

  localparam int CountWidth = sta_pkg::TransferCountWidth;
  localparam int Depth = 32;  // two bursts: one is filled while the other is written
  localparam int LevelWidth = $clog2(Depth + 1);

  logic busy_q, fifo_ready;
  logic [CountWidth-1:0] read_left_q, request_left_q;
  logic [LevelWidth-1:0] taken_q;  // FIFO places of beats that were asked for and not yet written
  logic [LevelWidth-1:0] come_q;   // beats that came and are not yet part of a requested burst
  wire logic take = instruction_valid_i && instruction_ready_o;
  wire logic read = residual_valid_o && residual_ready_i;
  wire logic request = request_valid_o && request_ready_i;
  wire logic write = data_valid_o && data_ready_i;

  assign instruction_ready_o = !busy_q;
  assign residual_valid_o = read_left_q != '0 && taken_q != LevelWidth'(Depth);
  assign request_beats_o = (request_left_q > CountWidth'(16)) ? 5'd16 : request_left_q[4:0];
  assign request_valid_o = request_left_q != '0 && come_q >= LevelWidth'(request_beats_o);
  wire logic finish = busy_q && request_left_q == '0 && writer_quiet_i;

  sta_fifo #(.Width(sta_pkg::BeatBits), .Depth(Depth)) u_data (
    .clk_i, .rst_ni,
    .write_valid_i(residual_data_valid_i), .write_ready_o(fifo_ready),
    .write_data_i(residual_data_i),
    .read_valid_o(data_valid_o), .read_ready_i(data_ready_i), .read_data_o(data_o)
  );

  always_ff @(posedge clk_i) begin
    if (take) begin
      residual_beat_o <= instruction_i.residual_beat[sta_pkg::AddressWidth-1:0];
      request_beat_o <= instruction_i.memory_beat;
    end else begin
      if (read) residual_beat_o <= residual_beat_o + 1'b1;
      if (request) request_beat_o <= request_beat_o + sta_pkg::BeatCountWidth'(16);
    end
    if (!rst_ni) begin
      busy_q <= 1'b0;
      read_left_q <= '0;
      request_left_q <= '0;
      taken_q <= '0;
      come_q <= '0;
      done_o <= 1'b0;
    end else begin
      if (take) busy_q <= 1'b1;
      else if (finish) busy_q <= 1'b0;
      done_o <= finish;
      if (take) begin
        read_left_q <= instruction_i.beats[CountWidth-1:0];
        request_left_q <= instruction_i.beats[CountWidth-1:0];
      end else begin
        if (read) read_left_q <= read_left_q - 1'b1;
        if (request) request_left_q <= request_left_q - CountWidth'(request_beats_o);
      end
      taken_q <= taken_q + LevelWidth'(read) - LevelWidth'(write);
      come_q <= come_q + LevelWidth'(residual_data_valid_i) -
                (request ? LevelWidth'(request_beats_o) : '0);
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && take) begin
      assert (instruction_i.beats != '0 && instruction_i.beats >> CountWidth == '0);
    end
    if (rst_ni && residual_data_valid_i) assert (fifo_ready);
  end
`endif

endmodule

`default_nettype wire
