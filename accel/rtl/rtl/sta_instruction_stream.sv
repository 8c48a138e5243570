// SPDX-License-Identifier: Apache-2.0
//
// From memory to the units: fetch, dispatcher, the four queues, and the counts of finished
// instructions on which queues hold instructions back. The weight loader and the loader of vector
// parameters get copies, which wait for nothing.
//
// finished_i pulses once for every instruction that a unit has finished. end_o is a level: END came
// and every unit has finished all that it was given.
`default_nettype none

module sta_instruction_stream #(
  parameter int Tile = 8,
  parameter int MaxTokens = 512,
  parameter int MaxChannels = 4096
) (
  input  wire logic                                           clk_i,
  input  wire logic                                           rst_ni,

  input  wire logic                                           start_i,
  input  wire logic                                           halt_i,
  input  wire logic [15:0]                                    instruction_count_i,
  output logic                                                end_o,
  output logic                                                error_valid_o,
  output sta_pkg::error_e                                     error_code_o,
  output logic [15:0]                                         instruction_number_o,

  // Reader client, instruction region.
  output logic                                                request_valid_o,
  input  wire logic                                           request_ready_i,
  output logic [sta_pkg::BeatCountWidth-1:0]                  request_beat_o,
  output logic [4:0]                                          request_beats_o,
  input  wire logic                                           response_valid_i,
  output logic                                                response_ready_o,
  input  wire logic [sta_pkg::BeatBits-1:0]                   response_data_i,

  // Units, as numbered by sta_pkg::unit_e.
  output logic [sta_pkg::UnitCount-1:0]                       unit_valid_o,
  input  wire logic [sta_pkg::UnitCount-1:0]                  unit_ready_i,
  output logic [sta_pkg::UnitCount*sta_pkg::BeatBits-1:0]     unit_instruction_o,
  output logic [sta_pkg::UnitCount-1:0]                       unit_waiting_o,
  input  wire logic [sta_pkg::UnitCount-1:0]                  finished_i,

  output logic [sta_pkg::BeatBits-1:0]                        ahead_instruction_o,
  output logic                                                weights_valid_o,
  input  wire logic                                           weights_ready_i,
  output logic                                                parameters_valid_o,
  input  wire logic                                           parameters_ready_i
);

  localparam int UnitCount = sta_pkg::UnitCount;
  localparam int BeatBits = sta_pkg::BeatBits;
  localparam int QueueDepth = 4;

  logic fetched_valid, fetched_ready;
  logic [BeatBits-1:0] fetched;

  sta_instruction_fetch u_fetch (
    .clk_i,
    .rst_ni,
    .start_i,
    .instruction_count_i,
    .request_valid_o,
    .request_ready_i,
    .request_beat_o,
    .request_beats_o,
    .response_valid_i,
    .response_ready_o,
    .response_data_i,
    .instruction_valid_o(fetched_valid),
    .instruction_ready_i(fetched_ready),
    .instruction_o(fetched)
  );

  logic [UnitCount-1:0] queue_valid, queue_ready;
  logic [16*UnitCount-1:0] dispatched, finished_q;
  logic end_dispatched;

  sta_dispatcher #(.Tile(Tile), .MaxTokens(MaxTokens), .MaxChannels(MaxChannels)) u_dispatcher (
    .clk_i,
    .rst_ni,
    .start_i,
    .halt_i,
    .instruction_count_i,
    .instruction_valid_i(fetched_valid),
    .instruction_ready_o(fetched_ready),
    .instruction_i(fetched),
    .instruction_o(ahead_instruction_o),
    .unit_valid_o(queue_valid),
    .unit_ready_i(queue_ready),
    .weights_valid_o,
    .weights_ready_i,
    .parameters_valid_o,
    .parameters_ready_i,
    .dispatched_o(dispatched),
    .end_o(end_dispatched),
    .error_valid_o,
    .error_code_o,
    .instruction_number_o
  );

  for (genvar u = 0; u < UnitCount; u++) begin : g_unit
    sta_unit_queue #(.Depth(QueueDepth)) u_queue (
      .clk_i,
      .rst_ni,
      .write_valid_i(queue_valid[u]),
      .write_ready_o(queue_ready[u]),
      .write_data_i(ahead_instruction_o),
      .finished_i(finished_q),
      .instruction_valid_o(unit_valid_o[u]),
      .instruction_ready_i(unit_ready_i[u]),
      .instruction_o(unit_instruction_o[u*BeatBits +: BeatBits]),
      .waiting_o(unit_waiting_o[u])
    );

    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        finished_q[16*u +: 16] <= '0;
      end else begin
        finished_q[16*u +: 16] <= finished_q[16*u +: 16] + 16'(finished_i[u]);
      end
    end
  end

  assign end_o = end_dispatched && finished_q == dispatched;

`ifndef SYNTHESIS
  for (genvar u = 0; u < UnitCount; u++) begin : g_assert
    always_ff @(posedge clk_i) begin
      if (rst_ni && finished_i[u]) begin
        assert (finished_q[16*u +: 16] != dispatched[16*u +: 16]);
      end
    end
  end
`endif

endmodule

`default_nettype wire
