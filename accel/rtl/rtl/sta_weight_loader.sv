// SPDX-License-Identifier: Apache-2.0
//
// Fetches the weight streams of MATMULs ahead of the engine: tables, and for every channel block
// parameters, values and indices, one after the other as they stand in memory.
//
// A beat is asked for only when its place in the weight buffer is free, so responses are always
// taken (response_ready_o is constant) and requests run ahead as far as the buffer has room: over
// the blocks of a MATMUL and over up to four MATMULs. Requests end at 16-beat boundaries of the
// region, at the end of a stream, and where room runs out. One beat a cycle is asked for and taken.
//
// Writes appear in the cycle of the response. block_ready_o rises in the cycle after a block's last
// write and falls in the cycle after its block_release_i if there is no further block.
// A block's parameters are released by their own pulse, at the earliest with the block.
`default_nettype none

module sta_weight_loader #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int RingWords = 1024,  // step words that each ring holds, a power of two
  localparam int ValueBeats = RingWords * Tile * Lanes / sta_pkg::BeatBytes,
  localparam int ValueBeatWidth = $clog2(ValueBeats),
  localparam int IndexBeatWidth = ValueBeatWidth - 1
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,

  input  wire logic                         instruction_valid_i,
  output logic                              instruction_ready_o,
  input  wire sta_pkg::matmul_t             instruction_i,

  // Reader client, program region.
  output logic                              request_valid_o,
  input  wire logic                         request_ready_i,
  output logic [31:0]                       request_beat_o,
  output logic [4:0]                        request_beats_o,
  input  wire logic                         response_valid_i,
  output logic                              response_ready_o,
  input  wire logic [sta_pkg::BeatBits-1:0] response_data_i,

  // Weight buffer and GELU tables: one kind of write a cycle, all of write_data_o.
  output logic [sta_pkg::BeatBits-1:0]      write_data_o,
  output logic                              value_write_o,
  output logic [ValueBeatWidth-1:0]         value_beat_o,
  output logic                              index_write_o,
  output logic [IndexBeatWidth-1:0]         index_beat_o,
  output logic                              parameters_write_o,
  output logic                              parameters_last_o,  // a block's last beat of them
  output logic                              gelu_write_o,
  output logic                              gelu_write_set_o,
  output logic [2:0]                        gelu_write_beat_o,

  // Engine.
  output logic                              block_ready_o,
  input  wire logic                         block_release_i,
  input  wire logic                         parameters_release_i,
  input  wire logic                         gelu_release_i
);

  localparam int BlockWidth = $clog2(sta_pkg::WeightBlocks) + 1;

  if (RingWords < 2 * sta_pkg::MaxStepWords || (RingWords & (RingWords - 1)) != 0) begin : g_check
    $error("The rings must hold two of the largest blocks, and a power of two of words");
  end

  // MATMULs from the dispatcher.
  sta_pkg::weight_stream_t instruction_stream, stream, response_stream;
  logic [31:0] stream_beat;
  logic stream_valid, stream_ready;

  localparam int StreamWidth = $bits(stream);

  assign instruction_stream.gelu = instruction_i.header.flags[sta_pkg::MatmulGelu];
  assign instruction_stream.indexed = instruction_i.header.flags[sta_pkg::MatmulIndexed];
  assign instruction_stream.channel_blocks = instruction_i.channel_blocks[11:0];
  assign instruction_stream.words =
      10'(sta_pkg::step_words(instruction_i.windows[9:0], instruction_i.steps[4:0]));

  sta_fifo #(.Width(32 + StreamWidth), .Depth(4)) u_streams (
    .clk_i,
    .rst_ni,
    .write_valid_i(instruction_valid_i),
    .write_ready_o(instruction_ready_o),
    .write_data_i({instruction_i.weight_beat, instruction_stream}),
    .read_valid_o(stream_valid),
    .read_ready_i(stream_ready),
    .read_data_o({stream_beat, stream})
  );

  // Requests: one beat a cycle joins the burst in the making.
  logic ask_valid, ask_ready, ask_part_last, ask_block_last, ask_stream_last, ask_indexed, ask_free;
  sta_pkg::weight_part_e ask_part;
  logic [9:0] ask_values_last, ask_indices_last;
  logic response_stream_ready;
  logic [31:0] address_q;  // of the beat at hand
  logic [3:0] burst_q;     // beats before it in the burst
  logic request_valid_q;

  wire logic request_free = !request_valid_q || request_ready_i;
  wire logic ask_possible = ask_valid && ask_free;
  wire logic burst_last = &address_q[3:0] || ask_stream_last;
  wire logic ask = ask_possible && (!burst_last || request_free);
  wire logic flush = !ask_possible && burst_q != '0 && request_free;
  wire logic stream_take = stream_valid && stream_ready;

  assign stream_ready = ask_ready && response_stream_ready;

  sta_weight_parts #(.Tile(Tile), .Lanes(Lanes)) u_ask (
    .clk_i,
    .rst_ni,
    .stream_valid_i(stream_valid && response_stream_ready),
    .stream_ready_o(ask_ready),
    .stream_i(stream),
    .valid_o(ask_valid),
    .part_o(ask_part),
    .part_last_o(ask_part_last),
    .block_last_o(ask_block_last),
    .stream_last_o(ask_stream_last),
    .values_last_o(ask_values_last),
    .indices_last_o(ask_indices_last),
    .indexed_o(ask_indexed),
    .step_i(ask)
  );

  sta_weight_room #(.ValueBeats(ValueBeats), .IndexBeats(ValueBeats / 2)) u_room (
    .clk_i,
    .rst_ni,
    .part_i(ask_part),
    .free_o(ask_free),
    .reserve_i(ask),
    .part_last_i(ask_part_last),
    .block_last_i(ask_block_last),
    .indexed_i(ask_indexed),
    .values_last_i(ask_values_last),
    .indices_last_i(ask_indices_last),
    .block_release_i,
    .parameters_release_i,
    .tables_release_i(gelu_release_i)
  );

  assign request_valid_o = request_valid_q;

  always_ff @(posedge clk_i) begin
    if (ask) begin
      address_q <= address_q + 1'b1;
      burst_q <= burst_last ? 4'd0 : burst_q + 1'b1;
    end
    if (flush) burst_q <= '0;
    if (stream_take) address_q <= stream_beat;
    if (request_free) begin
      request_valid_q <= (ask && burst_last) || flush;
      // A burst never crosses a 16-beat boundary, so only these bits go back to its start.
      request_beat_o <= {address_q[31:4], address_q[3:0] - burst_q};
      request_beats_o <= 5'(burst_q) + 5'(ask);
    end
    if (!rst_ni) begin
      burst_q <= '0;
      request_valid_q <= 1'b0;
    end
  end

  // Responses: the same walk again, one beat a response.
  logic part_valid, part_ready, response_last, response_block_last, response_stream_valid;
  sta_pkg::weight_part_e part;
  logic [2:0] gelu_beat_q;
  logic gelu_set_q;
  logic [ValueBeatWidth-1:0] value_beat_q;
  logic [IndexBeatWidth-1:0] index_beat_q;
  logic [BlockWidth-1:0] blocks_q;

  sta_fifo #(.Width(StreamWidth), .Depth(4)) u_response_streams (
    .clk_i,
    .rst_ni,
    .write_valid_i(stream_valid && ask_ready),
    .write_ready_o(response_stream_ready),
    .write_data_i(stream),
    .read_valid_o(response_stream_valid),
    .read_ready_i(part_ready),
    .read_data_o(response_stream)
  );

  sta_weight_parts #(.Tile(Tile), .Lanes(Lanes)) u_response (
    .clk_i,
    .rst_ni,
    .stream_valid_i(response_stream_valid),
    .stream_ready_o(part_ready),
    .stream_i(response_stream),
    .valid_o(part_valid),
    .part_o(part),
    .part_last_o(response_last),
    .block_last_o(response_block_last),
    .stream_last_o(),
    .values_last_o(),
    .indices_last_o(),
    .indexed_o(),
    .step_i(response_valid_i)
  );

  assign response_ready_o = 1'b1;
  assign write_data_o = response_data_i;
  assign value_write_o = response_valid_i && part == sta_pkg::PartValues;
  assign value_beat_o = value_beat_q;
  assign index_write_o = response_valid_i && part == sta_pkg::PartIndices;
  assign index_beat_o = index_beat_q;
  assign parameters_write_o = response_valid_i && part == sta_pkg::PartParameters;
  assign parameters_last_o = response_last;
  assign gelu_write_o = response_valid_i && part == sta_pkg::PartTables;
  assign gelu_write_set_o = gelu_set_q;
  assign gelu_write_beat_o = gelu_beat_q;
  assign block_ready_o = blocks_q != '0;

  always_ff @(posedge clk_i) begin
    value_beat_q <= value_beat_q + ValueBeatWidth'(value_write_o);
    index_beat_q <= index_beat_q + IndexBeatWidth'(index_write_o);
    gelu_beat_q <= gelu_beat_q + 3'(gelu_write_o);
    gelu_set_q <= gelu_set_q ^ (gelu_write_o && response_last);
    blocks_q <= blocks_q + BlockWidth'(response_valid_i && response_block_last) -
                BlockWidth'(block_release_i);
    if (!rst_ni) begin
      value_beat_q <= '0;
      index_beat_q <= '0;
      gelu_beat_q <= '0;
      gelu_set_q <= 1'b0;
      blocks_q <= '0;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!response_valid_i || part_valid);
      assert (!block_release_i || block_ready_o);
    end
  end
`endif

endmodule

`default_nettype wire
