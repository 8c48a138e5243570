// SPDX-License-Identifier: Apache-2.0
//
// AXI4 write master for one client: one ID, INCR bursts of whole beats, never across 4 KB.
//
// Requests of 1..16 beats are taken when request_valid_i && request_ready_o; one that leaves the
// region is dropped with a pulse on range_error_o (the run is over then). Data is a stream of the
// beats of all requests in order, taken when data_valid_i && data_ready_o, at the earliest three
// cycles after its request. Every beat that is written pulses beat_valid_o once.
// quiet_o: every request that was taken has been answered on B.
// halt_i (stays high): no burst is issued any more except one that already stands on AW; bursts
// that were issued are finished with strobes off and without taking data; quiet_o says when.
`default_nettype none

module sta_axi_writer #(
  localparam int BaseWidth = sta_pkg::BeatAddressWidth,
  localparam int CountWidth = sta_pkg::BeatCountWidth
) (
  input  wire logic                           clk_i,
  input  wire logic                           rst_ni,

  input  wire logic                           request_valid_i,
  output logic                                request_ready_o,
  input  wire logic [CountWidth-1:0]          request_beat_i,
  input  wire logic [4:0]                     request_beats_i,

  input  wire logic                           data_valid_i,
  output logic                                data_ready_o,
  input  wire logic [sta_pkg::BeatBits-1:0]   data_i,

  input  wire logic [BaseWidth-1:0]           region_base_i,
  input  wire logic [CountWidth-1:0]          region_beats_i,

  input  wire logic                           halt_i,
  output logic                                quiet_o,
  output logic                                range_error_o,
  output logic                                response_error_o,

  output logic                                beat_valid_o,
  output logic [4:0]                          beat_address_o,  // beat address mod 32
  output logic [sta_pkg::BeatBits-1:0]        beat_data_o,

  output logic                                m_axi_awvalid_o,
  input  wire logic                           m_axi_awready_i,
  output logic [63:0]                         m_axi_awaddr_o,
  output logic [7:0]                          m_axi_awlen_o,
  output logic                                m_axi_wvalid_o,
  input  wire logic                           m_axi_wready_i,
  output logic [sta_pkg::BeatBits-1:0]        m_axi_wdata_o,
  output logic [sta_pkg::BeatBytes-1:0]       m_axi_wstrb_o,
  output logic                                m_axi_wlast_o,
  input  wire logic                           m_axi_bvalid_i,
  output logic                                m_axi_bready_o,
  input  wire logic [1:0]                     m_axi_bresp_i
);

  localparam int Outstanding = 16;  // bursts whose answer has not come
  localparam int OutstandingWidth = $clog2(Outstanding + 1);

  // Request, range check and address. The sum has one bit more, so no request wraps back.
  logic request_valid_q, burst_valid_q, burst_free, issue, burst_crosses;
  logic [CountWidth-1:0] request_beat_q;
  logic [4:0] request_beats_q, burst_beats_q;
  logic [BaseWidth-1:0] burst_address_q;
  wire logic [CountWidth:0] request_end =
      {1'b0, request_beat_q} + (CountWidth + 1)'(request_beats_q);
  wire logic request_bad = request_end > {1'b0, region_beats_i};

  assign request_ready_o = !request_valid_q || burst_free;
  assign burst_free = !burst_valid_q || (issue && !burst_crosses);

  // Split at 4 KB = 64 beats; the second part begins the next page.
  wire logic [6:0] burst_room = 7'd64 - 7'(burst_address_q[5:0]);
  assign burst_crosses = 7'(burst_beats_q) > burst_room;
  wire logic [4:0] burst_first = burst_crosses ? burst_room[4:0] : burst_beats_q;

  always_ff @(posedge clk_i) begin
    if (request_ready_o) begin
      request_beat_q <= request_beat_i;
      request_beats_q <= request_beats_i;
    end
    if (burst_free) begin
      burst_address_q <= region_base_i + BaseWidth'(request_beat_q);
      burst_beats_q <= request_beats_q;
    end else if (issue) begin
      burst_address_q <= {burst_address_q[BaseWidth-1:6] + 1'b1, 6'd0};
      burst_beats_q <= burst_beats_q - burst_first;
    end
    if (!rst_ni) begin
      request_valid_q <= 1'b0;
      burst_valid_q <= 1'b0;
      range_error_o <= 1'b0;
    end else begin
      if (request_ready_o) request_valid_q <= request_valid_i;
      if (burst_free) burst_valid_q <= request_valid_q && !request_bad;
      range_error_o <= burst_free && request_valid_q && request_bad;
    end
  end

  // Address channel, and the bursts whose data is to come.
  logic order_ready, order_valid, order_pop;
  logic [4:0] head_beats, head_address;
  logic [OutstandingWidth-1:0] outstanding_q;
  wire logic answered = m_axi_bvalid_i && m_axi_bready_o;

  assign issue = burst_valid_q && !halt_i && order_ready && (!m_axi_awvalid_o || m_axi_awready_i) &&
                 outstanding_q != OutstandingWidth'(Outstanding);

  sta_fifo #(.Width(10), .Depth(4)) u_order (
    .clk_i, .rst_ni,
    .write_valid_i(issue), .write_ready_o(order_ready),
    .write_data_i({burst_first, burst_address_q[4:0]}),
    .read_valid_o(order_valid), .read_ready_i(order_pop), .read_data_o({head_beats, head_address})
  );

  always_ff @(posedge clk_i) begin
    if (issue) begin
      m_axi_awaddr_o <= {burst_address_q, 6'd0};
      m_axi_awlen_o <= 8'(burst_first) - 8'd1;
    end
    if (!rst_ni) begin
      m_axi_awvalid_o <= 1'b0;
      outstanding_q <= '0;
    end else begin
      if (issue) m_axi_awvalid_o <= 1'b1;
      else if (m_axi_awready_i) m_axi_awvalid_o <= 1'b0;
      if (issue && !answered) outstanding_q <= outstanding_q + 1'b1;
      if (!issue && answered) outstanding_q <= outstanding_q - 1'b1;
    end
  end

  // Data channel.
  logic [4:0] beat_q;  // beats of the head burst that were sent
  wire logic data_free = order_valid && (!m_axi_wvalid_o || m_axi_wready_i);
  wire logic send = data_free && (data_valid_i || halt_i);
  wire logic send_last = beat_q == head_beats - 5'd1;

  assign data_ready_o = data_free && !halt_i;
  assign order_pop = send && send_last;
  assign beat_data_o = m_axi_wdata_o;

  always_ff @(posedge clk_i) begin
    if (send) begin
      m_axi_wdata_o <= data_i;
      m_axi_wstrb_o <= halt_i ? '0 : '1;
      m_axi_wlast_o <= send_last;
      beat_address_o <= head_address + beat_q;
    end
    if (!rst_ni) begin
      m_axi_wvalid_o <= 1'b0;
      beat_valid_o <= 1'b0;
      beat_q <= '0;
    end else begin
      if (send) m_axi_wvalid_o <= 1'b1;
      else if (m_axi_wready_i) m_axi_wvalid_o <= 1'b0;
      beat_valid_o <= send && !halt_i;
      if (send) beat_q <= send_last ? 5'd0 : beat_q + 5'd1;
    end
  end

  // Answers.
  assign m_axi_bready_o = 1'b1;
  assign quiet_o = outstanding_q == '0 && (halt_i || (!request_valid_q && !burst_valid_q));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) response_error_o <= 1'b0;
    else response_error_o <= answered && m_axi_bresp_i != 2'b00;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && request_valid_q) assert (request_beats_q >= 5'd1 && request_beats_q <= 5'd16);
    if (rst_ni && answered) assert (outstanding_q != '0);
  end
`endif

endmodule

`default_nettype wire
