// SPDX-License-Identifier: Apache-2.0
//
// Reads the instruction stream ahead of the dispatcher, up to 16 instructions, one a beat. Every
// request is answered into room that was free when it was made, so responses are always taken
// (response_ready_o is constant). Requests begin at multiples of 8 beats.
`default_nettype none

module sta_instruction_fetch (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,

  input  wire logic                         start_i,  // one cycle
  input  wire logic [15:0]                  instruction_count_i,  // constant from start_i on

  // Reader client, instruction region.
  output logic                              request_valid_o,
  input  wire logic                         request_ready_i,
  output logic [31:0]                       request_beat_o,
  output logic [4:0]                        request_beats_o,
  input  wire logic                         response_valid_i,
  output logic                              response_ready_o,
  input  wire logic [sta_pkg::BeatBits-1:0] response_data_i,

  output logic                              instruction_valid_o,
  input  wire logic                         instruction_ready_i,
  output logic [sta_pkg::BeatBits-1:0]      instruction_o
);

  localparam int Depth = 16;
  localparam int RequestBeats = 8;

  logic [15:0] next_q;  // instruction to ask for
  logic [15:0] left_q;  // not yet asked for
  logic [4:0] room_q;   // places neither filled nor asked for

  wire logic [4:0] beats = (left_q < 16'(RequestBeats)) ? left_q[4:0] : 5'(RequestBeats);
  wire logic request = request_valid_o && request_ready_i;
  wire logic pop = instruction_valid_o && instruction_ready_i;

  // Whole requests only, so that they stay aligned.
  assign request_valid_o = left_q != '0 && room_q >= 5'(RequestBeats);
  assign request_beat_o = {16'd0, next_q};
  assign request_beats_o = beats;
  assign response_ready_o = 1'b1;

  sta_fifo #(.Width(sta_pkg::BeatBits), .Depth(Depth)) u_instructions (
    .clk_i,
    .rst_ni,
    .write_valid_i(response_valid_i),
    .write_ready_o(),  // room was free when it was asked for
    .write_data_i(response_data_i),
    .read_valid_o(instruction_valid_o),
    .read_ready_i(instruction_ready_i),
    .read_data_o(instruction_o)
  );

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      left_q <= instruction_count_i;
    end else if (request) begin
      left_q <= left_q - 16'(beats);
      next_q <= next_q + 16'(beats);
    end
    room_q <= room_q - (request ? beats : 5'd0) + 5'(pop);
    if (!rst_ni) begin
      next_q <= '0;
      left_q <= '0;
      room_q <= 5'(Depth);
    end
  end

endmodule

`default_nettype wire
