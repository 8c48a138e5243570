// SPDX-License-Identifier: Apache-2.0
//
// Read arbiter and AXI4 read master: one ID, INCR bursts of whole beats, never across 4 KB.
//
// Requests: taken when request_valid_i && request_ready_o; a client's valid must not depend on its
// ready, and must stay until taken. Client 0 goes first. A request of 1..16 beats that leaves its
// region is dropped with a pulse on range_error_o (the run is over then), else it becomes one or
// two bursts, the first on AR three cycles later.
// Responses: beats come in the order in which the bursts were issued, one cycle after the handshake
// on R; a client that holds response_ready_i low holds up all others. A beat with a response other
// than OKAY is not handed out: it pulses response_error_o. Every beat pulses beat_valid_o once.
// halt_i (stays high): no burst is issued any more except one that already stands on AR, beats in
// flight are dropped, and quiet_o says that none is left.
`default_nettype none

module sta_axi_reader #(
  parameter int Clients = 4,
  localparam int RegionWidth = 2,
  localparam int BaseWidth = sta_pkg::BeatAddressWidth,
  localparam int CountWidth = sta_pkg::BeatCountWidth
) (
  input  wire logic                                       clk_i,
  input  wire logic                                       rst_ni,

  input  wire logic [Clients-1:0]                         request_valid_i,
  output logic [Clients-1:0]                              request_ready_o,
  input  wire logic [Clients*RegionWidth-1:0]             request_region_i,
  input  wire logic [Clients*CountWidth-1:0]              request_beat_i,
  input  wire logic [Clients*5-1:0]                       request_beats_i,

  output logic [Clients-1:0]                              response_valid_o,
  input  wire logic [Clients-1:0]                         response_ready_i,
  output logic [sta_pkg::BeatBits-1:0]                    response_data_o,

  input  wire logic [sta_pkg::ReadRegions*BaseWidth-1:0]  region_base_i,
  input  wire logic [sta_pkg::ReadRegions*CountWidth-1:0] region_beats_i,

  input  wire logic                                       halt_i,
  output logic                                            quiet_o,
  output logic                                            range_error_o,
  output logic                                            response_error_o,

  output logic                                            beat_valid_o,
  output logic [RegionWidth-1:0]                          beat_region_o,
  output logic [4:0]                                      beat_address_o,  // beat address mod 32
  output logic [sta_pkg::BeatBits-1:0]                    beat_data_o,

  output logic                                            m_axi_arvalid_o,
  input  wire logic                                       m_axi_arready_i,
  output logic [63:0]                                     m_axi_araddr_o,
  output logic [7:0]                                      m_axi_arlen_o,
  input  wire logic                                       m_axi_rvalid_i,
  output logic                                            m_axi_rready_o,
  input  wire logic [sta_pkg::BeatBits-1:0]               m_axi_rdata_i,
  input  wire logic [1:0]                                 m_axi_rresp_i,
  input  wire logic                                       m_axi_rlast_i
);

  localparam int ClientWidth = (Clients > 1) ? $clog2(Clients) : 1;
  localparam int Outstanding = 32;  // bursts: 32 x 16 beats cover a latency of 500 cycles

  // Arbiter.
  logic request_free, request_valid_q, burst_free, burst_valid_q;
  logic [Clients-1:0] grant;
  logic [ClientWidth-1:0] granted;

  always_comb begin
    grant = '0;
    granted = '0;
    for (int i = Clients - 1; i >= 0; i--) begin
      if (request_valid_i[i]) begin
        grant = '0;
        grant[i] = 1'b1;
        granted = ClientWidth'(i);
      end
    end
  end

  assign request_free = !request_valid_q || burst_free;
  assign request_ready_o = request_free ? grant : '0;

  logic [ClientWidth-1:0] request_client_q;
  logic [RegionWidth-1:0] request_region_q;
  logic [CountWidth-1:0] request_beat_q;
  logic [4:0] request_beats_q;

  always_ff @(posedge clk_i) begin
    if (request_free) begin
      request_client_q <= granted;
      request_region_q <= request_region_i[granted*RegionWidth +: RegionWidth];
      request_beat_q <= request_beat_i[granted*CountWidth +: CountWidth];
      request_beats_q <= request_beats_i[granted*5 +: 5];
    end
    if (!rst_ni) request_valid_q <= 1'b0;
    else if (request_free) request_valid_q <= |request_valid_i;
  end

  // Range check and address. The sum has one bit more, so no request wraps back into its region.
  wire logic [CountWidth:0] request_end =
      {1'b0, request_beat_q} + (CountWidth + 1)'(request_beats_q);
  wire logic request_bad =
      request_end > {1'b0, region_beats_i[request_region_q*CountWidth +: CountWidth]};

  logic [ClientWidth-1:0] burst_client_q;
  logic [RegionWidth-1:0] burst_region_q;
  logic [BaseWidth-1:0] burst_address_q;
  logic [4:0] burst_beats_q;
  logic issue, burst_crosses;

  assign burst_free = !burst_valid_q || (issue && !burst_crosses);

  // Split at 4 KB = 64 beats; the second part begins the next page.
  wire logic [6:0] burst_room = 7'd64 - 7'(burst_address_q[5:0]);
  assign burst_crosses = 7'(burst_beats_q) > burst_room;
  wire logic [4:0] burst_first = burst_crosses ? burst_room[4:0] : burst_beats_q;

  always_ff @(posedge clk_i) begin
    if (burst_free) begin
      burst_client_q <= request_client_q;
      burst_region_q <= request_region_q;
      burst_address_q <= region_base_i[request_region_q*BaseWidth +: BaseWidth] +
                         BaseWidth'(request_beat_q);
      burst_beats_q <= request_beats_q;
    end else if (issue) begin
      burst_address_q <= {burst_address_q[BaseWidth-1:6] + 1'b1, 6'd0};
      burst_beats_q <= burst_beats_q - burst_first;
    end
    if (!rst_ni) begin
      burst_valid_q <= 1'b0;
      range_error_o <= 1'b0;
    end else begin
      if (burst_free) burst_valid_q <= request_valid_q && !request_bad;
      range_error_o <= burst_free && request_valid_q && request_bad;
    end
  end

  // Address channel, and what is in flight.
  logic order_ready, order_valid, order_pop;
  logic [ClientWidth-1:0] head_client;
  logic [RegionWidth-1:0] head_region;
  logic [4:0] head_address;

  assign issue = burst_valid_q && !halt_i && order_ready && (!m_axi_arvalid_o || m_axi_arready_i);

  sta_fifo #(.Width(ClientWidth + RegionWidth + 5), .Depth(Outstanding)) u_order (
    .clk_i, .rst_ni,
    .write_valid_i(issue), .write_ready_o(order_ready),
    .write_data_i({burst_client_q, burst_region_q, burst_address_q[4:0]}),
    .read_valid_o(order_valid), .read_ready_i(order_pop),
    .read_data_o({head_client, head_region, head_address})
  );

  always_ff @(posedge clk_i) begin
    if (issue) begin
      m_axi_araddr_o <= {burst_address_q, 6'd0};
      m_axi_arlen_o <= 8'(burst_first) - 8'd1;
    end
    if (!rst_ni) m_axi_arvalid_o <= 1'b0;
    else if (issue) m_axi_arvalid_o <= 1'b1;
    else if (m_axi_arready_i) m_axi_arvalid_o <= 1'b0;
  end

  // Data channel.
  logic response_valid_q, response_bad_q, response_pop;
  logic [ClientWidth-1:0] response_client_q;
  logic [4:0] beat_q;  // beats of the head burst that have come
  wire logic beat_taken = m_axi_rvalid_i && m_axi_rready_o;

  assign response_pop = response_bad_q || halt_i || response_ready_i[response_client_q];
  assign m_axi_rready_o = !response_valid_q || response_pop;
  assign order_pop = beat_taken && m_axi_rlast_i;
  assign beat_data_o = response_data_o;
  assign quiet_o = !m_axi_arvalid_o && !order_valid && !response_valid_q;

  always_comb begin
    response_valid_o = '0;
    response_valid_o[response_client_q] = response_valid_q && !response_bad_q && !halt_i;
  end

  always_ff @(posedge clk_i) begin
    if (beat_taken) begin
      response_client_q <= head_client;
      response_bad_q <= m_axi_rresp_i != 2'b00;
      response_data_o <= m_axi_rdata_i;
      beat_region_o <= head_region;
      beat_address_o <= head_address + beat_q;
    end
    if (!rst_ni) begin
      response_valid_q <= 1'b0;
      beat_valid_o <= 1'b0;
      response_error_o <= 1'b0;
      beat_q <= '0;
    end else begin
      if (m_axi_rready_o) response_valid_q <= m_axi_rvalid_i;
      beat_valid_o <= beat_taken;
      response_error_o <= beat_taken && m_axi_rresp_i != 2'b00;
      if (beat_taken) beat_q <= m_axi_rlast_i ? 5'd0 : beat_q + 5'd1;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && request_valid_q) begin
      assert (request_beats_q >= 5'd1 && request_beats_q <= 5'd16);
      assert (32'(request_region_q) < sta_pkg::ReadRegions);
    end
    if (rst_ni && m_axi_rvalid_i) assert (order_valid);
  end
`endif

endmodule

`default_nettype wire
