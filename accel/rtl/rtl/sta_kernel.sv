// SPDX-License-Identifier: Apache-2.0
//
// The kernel as XRT sees it: registers (doc/registers.md), the run's sequence, counters, checksums,
// and the core with its memory port. All ports are synchronous to ap_clk.
`default_nettype none

module sta_kernel #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int ActivationRows = 1024,
  parameter int ResidualBeats = 1024,
  parameter int KeyValueTiles = 1024,
  parameter int MaxTokens = 512,
  parameter int MaxChannels = 4096
) (
  input  wire logic         ap_clk,
  input  wire logic         ap_rst_n,
  output logic              interrupt,

  input  wire logic         s_axi_control_awvalid,
  output logic              s_axi_control_awready,
  input  wire logic [11:0]  s_axi_control_awaddr,
  input  wire logic         s_axi_control_wvalid,
  output logic              s_axi_control_wready,
  input  wire logic [31:0]  s_axi_control_wdata,
  input  wire logic [3:0]   s_axi_control_wstrb,
  output logic              s_axi_control_bvalid,
  input  wire logic         s_axi_control_bready,
  output logic [1:0]        s_axi_control_bresp,
  input  wire logic         s_axi_control_arvalid,
  output logic              s_axi_control_arready,
  input  wire logic [11:0]  s_axi_control_araddr,
  output logic              s_axi_control_rvalid,
  input  wire logic         s_axi_control_rready,
  output logic [31:0]       s_axi_control_rdata,
  output logic [1:0]        s_axi_control_rresp,

  output logic              m_axi_gmem_awvalid,
  input  wire logic         m_axi_gmem_awready,
  output logic [63:0]       m_axi_gmem_awaddr,
  output logic [7:0]        m_axi_gmem_awlen,
  output logic [2:0]        m_axi_gmem_awsize,
  output logic [1:0]        m_axi_gmem_awburst,
  output logic [3:0]        m_axi_gmem_awcache,
  output logic [2:0]        m_axi_gmem_awprot,
  output logic              m_axi_gmem_wvalid,
  input  wire logic         m_axi_gmem_wready,
  output logic [511:0]      m_axi_gmem_wdata,
  output logic [63:0]       m_axi_gmem_wstrb,
  output logic              m_axi_gmem_wlast,
  input  wire logic         m_axi_gmem_bvalid,
  output logic              m_axi_gmem_bready,
  input  wire logic [1:0]   m_axi_gmem_bresp,
  output logic              m_axi_gmem_arvalid,
  input  wire logic         m_axi_gmem_arready,
  output logic [63:0]       m_axi_gmem_araddr,
  output logic [7:0]        m_axi_gmem_arlen,
  output logic [2:0]        m_axi_gmem_arsize,
  output logic [1:0]        m_axi_gmem_arburst,
  output logic [3:0]        m_axi_gmem_arcache,
  output logic [2:0]        m_axi_gmem_arprot,
  input  wire logic         m_axi_gmem_rvalid,
  output logic              m_axi_gmem_rready,
  input  wire logic [511:0] m_axi_gmem_rdata,
  input  wire logic [1:0]   m_axi_gmem_rresp,
  input  wire logic         m_axi_gmem_rlast
);

  assign s_axi_control_bresp = 2'b00;
  assign s_axi_control_rresp = 2'b00;

  // Bursts of whole beats, incrementing; normal, modifiable, bufferable memory.
  assign m_axi_gmem_awsize = 3'd6;
  assign m_axi_gmem_awburst = 2'b01;
  assign m_axi_gmem_awcache = 4'b0011;
  assign m_axi_gmem_awprot = 3'b000;
  assign m_axi_gmem_arsize = 3'd6;
  assign m_axi_gmem_arburst = 2'b01;
  assign m_axi_gmem_arcache = 4'b0011;
  assign m_axi_gmem_arprot = 3'b000;

  logic rst_nq;
  logic start, idle, done, core_rst_n, core_start, counting, halt, core_quiet, core_end;
  logic error_valid;
  logic [7:0] core_error_code, error_code;
  logic [15:0] core_error_instruction, error_instruction;
  sta_pkg::arguments_t register_arguments, arguments;
  sta_pkg::events_t events;
  logic [63:0] cycles;
  logic [sta_pkg::EventCount*32-1:0] counts;
  logic [1:0] checksum_busy;
  logic [95:0] checksums;
  logic [1:0] read_region;
  logic [4:0] read_address, write_address;
  logic [511:0] read_data, write_data;

  always_ff @(posedge ap_clk) rst_nq <= ap_rst_n;

  // From the first cycle of a reset on, whatever the registers began with.
  wire logic unit_rst_n = ap_rst_n && rst_nq && core_rst_n;

  sta_control #(
    .Tile(Tile), .Lanes(Lanes), .ActivationRows(ActivationRows), .ResidualBeats(ResidualBeats),
    .KeyValueTiles(KeyValueTiles), .MaxTokens(MaxTokens), .MaxChannels(MaxChannels)
  ) u_control (
    .clk_i(ap_clk), .rst_ni(rst_nq),
    .awvalid_i(s_axi_control_awvalid), .awready_o(s_axi_control_awready),
    .awaddr_i(s_axi_control_awaddr),
    .wvalid_i(s_axi_control_wvalid), .wready_o(s_axi_control_wready),
    .wdata_i(s_axi_control_wdata), .wstrb_i(s_axi_control_wstrb),
    .bvalid_o(s_axi_control_bvalid), .bready_i(s_axi_control_bready),
    .arvalid_i(s_axi_control_arvalid), .arready_o(s_axi_control_arready),
    .araddr_i(s_axi_control_araddr),
    .rvalid_o(s_axi_control_rvalid), .rready_i(s_axi_control_rready),
    .rdata_o(s_axi_control_rdata),
    .interrupt_o(interrupt),
    .start_o(start), .idle_i(idle), .done_i(done), .arguments_o(register_arguments),
    .error_code_i(error_code), .error_instruction_i(error_instruction),
    .cycles_i(cycles), .counts_i(counts), .checksums_i(checksums)
  );

  sta_run_control u_run_control (
    .clk_i(ap_clk), .rst_ni(rst_nq),
    .start_i(start), .arguments_i(register_arguments), .idle_o(idle), .done_o(done),
    .error_code_o(error_code), .error_instruction_o(error_instruction),
    .core_rst_no(core_rst_n), .core_start_o(core_start), .arguments_o(arguments),
    .counting_o(counting), .halt_o(halt), .quiet_i(core_quiet && checksum_busy == '0),
    .end_i(core_end), .error_valid_i(error_valid), .error_code_i(core_error_code),
    .error_instruction_i(core_error_instruction)
  );

  sta_counters u_counters (
    .clk_i(ap_clk), .rst_ni(unit_rst_n), .enable_i(counting), .events_i(events),
    .cycles_o(cycles), .counts_o(counts)
  );

  sta_checksum #(.Sums(2)) u_read_checksum (
    .clk_i(ap_clk), .rst_ni(unit_rst_n),
    .beat_valid_i(events.read_beat), .beat_sum_i(read_region == sta_pkg::RegionInput),
    .beat_address_i(read_address), .beat_data_i(read_data),
    .busy_o(checksum_busy[0]), .sums_o(checksums[63:0])
  );

  sta_checksum #(.Sums(1)) u_write_checksum (
    .clk_i(ap_clk), .rst_ni(unit_rst_n),
    .beat_valid_i(events.write_beat), .beat_sum_i(1'b0),
    .beat_address_i(write_address), .beat_data_i(write_data),
    .busy_o(checksum_busy[1]), .sums_o(checksums[95:64])
  );

  sta_core #(
    .Tile(Tile), .Lanes(Lanes), .ActivationRows(ActivationRows), .ResidualBeats(ResidualBeats),
    .KeyValueTiles(KeyValueTiles), .MaxTokens(MaxTokens), .MaxChannels(MaxChannels)
  ) u_core (
    .clk_i(ap_clk), .rst_ni(unit_rst_n),
    .start_i(core_start), .arguments_i(arguments), .end_o(core_end),
    .error_valid_o(error_valid), .error_code_o(core_error_code),
    .error_instruction_o(core_error_instruction),
    .halt_i(halt), .quiet_o(core_quiet),
    .events_o(events),
    .read_beat_region_o(read_region), .read_beat_address_o(read_address),
    .read_beat_data_o(read_data),
    .write_beat_address_o(write_address), .write_beat_data_o(write_data),
    .m_axi_awvalid_o(m_axi_gmem_awvalid), .m_axi_awready_i(m_axi_gmem_awready),
    .m_axi_awaddr_o(m_axi_gmem_awaddr), .m_axi_awlen_o(m_axi_gmem_awlen),
    .m_axi_wvalid_o(m_axi_gmem_wvalid), .m_axi_wready_i(m_axi_gmem_wready),
    .m_axi_wdata_o(m_axi_gmem_wdata), .m_axi_wstrb_o(m_axi_gmem_wstrb),
    .m_axi_wlast_o(m_axi_gmem_wlast),
    .m_axi_bvalid_i(m_axi_gmem_bvalid), .m_axi_bready_o(m_axi_gmem_bready),
    .m_axi_bresp_i(m_axi_gmem_bresp),
    .m_axi_arvalid_o(m_axi_gmem_arvalid), .m_axi_arready_i(m_axi_gmem_arready),
    .m_axi_araddr_o(m_axi_gmem_araddr), .m_axi_arlen_o(m_axi_gmem_arlen),
    .m_axi_rvalid_i(m_axi_gmem_rvalid), .m_axi_rready_o(m_axi_gmem_rready),
    .m_axi_rdata_i(m_axi_gmem_rdata), .m_axi_rresp_i(m_axi_gmem_rresp),
    .m_axi_rlast_i(m_axi_gmem_rlast)
  );

endmodule

`default_nettype wire
