// SPDX-License-Identifier: Apache-2.0
//
// Checks one instruction by itself: everything in doc/instruction-set.md that can be known before
// it runs. Combinational. What passes never waits for ever and never makes two units disagree;
// addresses are checked by the buffers and by the memory interface as they are used.
// The first error in the order of the codes counts.
`default_nettype none

module sta_instruction_check #(
  parameter int Tile = 8,
  parameter int MaxTokens = 512,    // of a sequence: what the score buffer takes
  parameter int MaxChannels = 4096  // of a row: what the vector unit takes
) (
  input  wire logic [sta_pkg::BeatBits-1:0]     instruction_i,
  input  wire logic [16*sta_pkg::UnitCount-1:0] dispatched_i,  // of each unit so far
  output sta_pkg::error_e                       error_o
);

  localparam int TileShift = $clog2(Tile);
  localparam int BaseBits = 20;
  localparam int StrideBits = 15;

  sta_pkg::header_t header;
  sta_pkg::transfer_t transfer;
  sta_pkg::matmul_t matmul;
  sta_pkg::vector_t vector;
  sta_pkg::attention_t attention;
  assign header = instruction_i[95:0];
  assign transfer = instruction_i;
  assign matmul = instruction_i;
  assign vector = instruction_i;
  assign attention = instruction_i;

  // Ranges that several instructions share.
  function automatic logic is_base(logic [31:0] value);
    is_base = value < (32'd1 << BaseBits);
  endfunction

  function automatic logic is_stride(logic [31:0] value);
    is_stride = value < (32'd1 << StrideBits);
  endfunction

  function automatic logic is_count(logic [15:0] value);  // of blocks, groups or heads
    is_count = value[15:12] == '0 && value != '0;
  endfunction

  // LOAD, STORE.
  wire logic transfer_fields = transfer.reserved == '0 && transfer.beats[31:20] == '0 &&
                               transfer.beats != '0 && is_base(transfer.residual_beat);

  // MATMUL.
  wire logic [1:0] destination = header.flags[3:2];
  wire logic matmul_flags = header.flags[15:4] == '0 && destination != 2'd3 &&
                            !(header.flags[sta_pkg::MatmulGelu] &&
                              destination != sta_pkg::DestinationActivation);
  wire logic [14:0] step_words = sta_pkg::step_words(matmul.windows[9:0], matmul.steps[4:0]);
  wire logic matmul_size = matmul.windows[15:10] == '0 && matmul.windows != '0 &&
                           matmul.steps <= 8'd16 && matmul.steps != '0 &&
                           step_words <= 15'(sta_pkg::MaxStepWords);
  wire logic matmul_fields =
      matmul_size && matmul.reserved == '0 && matmul.reserved_word_4 == '0 &&
      is_count(matmul.channel_blocks) && is_count(matmul.token_groups) &&
      is_base(matmul.source_row) && is_stride(matmul.source_stride) &&
      is_base(matmul.destination) && is_stride(matmul.destination_stride) &&
      is_stride(matmul.granule_row_stride) &&
      (destination == sta_pkg::DestinationResidual || matmul.granule_row_stride == '0);

  // VECTOR.
  wire logic vector_flags = header.flags[15:2] == '0 && header.flags[1:0] != '0;
  wire logic vector_size = is_count(vector.channel_blocks) && is_count(vector.token_groups) &&
                           vector.channel_blocks <= 16'(MaxChannels >> TileShift) &&
                           vector.channels != '0 &&
                           vector.channels <= (vector.channel_blocks << TileShift);
  wire logic vector_fields =
      vector_size && vector.reserved == '0 && vector.reserved_word_5 == '0 &&
      vector.reserved_word_7 == '0 && is_base(vector.source_granule) &&
      is_base(vector.destination_row) && is_stride(vector.destination_stride) &&
      vector.mean_reciprocal[31:25] == '0 &&
      vector.epsilon != '0 && vector.epsilon <= 32'h8000_0000;

  // ATTENTION.
  wire logic attention_size =
      is_count(attention.heads) && attention.head_value_blocks != '0 &&
      attention.key_count != '0 && attention.key_count <= 16'(MaxTokens) &&
      is_count(attention.query_groups) &&
      (attention.head_steps == 8'd1 || attention.head_steps == 8'd2 ||
       attention.head_steps == 8'd4 || attention.head_steps == 8'd8 ||
       attention.head_steps == 8'd16);
  wire logic attention_scales =
      attention.context_shift != 3'd7 && !attention.logit_multiplier[15] &&
      !attention.context_multiplier[15] && attention.reserved_word_14a == '0 &&
      attention.reserved_word_14b == '0 && attention.reserved_word_15 == '0;
  wire logic attention_fields =
      attention_size && attention_scales &&
      is_base(attention.query_row) && is_stride(attention.query_stride) &&
      is_base(attention.key_tile) && is_stride(attention.key_stride) &&
      is_base(attention.value_tile) && is_stride(attention.value_stride) &&
      is_base(attention.context_row) && is_stride(attention.context_stride) &&
      is_base(attention.probability_row);

  logic flags_good, fields_good;

  always_comb begin
    unique case (header.opcode)
      sta_pkg::OpLoad, sta_pkg::OpStore: begin
        flags_good = header.flags == '0;
        fields_good = transfer_fields;
      end
      sta_pkg::OpMatmul: begin
        flags_good = matmul_flags;
        fields_good = matmul_fields;
      end
      sta_pkg::OpVector: begin
        flags_good = vector_flags;
        fields_good = vector_fields;
      end
      sta_pkg::OpAttention: begin
        flags_good = header.flags == '0;
        fields_good = attention_fields;
      end
      sta_pkg::OpEnd: begin
        flags_good = header.flags == '0;
        fields_good = instruction_i[sta_pkg::BeatBits-1:96] == '0;
      end
      default: begin
        flags_good = 1'b0;
        fields_good = 1'b0;
      end
    endcase
  end

  // Waits only for what stands before it: no stream can wait for ever.
  wire logic waits_good = header.wait_load <= dispatched_i[16*sta_pkg::UnitLoad +: 16] &&
                          header.wait_engine <= dispatched_i[16*sta_pkg::UnitEngine +: 16] &&
                          header.wait_vector <= dispatched_i[16*sta_pkg::UnitVector +: 16] &&
                          header.wait_store <= dispatched_i[16*sta_pkg::UnitStore +: 16];

  always_comb begin
    if (!flags_good || header.planes != 8'd1) error_o = sta_pkg::ErrorOpcode;
    else if (!fields_good) error_o = sta_pkg::ErrorField;
    else if (!waits_good) error_o = sta_pkg::ErrorDependency;
    else error_o = sta_pkg::ErrorNone;
  end

endmodule

`default_nettype wire
