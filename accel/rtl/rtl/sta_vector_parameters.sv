// SPDX-License-Identifier: Apache-2.0
//
// Loads the channel parameters (g, b, k) of VECTOR instructions ahead of the vector unit, into two
// buffers used in turn. Instructions come in the order in which the unit will run them and wait
// here for a free buffer, so that they hold up no other instruction: as many fit as the unit has
// before it.
//
// ready_o: the parameters of the unit's present instruction are there. release_i, a pulse, ends
// their use. Reads: gain_o two cycles after block_i, bias_o five, view_multiplier_o seven, or two
// with view_first_i.
`default_nettype none

module sta_vector_parameters #(
  parameter int Tile = 8,
  parameter int MaxBlocks = 512,
  localparam int BlockWidth = $clog2(MaxBlocks),
  localparam int BeatBits = sta_pkg::BeatBits
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_ni,

  input  wire logic                   instruction_valid_i,
  output logic                        instruction_ready_o,
  input  wire sta_pkg::vector_t       instruction_i,

  output logic                        request_valid_o,
  input  wire logic                   request_ready_i,
  output logic [31:0]                 request_beat_o,
  output logic [4:0]                  request_beats_o,
  input  wire logic                   response_valid_i,
  output logic                        response_ready_o,
  input  wire logic [BeatBits-1:0]    response_data_i,

  output logic                        ready_o,
  input  wire logic                   release_i,
  input  wire logic [BlockWidth-1:0]  block_i,
  input  wire logic                   view_first_i,
  output logic [Tile*16-1:0]          gain_o,
  output logic [Tile*16-1:0]          bias_o,
  output logic [Tile*16-1:0]          view_multiplier_o
);

  // A beat holds 8 channels. A word of a memory holds a block, at Tile 4 two blocks.
  localparam int BeatChannels = 8;
  localparam int BeatWidth = $clog2(MaxBlocks * Tile / BeatChannels);  // beats of a buffer
  localparam int WordBits = (Tile > BeatChannels ? Tile : BeatChannels) * 16;
  localparam int SegmentBits = BeatChannels * 16;
  localparam int Segments = WordBits / SegmentBits;
  localparam int WordWidth = BeatWidth - $clog2(Segments);
  localparam int WordBlocks = WordBits / (Tile * 16);
  localparam logic [4:0] BurstBeats = 5'd16;

  // Requests and answers of one instruction at a time.
  logic        running_q, write_buffer_q, read_buffer_q;
  logic [1:0]  used_q, filled_q;  // buffers taken, buffers complete
  logic [16:0] request_left_q, answer_left_q;
  logic [BeatWidth-1:0] write_beat_q;

  logic queue_valid, queue_ready;
  logic [31:0] queue_beat;
  logic [11:0] queue_blocks;

  sta_fifo #(.Width(32 + 12), .Depth(4)) u_queue (
    .clk_i,
    .rst_ni,
    .write_valid_i(instruction_valid_i),
    .write_ready_o(instruction_ready_o),
    .write_data_i({instruction_i.parameter_beat, instruction_i.channel_blocks[11:0]}),
    .read_valid_o(queue_valid),
    .read_ready_i(queue_ready),
    .read_data_o({queue_beat, queue_blocks})
  );

  wire logic take = queue_valid && queue_ready;
  wire logic answer = response_valid_i && response_ready_o;
  wire logic complete = answer && answer_left_q == 17'd1;
  wire logic [19:0] channels = 20'(queue_blocks) << $clog2(Tile);
  wire logic [16:0] beats = channels[19:3] + 17'(channels[2:0] != '0);

  assign queue_ready = !running_q && used_q != 2'd2;
  assign response_ready_o = running_q;
  assign request_valid_o = request_left_q != '0;
  assign request_beats_o =
      request_left_q > 17'(BurstBeats) ? BurstBeats : request_left_q[4:0];
  assign ready_o = filled_q != '0;

  always_ff @(posedge clk_i) begin
    if (take) begin
      request_beat_o <= queue_beat;
      answer_left_q <= beats;
      write_beat_q <= '0;
    end else begin
      if (request_valid_o && request_ready_i) request_beat_o <= request_beat_o + 32'(BurstBeats);
      if (answer) begin
        answer_left_q <= answer_left_q - 1'b1;
        write_beat_q <= write_beat_q + 1'b1;
      end
    end
    if (!rst_ni) begin
      running_q <= 1'b0;
      request_left_q <= '0;
      used_q <= '0;
      filled_q <= '0;
      write_buffer_q <= 1'b0;
      read_buffer_q <= 1'b0;
    end else begin
      if (take) begin
        running_q <= 1'b1;
        request_left_q <= beats;
      end else begin
        if (complete) running_q <= 1'b0;
        if (request_valid_o && request_ready_i) begin
          request_left_q <= request_left_q - 17'(request_beats_o);
        end
      end
      if (take && !release_i) used_q <= used_q + 1'b1;
      if (!take && release_i) used_q <= used_q - 1'b1;
      if (complete && !release_i) filled_q <= filled_q + 1'b1;
      if (!complete && release_i) filled_q <= filled_q - 1'b1;
      if (complete) write_buffer_q <= !write_buffer_q;
      if (release_i) read_buffer_q <= !read_buffer_q;
    end
  end

  // Memories: a segment a beat. Channel c of a beat: g, b, k, 0, 16 bits each.
  logic [Segments-1:0]    write_enable;
  logic [SegmentBits-1:0] gains, biases, multipliers;

  for (genvar s = 0; s < Segments; s++) begin : g_segment
    assign write_enable[s] = answer && (write_beat_q & BeatWidth'(Segments - 1)) == BeatWidth'(s);
  end

  for (genvar c = 0; c < BeatChannels; c++) begin : g_channel
    assign gains[c*16 +: 16] = response_data_i[c*64 +: 16];
    assign biases[c*16 +: 16] = response_data_i[c*64 + 16 +: 16];
    assign multipliers[c*16 +: 16] = response_data_i[c*64 + 32 +: 16];
  end

  wire logic [WordWidth:0] write_address = {write_buffer_q, write_beat_q[BeatWidth-1 -: WordWidth]};

  logic [BlockWidth-1:0] bias_block, late_view_block, view_block;
  assign view_block = view_first_i ? block_i : late_view_block;

  sta_delay #(.Width(BlockWidth), .Stages(3)) u_bias_block (
    .clk_i,
    .data_i(block_i),
    .data_o(bias_block)
  );

  sta_delay #(.Width(BlockWidth), .Stages(2)) u_view_block (
    .clk_i,
    .data_i(bias_block),
    .data_o(late_view_block)
  );

  for (genvar m = 0; m < 3; m++) begin : g_memory
    logic [BlockWidth-1:0] block;
    logic [SegmentBits-1:0] segment;
    logic [WordBits-1:0] word;
    logic [Tile*16-1:0] values;

    if (m == 0) begin : g_gain
      assign block = block_i;
      assign segment = gains;
      assign gain_o = values;
    end else if (m == 1) begin : g_bias
      assign block = bias_block;
      assign segment = biases;
      assign bias_o = values;
    end else begin : g_view
      assign block = view_block;
      assign segment = multipliers;
      assign view_multiplier_o = values;
    end

    sta_block_ram #(
      .Width(WordBits),
      .SegmentWidth(SegmentBits),
      .Depth(2 * MaxBlocks / WordBlocks)
    ) u_ram (
      .clk_i,
      .write_enable_i(write_enable),
      .write_address_i(write_address),
      .write_data_i({Segments{segment}}),
      .advance_i(1'b1),
      .read_enable_i(1'b1),
      .read_address_i({read_buffer_q, block[BlockWidth-1 -: WordWidth]}),
      .read_data_o(word)
    );

    if (WordBlocks == 1) begin : g_whole
      assign values = word;
    end else begin : g_half
      logic upper;
      sta_delay #(.Width(1), .Stages(2)) u_upper (
        .clk_i,
        .data_i(block[0]),
        .data_o(upper)
      );
      assign values = upper ? word[WordBits-1 -: Tile*16] : word[0 +: Tile*16];
    end
  end

endmodule

`default_nettype wire
