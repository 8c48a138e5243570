// SPDX-License-Identifier: Apache-2.0
//
// All units, their buffers and the memory port: everything but registers, the sequence of a run,
// counters and checksums, which are in sta_kernel.
//
// rst_ni is low for some cycles before every run, when no transfer is in flight. start_i comes for
// one cycle after it; arguments_i are constant from then on. The run is over with end_o (a level),
// or with error_valid_o, after which halt_i stops dispatch and transfers and quiet_o says when
// those in flight are done.
`default_nettype none

module sta_core #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int ActivationRows = 2048,
  parameter int ResidualBeats = 16384,
  parameter int KeyValueTiles = 16384,
  parameter int MaxTokens = 512,
  parameter int MaxChannels = 4096
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,

  input  wire logic                         start_i,
  input  wire sta_pkg::arguments_t          arguments_i,
  output logic                              end_o,
  output logic                              error_valid_o,
  output sta_pkg::error_e                   error_code_o,
  output logic [15:0]                       error_instruction_o,
  input  wire logic                         halt_i,
  output logic                              quiet_o,

  output sta_pkg::events_t                  events_o,
  output sta_pkg::region_e                  read_beat_region_o,
  output logic [4:0]                        read_beat_address_o,
  output logic [sta_pkg::BeatBits-1:0]      read_beat_data_o,
  output logic [4:0]                        write_beat_address_o,
  output logic [sta_pkg::BeatBits-1:0]      write_beat_data_o,

  output logic                              m_axi_awvalid_o,
  input  wire logic                         m_axi_awready_i,
  output logic [63:0]                       m_axi_awaddr_o,
  output logic [7:0]                        m_axi_awlen_o,
  output logic                              m_axi_wvalid_o,
  input  wire logic                         m_axi_wready_i,
  output logic [sta_pkg::BeatBits-1:0]      m_axi_wdata_o,
  output logic [sta_pkg::BeatBytes-1:0]     m_axi_wstrb_o,
  output logic                              m_axi_wlast_o,
  input  wire logic                         m_axi_bvalid_i,
  output logic                              m_axi_bready_o,
  input  wire logic [1:0]                   m_axi_bresp_i,
  output logic                              m_axi_arvalid_o,
  input  wire logic                         m_axi_arready_i,
  output logic [63:0]                       m_axi_araddr_o,
  output logic [7:0]                        m_axi_arlen_o,
  input  wire logic                         m_axi_rvalid_i,
  output logic                              m_axi_rready_o,
  input  wire logic [sta_pkg::BeatBits-1:0] m_axi_rdata_i,
  input  wire logic [1:0]                   m_axi_rresp_i,
  input  wire logic                         m_axi_rlast_i
);

  localparam int BeatBits = sta_pkg::BeatBits;
  localparam int BeatCountWidth = sta_pkg::BeatCountWidth;
  localparam int AddressWidth = sta_pkg::AddressWidth;
  localparam int UnitCount = sta_pkg::UnitCount;
  localparam int GranuleRows = sta_pkg::granule_rows(Tile);
  localparam int GranuleBits = GranuleRows * Tile * 8;  // of int8
  localparam int RingWords = 2 * sta_pkg::MaxStepWords;

  // Memory port: clients of the reader in order of priority.
  localparam int Clients = 4;
  localparam int ClientFetch = 0;
  localparam int ClientParameters = 1;
  localparam int ClientRows = 2;
  localparam int ClientWeights = 3;

  logic [Clients-1:0] request_valid, request_ready, response_valid, response_ready;
  logic [Clients*BeatCountWidth-1:0] request_beat;
  logic [Clients*5-1:0] request_beats;
  logic [BeatBits-1:0] response_data;
  logic reader_quiet, reader_range_error, reader_response_error;

  sta_axi_reader #(.Clients(Clients)) u_reader (
    .clk_i,
    .rst_ni,
    .request_valid_i(request_valid),
    .request_ready_o(request_ready),
    .request_region_i({sta_pkg::RegionProgram, sta_pkg::RegionInput, sta_pkg::RegionProgram,
                       sta_pkg::RegionInstructions}),
    .request_beat_i(request_beat),
    .request_beats_i(request_beats),
    .response_valid_o(response_valid),
    .response_ready_i(response_ready),
    .response_data_o(response_data),
    .region_base_i({arguments_i.input_base, arguments_i.instructions_base,
                    arguments_i.program_base}),
    .region_beats_i({arguments_i.input_beats, 16'b0, arguments_i.instruction_count,
                     arguments_i.program_beats}),
    .halt_i,
    .quiet_o(reader_quiet),
    .range_error_o(reader_range_error),
    .response_error_o(reader_response_error),
    .beat_valid_o(events_o.read_beat),
    .beat_region_o(read_beat_region_o),
    .beat_address_o(read_beat_address_o),
    .beat_data_o(read_beat_data_o),
    .m_axi_arvalid_o,
    .m_axi_arready_i,
    .m_axi_araddr_o,
    .m_axi_arlen_o,
    .m_axi_rvalid_i,
    .m_axi_rready_o,
    .m_axi_rdata_i,
    .m_axi_rresp_i,
    .m_axi_rlast_i
  );

  logic write_request_valid, write_request_ready, write_data_valid, write_data_ready;
  logic [BeatCountWidth-1:0] write_request_beat;
  logic [4:0] write_request_beats;
  logic [BeatBits-1:0] write_data;
  logic writer_quiet, writer_range_error, writer_response_error;

  sta_axi_writer u_writer (
    .clk_i,
    .rst_ni,
    .request_valid_i(write_request_valid),
    .request_ready_o(write_request_ready),
    .request_beat_i(write_request_beat),
    .request_beats_i(write_request_beats),
    .data_valid_i(write_data_valid),
    .data_ready_o(write_data_ready),
    .data_i(write_data),
    .region_base_i(arguments_i.output_base),
    .region_beats_i(arguments_i.output_beats),
    .halt_i,
    .quiet_o(writer_quiet),
    .range_error_o(writer_range_error),
    .response_error_o(writer_response_error),
    .beat_valid_o(events_o.write_beat),
    .beat_address_o(write_beat_address_o),
    .beat_data_o(write_beat_data_o),
    .m_axi_awvalid_o,
    .m_axi_awready_i,
    .m_axi_awaddr_o,
    .m_axi_awlen_o,
    .m_axi_wvalid_o,
    .m_axi_wready_i,
    .m_axi_wdata_o,
    .m_axi_wstrb_o,
    .m_axi_wlast_o,
    .m_axi_bvalid_i,
    .m_axi_bready_o,
    .m_axi_bresp_i
  );

  assign quiet_o = reader_quiet && writer_quiet;

  // Instructions.
  logic stream_error;
  sta_pkg::error_e stream_error_code;
  logic [UnitCount-1:0] unit_valid, unit_ready, unit_waiting, finished;
  logic [UnitCount*BeatBits-1:0] unit_instruction;
  logic [BeatBits-1:0] ahead_instruction;
  logic weights_valid, weights_ready, parameters_valid, parameters_ready;

  sta_instruction_stream #(
    .Tile(Tile),
    .MaxTokens(MaxTokens),
    .MaxChannels(MaxChannels)
  ) u_stream (
    .clk_i,
    .rst_ni,
    .start_i,
    .halt_i,
    .instruction_count_i(arguments_i.instruction_count),
    .end_o,
    .error_valid_o(stream_error),
    .error_code_o(stream_error_code),
    .instruction_number_o(error_instruction_o),
    .request_valid_o(request_valid[ClientFetch]),
    .request_ready_i(request_ready[ClientFetch]),
    .request_beat_o(request_beat[ClientFetch*BeatCountWidth +: BeatCountWidth]),
    .request_beats_o(request_beats[ClientFetch*5 +: 5]),
    .response_valid_i(response_valid[ClientFetch]),
    .response_ready_o(response_ready[ClientFetch]),
    .response_data_i(response_data),
    .unit_valid_o(unit_valid),
    .unit_ready_i(unit_ready),
    .unit_instruction_o(unit_instruction),
    .unit_waiting_o(unit_waiting),
    .finished_i(finished),
    .ahead_instruction_o(ahead_instruction),
    .weights_valid_o(weights_valid),
    .weights_ready_i(weights_ready),
    .parameters_valid_o(parameters_valid),
    .parameters_ready_i(parameters_ready)
  );

  // Weights.
  localparam int ValueBeatWidth = $clog2(RingWords * Tile * Lanes / sta_pkg::BeatBytes);
  logic [BeatBits-1:0] weight_data;
  logic value_write, index_write, parameters_write, parameters_last;
  logic [ValueBeatWidth-1:0] value_beat;
  logic [ValueBeatWidth-2:0] index_beat;
  logic gelu_write, gelu_write_set, gelu_release;
  logic [2:0] gelu_write_beat;
  logic block_ready, block_release, parameters_release;

  sta_weight_loader #(.Tile(Tile), .Lanes(Lanes), .RingWords(RingWords)) u_weight_loader (
    .clk_i,
    .rst_ni,
    .instruction_valid_i(weights_valid),
    .instruction_ready_o(weights_ready),
    .instruction_i(ahead_instruction),
    .request_valid_o(request_valid[ClientWeights]),
    .request_ready_i(request_ready[ClientWeights]),
    .request_beat_o(request_beat[ClientWeights*BeatCountWidth +: BeatCountWidth]),
    .request_beats_o(request_beats[ClientWeights*5 +: 5]),
    .response_valid_i(response_valid[ClientWeights]),
    .response_ready_o(response_ready[ClientWeights]),
    .response_data_i(response_data),
    .write_data_o(weight_data),
    .value_write_o(value_write),
    .value_beat_o(value_beat),
    .index_write_o(index_write),
    .index_beat_o(index_beat),
    .parameters_write_o(parameters_write),
    .parameters_last_o(parameters_last),
    .gelu_write_o(gelu_write),
    .gelu_write_set_o(gelu_write_set),
    .gelu_write_beat_o(gelu_write_beat),
    .block_ready_o(block_ready),
    .block_release_i(block_release),
    .parameters_release_i(parameters_release),
    .gelu_release_i(gelu_release)
  );

  logic advance, ring_read;
  logic [AddressWidth-1:0] weight_address, index_address;
  logic [Tile*Lanes*8-1:0] ring_values;
  logic [Tile*Lanes*4-1:0] ring_indices;
  logic [Tile*64-1:0] parameters;

  sta_weight_buffer #(.Tile(Tile), .Lanes(Lanes), .RingWords(RingWords)) u_weight_buffer (
    .clk_i,
    .rst_ni,
    .write_data_i(weight_data),
    .value_write_i(value_write),
    .value_beat_i(value_beat),
    .index_write_i(index_write),
    .index_beat_i(index_beat),
    .parameters_write_i(parameters_write),
    .parameters_last_i(parameters_last),
    .advance_i(advance),
    .read_enable_i(ring_read),
    .weight_address_i(weight_address),
    .index_address_i(index_address),
    .ring_values_o(ring_values),
    .ring_indices_o(ring_indices),
    .parameters_o(parameters),
    .parameters_release_i(parameters_release)
  );

  // Engine.
  logic engine_busy, step_taken, waiting_weights, waiting_softmax, waiting_epilogue;
  logic window_read, key_value_read;
  logic [AddressWidth-1:0] window_row, key_value_read_tile;
  logic [Tile*Lanes*128-1:0] window;
  logic [Tile*Tile*8-1:0] key_value_tile_data;
  logic result_valid, probability_valid, probability_ready, key_value_valid;
  logic [AddressWidth-1:0] result_row, probability_row, key_value_tile;
  logic [3:0] result_granule, result_lane, result_byte, probability_granule, probability_byte;
  logic [3:0] key_value_granule;
  logic [GranuleBits-1:0] result, probability, key_value;
  logic sum_read, sum_write;
  logic [AddressWidth-1:0] sum_read_granule, sum_write_granule;
  logic [2*GranuleBits-1:0] sum, residual_granule;

  sta_engine #(
    .Tile(Tile),
    .Lanes(Lanes),
    .MaxTokens(MaxTokens),
    .RingWords(RingWords)
  ) u_engine (
    .clk_i,
    .rst_ni,
    .instruction_valid_i(unit_valid[sta_pkg::UnitEngine]),
    .instruction_ready_o(unit_ready[sta_pkg::UnitEngine]),
    .instruction_i(unit_instruction[sta_pkg::UnitEngine*BeatBits +: BeatBits]),
    .finished_o(finished[sta_pkg::UnitEngine]),
    .busy_o(engine_busy),
    .advance_o(advance),
    .activation_read_o(window_read),
    .activation_read_row_o(window_row),
    .activation_i(window),
    .key_value_read_o(key_value_read),
    .key_value_read_tile_o(key_value_read_tile),
    .key_value_i(key_value_tile_data),
    .ring_read_o(ring_read),
    .weight_address_o(weight_address),
    .index_address_o(index_address),
    .ring_values_i(ring_values),
    .ring_indices_i(ring_indices),
    .block_ready_i(block_ready),
    .block_release_o(block_release),
    .parameters_i(parameters),
    .parameters_release_o(parameters_release),
    .gelu_write_i(gelu_write),
    .gelu_write_set_i(gelu_write_set),
    .gelu_write_beat_i(gelu_write_beat),
    .gelu_write_data_i(weight_data),
    .gelu_release_o(gelu_release),
    .activation_valid_o(result_valid),
    .activation_row_o(result_row),
    .activation_granule_o(result_granule),
    .activation_lane_o(result_lane),
    .activation_byte_o(result_byte),
    .activation_o(result),
    .probability_valid_o(probability_valid),
    .probability_ready_i(probability_ready),
    .probability_row_o(probability_row),
    .probability_granule_o(probability_granule),
    .probability_byte_o(probability_byte),
    .probability_o(probability),
    .key_value_valid_o(key_value_valid),
    .key_value_tile_o(key_value_tile),
    .key_value_granule_o(key_value_granule),
    .key_value_o(key_value),
    .residual_read_o(sum_read),
    .residual_read_granule_o(sum_read_granule),
    .residual_i(residual_granule),
    .residual_write_o(sum_write),
    .residual_write_granule_o(sum_write_granule),
    .residual_o(sum),
    .step_taken_o(step_taken),
    .waiting_weights_o(waiting_weights),
    .waiting_softmax_o(waiting_softmax),
    .waiting_epilogue_o(waiting_epilogue)
  );

  // Vector unit.
  logic vector_read_valid, vector_read_ready, vector_data_valid, vector_write_valid;
  logic vector_write_ready, view_valid, view_ready;
  logic [AddressWidth-1:0] vector_read_granule, vector_write_granule, view_row;
  logic [2*GranuleBits-1:0] vector_write_data;
  logic [3:0] view_granule, view_lane, view_byte;
  logic [GranuleBits-1:0] view;

  sta_vector_unit #(.Tile(Tile), .Lanes(Lanes), .MaxChannels(MaxChannels)) u_vector (
    .clk_i,
    .rst_ni,
    .ahead_valid_i(parameters_valid),
    .ahead_ready_o(parameters_ready),
    .ahead_instruction_i(ahead_instruction),
    .request_valid_o(request_valid[ClientParameters]),
    .request_ready_i(request_ready[ClientParameters]),
    .request_beat_o(request_beat[ClientParameters*BeatCountWidth +: BeatCountWidth]),
    .request_beats_o(request_beats[ClientParameters*5 +: 5]),
    .response_valid_i(response_valid[ClientParameters]),
    .response_ready_o(response_ready[ClientParameters]),
    .response_data_i(response_data),
    .instruction_valid_i(unit_valid[sta_pkg::UnitVector]),
    .instruction_ready_o(unit_ready[sta_pkg::UnitVector]),
    .instruction_i(unit_instruction[sta_pkg::UnitVector*BeatBits +: BeatBits]),
    .read_valid_o(vector_read_valid),
    .read_ready_i(vector_read_ready),
    .read_granule_o(vector_read_granule),
    .read_data_valid_i(vector_data_valid),
    .read_data_i(residual_granule),
    .write_valid_o(vector_write_valid),
    .write_ready_i(vector_write_ready),
    .write_granule_o(vector_write_granule),
    .write_data_o(vector_write_data),
    .view_valid_o(view_valid),
    .view_ready_i(view_ready),
    .view_row_o(view_row),
    .view_granule_o(view_granule),
    .view_lane_o(view_lane),
    .view_byte_o(view_byte),
    .view_o(view),
    .done_o(finished[sta_pkg::UnitVector]),
    .busy_o(events_o.vector_busy)
  );

  // Rows in and out.
  logic load_valid, load_ready, store_valid, store_ready, store_data_valid;
  logic [AddressWidth-1:0] load_beat, store_beat;
  logic [BeatBits-1:0] load_data, residual_beat;

  sta_row_loader u_row_loader (
    .clk_i,
    .rst_ni,
    .instruction_valid_i(unit_valid[sta_pkg::UnitLoad]),
    .instruction_ready_o(unit_ready[sta_pkg::UnitLoad]),
    .instruction_i(unit_instruction[sta_pkg::UnitLoad*BeatBits +: BeatBits]),
    .request_valid_o(request_valid[ClientRows]),
    .request_ready_i(request_ready[ClientRows]),
    .request_beat_o(request_beat[ClientRows*BeatCountWidth +: BeatCountWidth]),
    .request_beats_o(request_beats[ClientRows*5 +: 5]),
    .response_valid_i(response_valid[ClientRows]),
    .response_ready_o(response_ready[ClientRows]),
    .response_data_i(response_data),
    .residual_valid_o(load_valid),
    .residual_ready_i(load_ready),
    .residual_beat_o(load_beat),
    .residual_data_o(load_data),
    .done_o(finished[sta_pkg::UnitLoad])
  );

  sta_row_storer u_row_storer (
    .clk_i,
    .rst_ni,
    .instruction_valid_i(unit_valid[sta_pkg::UnitStore]),
    .instruction_ready_o(unit_ready[sta_pkg::UnitStore]),
    .instruction_i(unit_instruction[sta_pkg::UnitStore*BeatBits +: BeatBits]),
    .residual_valid_o(store_valid),
    .residual_ready_i(store_ready),
    .residual_beat_o(store_beat),
    .residual_data_valid_i(store_data_valid),
    .residual_data_i(residual_beat),
    .request_valid_o(write_request_valid),
    .request_ready_i(write_request_ready),
    .request_beat_o(write_request_beat),
    .request_beats_o(write_request_beats),
    .data_valid_o(write_data_valid),
    .data_ready_i(write_data_ready),
    .data_o(write_data),
    .writer_quiet_i(writer_quiet),
    .done_o(finished[sta_pkg::UnitStore])
  );

  // Buffers.
  logic activation_error, key_value_error, residual_error;

  sta_activation_buffer #(.Tile(Tile), .Lanes(Lanes), .Rows(ActivationRows)) u_activations (
    .clk_i,
    .rst_ni,
    .epilogue_valid_i(result_valid),
    .epilogue_row_i(result_row),
    .epilogue_granule_i(result_granule),
    .epilogue_lane_i(result_lane),
    .epilogue_byte_i(result_byte),
    .epilogue_data_i(result),
    .softmax_valid_i(probability_valid),
    .softmax_ready_o(probability_ready),
    .softmax_row_i(probability_row),
    .softmax_granule_i(probability_granule),
    .softmax_byte_i(probability_byte),
    .softmax_data_i(probability),
    .vector_valid_i(view_valid),
    .vector_ready_o(view_ready),
    .vector_row_i(view_row),
    .vector_granule_i(view_granule),
    .vector_lane_i(view_lane),
    .vector_byte_i(view_byte),
    .vector_data_i(view),
    .advance_i(advance),
    .read_enable_i(window_read),
    .read_row_i(window_row),
    .read_data_o(window),
    .range_error_o(activation_error)
  );

  sta_key_value_buffer #(.Tile(Tile), .Tiles(KeyValueTiles)) u_key_values (
    .clk_i,
    .rst_ni,
    .write_valid_i(key_value_valid),
    .write_tile_i(key_value_tile),
    .write_granule_i(key_value_granule),
    .write_data_i(key_value),
    .advance_i(advance),
    .read_enable_i(key_value_read),
    .read_tile_i(key_value_read_tile),
    .read_data_o(key_value_tile_data),
    .range_error_o(key_value_error)
  );

  sta_residual_buffer #(.Tile(Tile), .Beats(ResidualBeats)) u_residual (
    .clk_i,
    .rst_ni,
    .epilogue_read_i(sum_read),
    .epilogue_read_granule_i(sum_read_granule),
    .vector_read_valid_i(vector_read_valid),
    .vector_read_ready_o(vector_read_ready),
    .vector_read_granule_i(vector_read_granule),
    .storer_read_valid_i(store_valid),
    .storer_read_ready_o(store_ready),
    .storer_read_beat_i(store_beat),
    .granule_o(residual_granule),
    .vector_data_valid_o(vector_data_valid),
    .storer_data_valid_o(store_data_valid),
    .beat_o(residual_beat),
    .epilogue_write_i(sum_write),
    .epilogue_write_granule_i(sum_write_granule),
    .epilogue_data_i(sum),
    .vector_write_valid_i(vector_write_valid),
    .vector_write_ready_o(vector_write_ready),
    .vector_write_granule_i(vector_write_granule),
    .vector_data_i(vector_write_data),
    .loader_write_valid_i(load_valid),
    .loader_write_ready_o(load_ready),
    .loader_write_beat_i(load_beat),
    .loader_data_i(load_data),
    .range_error_o(residual_error)
  );

  // The first error counts; of several in one cycle the one with the lowest code.
  always_comb begin
    error_valid_o = 1'b1;
    error_code_o = sta_pkg::ErrorNone;
    if (stream_error) begin
      error_code_o = stream_error_code;
    end else if (reader_range_error || writer_range_error) begin
      error_code_o = sta_pkg::ErrorMemoryRange;
    end else if (activation_error) begin
      error_code_o = sta_pkg::ErrorActivationRow;
    end else if (residual_error) begin
      error_code_o = sta_pkg::ErrorResidual;
    end else if (key_value_error) begin
      error_code_o = sta_pkg::ErrorKeyValue;
    end else if (reader_response_error) begin
      error_code_o = sta_pkg::ErrorReadResponse;
    end else if (writer_response_error) begin
      error_code_o = sta_pkg::ErrorWriteResponse;
    end else begin
      error_valid_o = 1'b0;
    end
  end

  // What the engine does with each cycle: exactly one of these.
  wire logic has_work = engine_busy && !step_taken;
  assign events_o.engine_step = step_taken;
  assign events_o.engine_wait_epilogue = has_work && waiting_epilogue;
  assign events_o.engine_wait_weights = has_work && !waiting_epilogue && waiting_weights;
  assign events_o.engine_wait_softmax =
      has_work && !waiting_epilogue && !waiting_weights && waiting_softmax;
  assign events_o.engine_wait_units = !engine_busy && unit_waiting[sta_pkg::UnitEngine];
  assign events_o.engine_idle =
      (has_work && !waiting_epilogue && !waiting_weights && !waiting_softmax) ||
      (!engine_busy && !unit_waiting[sta_pkg::UnitEngine]);

endmodule

`default_nettype wire
