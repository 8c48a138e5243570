// SPDX-License-Identifier: Apache-2.0
//
// Stands in for the core in the test of sta_kernel: reads the instruction stream, copies the input
// region to the output region through a memory of beats, then shows every counter event i for
// i + 1 cycles and ends. The output region has program_beats, so that a test can make the copy
// leave it. Numbers that errors give: 0 while it reads the stream, 1 the input, 2 for the output.
`default_nettype none

module sta_core #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int ActivationRows = 1024,
  parameter int ResidualBeats = 1024,
  parameter int KeyValueTiles = 1024,
  parameter int MaxTokens = 512,
  parameter int MaxChannels = 4096
) (
  input  wire logic                clk_i,
  input  wire logic                rst_ni,

  input  wire logic                start_i,
  input  wire sta_pkg::arguments_t arguments_i,
  output logic                     end_o,
  output logic                     error_valid_o,
  output logic [7:0]               error_code_o,
  output logic [15:0]              error_instruction_o,
  input  wire logic                halt_i,
  output logic                     quiet_o,

  output sta_pkg::events_t         events_o,
  output logic [1:0]               read_beat_region_o,
  output logic [4:0]               read_beat_address_o,
  output logic [511:0]             read_beat_data_o,
  output logic [4:0]               write_beat_address_o,
  output logic [511:0]             write_beat_data_o,

  output logic                     m_axi_awvalid_o,
  input  wire logic                m_axi_awready_i,
  output logic [63:0]              m_axi_awaddr_o,
  output logic [7:0]               m_axi_awlen_o,
  output logic                     m_axi_wvalid_o,
  input  wire logic                m_axi_wready_i,
  output logic [511:0]             m_axi_wdata_o,
  output logic [63:0]              m_axi_wstrb_o,
  output logic                     m_axi_wlast_o,
  input  wire logic                m_axi_bvalid_i,
  output logic                     m_axi_bready_o,
  input  wire logic [1:0]          m_axi_bresp_i,
  output logic                     m_axi_arvalid_o,
  input  wire logic                m_axi_arready_i,
  output logic [63:0]              m_axi_araddr_o,
  output logic [7:0]               m_axi_arlen_o,
  input  wire logic                m_axi_rvalid_i,
  output logic                     m_axi_rready_o,
  input  wire logic [511:0]        m_axi_rdata_i,
  input  wire logic [1:0]          m_axi_rresp_i,
  input  wire logic                m_axi_rlast_i
);

  typedef enum logic [2:0] {
    StateIdle   = 3'd0,
    StateFetch  = 3'd1,  // the instruction stream, a beat at a time
    StateLoad   = 3'd2,
    StateStore  = 3'd3,
    StateEvents = 3'd4,
    StateEnd    = 3'd5
  } state_e;

  state_e state_q;
  logic taken_q, fetched_q;
  logic [15:0] fetch_q;
  logic [5:0] event_q;

  sta_pkg::transfer_t transfer;
  logic load_ready, load_done, store_ready, store_done;
  logic [1:0] request_valid, request_ready, response_valid, response_ready;
  logic [31:0] load_beat, store_beat;
  logic [4:0] load_beats, store_beats;
  logic [511:0] response_data, store_data, residual_data;
  logic residual_write, residual_read, residual_valid_q;
  logic [27:0] residual_write_beat, residual_read_beat;
  logic writer_request, writer_ready, data_valid, data_ready;
  logic reader_quiet, writer_quiet, read_range, write_range, read_bad, write_bad;

  assign transfer = {320'd0, 32'd0,
                     (state_q == StateLoad) ? arguments_i.input_beats : arguments_i.output_beats,
                     32'd0, 96'd0};
  assign request_valid[0] = state_q == StateFetch && !fetched_q;
  assign response_ready[0] = 1'b1;

  sta_axi_reader #(.Clients(2)) u_reader (
    .clk_i, .rst_ni,
    .request_valid_i(request_valid), .request_ready_o(request_ready),
    .request_region_i({2'(sta_pkg::RegionInput), 2'(sta_pkg::RegionInstructions)}),
    .request_beat_i({load_beat, 16'd0, fetch_q}), .request_beats_i({load_beats, 5'd1}),
    .response_valid_o(response_valid), .response_ready_i(response_ready),
    .response_data_o(response_data),
    .region_base_i({arguments_i.input_base, arguments_i.instructions_base,
                    arguments_i.program_base}),
    .region_beats_i({arguments_i.input_beats, 16'd0, arguments_i.instruction_count,
                     arguments_i.program_beats}),
    .halt_i, .quiet_o(reader_quiet), .range_error_o(read_range), .response_error_o(read_bad),
    .beat_valid_o(events_o.read_beat), .beat_region_o(read_beat_region_o),
    .beat_address_o(read_beat_address_o), .beat_data_o(read_beat_data_o),
    .m_axi_arvalid_o, .m_axi_arready_i, .m_axi_araddr_o, .m_axi_arlen_o,
    .m_axi_rvalid_i, .m_axi_rready_o, .m_axi_rdata_i, .m_axi_rresp_i, .m_axi_rlast_i
  );

  sta_axi_writer u_writer (
    .clk_i, .rst_ni,
    .request_valid_i(writer_request), .request_ready_o(writer_ready),
    .request_beat_i(store_beat), .request_beats_i(store_beats),
    .data_valid_i(data_valid), .data_ready_o(data_ready), .data_i(store_data),
    .region_base_i(arguments_i.output_base),
    .region_beats_i(arguments_i.program_beats),
    .halt_i, .quiet_o(writer_quiet), .range_error_o(write_range), .response_error_o(write_bad),
    .beat_valid_o(events_o.write_beat), .beat_address_o(write_beat_address_o),
    .beat_data_o(write_beat_data_o),
    .m_axi_awvalid_o, .m_axi_awready_i, .m_axi_awaddr_o, .m_axi_awlen_o,
    .m_axi_wvalid_o, .m_axi_wready_i, .m_axi_wdata_o, .m_axi_wstrb_o, .m_axi_wlast_o,
    .m_axi_bvalid_i, .m_axi_bready_o, .m_axi_bresp_i
  );

  sta_row_loader u_loader (
    .clk_i, .rst_ni,
    .instruction_valid_i(state_q == StateLoad && !taken_q), .instruction_ready_o(load_ready),
    .instruction_i(transfer),
    .request_valid_o(request_valid[1]), .request_ready_i(request_ready[1]),
    .request_beat_o(load_beat), .request_beats_o(load_beats),
    .response_valid_i(response_valid[1]), .response_ready_o(response_ready[1]),
    .response_data_i(response_data),
    .residual_valid_o(residual_write), .residual_ready_i(1'b1),
    .residual_beat_o(residual_write_beat), .residual_data_o(residual_data),
    .done_o(load_done)
  );

  logic [511:0] rows [ResidualBeats];
  logic [511:0] row_q;

  sta_row_storer u_storer (
    .clk_i, .rst_ni,
    .instruction_valid_i(state_q == StateStore && !taken_q), .instruction_ready_o(store_ready),
    .instruction_i(transfer),
    .residual_valid_o(residual_read), .residual_ready_i(1'b1),
    .residual_beat_o(residual_read_beat),
    .residual_data_valid_i(residual_valid_q), .residual_data_i(row_q),
    .request_valid_o(writer_request), .request_ready_i(writer_ready),
    .request_beat_o(store_beat), .request_beats_o(store_beats),
    .data_valid_o(data_valid), .data_ready_i(data_ready), .data_o(store_data),
    .writer_quiet_i(writer_quiet), .done_o(store_done)
  );

  // Event i is high in i + 1 of the 28 cycles: 0, then 1 and 2, then 3 to 5, ...
  function automatic logic shown(input logic [5:0] cycle, input logic [5:0] first,
                                 input logic [5:0] count);
    shown = cycle >= first && cycle < first + count;
  endfunction

  wire logic show = state_q == StateEvents;
  assign events_o.engine_step = show && shown(event_q, 6'd0, 6'd1);
  assign events_o.engine_wait_units = show && shown(event_q, 6'd1, 6'd2);
  assign events_o.engine_wait_weights = show && shown(event_q, 6'd3, 6'd3);
  assign events_o.engine_wait_softmax = show && shown(event_q, 6'd6, 6'd4);
  assign events_o.engine_wait_epilogue = show && shown(event_q, 6'd10, 6'd5);
  assign events_o.engine_idle = show && shown(event_q, 6'd15, 6'd6);
  assign events_o.vector_busy = show && shown(event_q, 6'd21, 6'd7);

  assign end_o = state_q == StateEnd;
  assign quiet_o = reader_quiet && writer_quiet;
  assign error_valid_o = read_range || write_range || read_bad || write_bad;
  assign error_instruction_o = 16'(state_q) - 16'd1;
  always_comb begin
    error_code_o = sta_pkg::ErrorWriteResponse;
    if (read_bad) error_code_o = sta_pkg::ErrorReadResponse;
    if (read_range || write_range) error_code_o = sta_pkg::ErrorMemoryRange;
  end

  always_ff @(posedge clk_i) begin
    if (residual_write) rows[$clog2(ResidualBeats)'(residual_write_beat)] <= residual_data;
    row_q <= rows[$clog2(ResidualBeats)'(residual_read_beat)];
    residual_valid_q <= rst_ni && residual_read;
    if (!rst_ni) begin
      state_q <= StateIdle;
      taken_q <= 1'b0;
      fetched_q <= 1'b0;
      fetch_q <= '0;
      event_q <= '0;
    end else begin
      unique case (state_q)
        StateIdle: if (start_i) state_q <= StateFetch;
        StateFetch: begin
          if (request_ready[0] && request_valid[0]) fetched_q <= 1'b1;
          if (response_valid[0]) begin
            fetched_q <= 1'b0;
            fetch_q <= fetch_q + 1'b1;
            if (fetch_q + 1'b1 == arguments_i.instruction_count) state_q <= StateLoad;
          end
        end
        StateLoad: begin
          if (load_ready) taken_q <= 1'b1;
          if (load_done) begin
            taken_q <= 1'b0;
            state_q <= StateStore;
          end
        end
        StateStore: begin
          if (store_ready) taken_q <= 1'b1;
          if (store_done) state_q <= StateEvents;
        end
        StateEvents: begin
          event_q <= event_q + 1'b1;
          if (event_q == 6'd27) state_q <= StateEnd;
        end
        default: ;
      endcase
    end
  end

endmodule

`default_nettype wire
