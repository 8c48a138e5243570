// SPDX-License-Identifier: Apache-2.0
//
// s_axi_control: AXI4-Lite slave with the registers of doc/registers.md and ap_ctrl_hs.
// One write and one read at a time. start_o is high from the write of ap_start until done_i (with
// auto_restart, on); done_i is a pulse. arguments_o follows the registers. interrupt_o is one cycle
// behind them.
`default_nettype none

module sta_control #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int ActivationRows = 1024,
  parameter int ResidualBeats = 1024,
  parameter int KeyValueTiles = 1024,
  parameter int MaxTokens = 512,
  parameter int MaxChannels = 4096,
  localparam int LiteAddressWidth = 12
) (
  input  wire logic                              clk_i,
  input  wire logic                              rst_ni,

  input  wire logic                              awvalid_i,
  output logic                                   awready_o,
  input  wire logic [LiteAddressWidth-1:0]       awaddr_i,
  input  wire logic                              wvalid_i,
  output logic                                   wready_o,
  input  wire logic [31:0]                       wdata_i,
  input  wire logic [3:0]                        wstrb_i,
  output logic                                   bvalid_o,
  input  wire logic                              bready_i,
  input  wire logic                              arvalid_i,
  output logic                                   arready_o,
  input  wire logic [LiteAddressWidth-1:0]       araddr_i,
  output logic                                   rvalid_o,
  input  wire logic                              rready_i,
  output logic [31:0]                            rdata_o,

  output logic                                   interrupt_o,
  output logic                                   start_o,
  input  wire logic                              idle_i,
  input  wire logic                              done_i,
  output sta_pkg::arguments_t                    arguments_o,

  input  wire logic [7:0]                        error_code_i,
  input  wire logic [15:0]                       error_instruction_i,
  input  wire logic [63:0]                       cycles_i,
  input  wire logic [sta_pkg::EventCount*32-1:0] counts_i,
  input  wire logic [3*32-1:0]                   checksums_i  // program lowest, input, output
);

  // Words of the register file; byte offset / 4.
  localparam int WordWidth = LiteAddressWidth - 2;
  localparam logic [WordWidth-1:0] WordControl = 'h00 / 4;
  localparam logic [WordWidth-1:0] WordGlobalInterrupt = 'h04 / 4;
  localparam logic [WordWidth-1:0] WordInterruptEnable = 'h08 / 4;
  localparam logic [WordWidth-1:0] WordInterruptStatus = 'h0C / 4;
  localparam logic [WordWidth-1:0] WordArguments = 'h10 / 4;
  localparam logic [WordWidth-1:0] WordStatus = 'h80 / 4;
  localparam int ArgumentWords = 19;  // 0x10 to 0x58
  localparam int StatusWords = 23;    // 0x80 to 0xD8
  localparam int AlignBits = 11;      // regions begin at multiples of 2,048

  // Which of the argument words exist, and their bits: pointers in words 0/1, 3/4, 6/7, 9/10.
  function automatic logic [31:0] argument_mask(input int word);
    unique case (word)
      0, 3, 6, 9:               argument_mask = {{(32-AlignBits){1'b1}}, {AlignBits{1'b0}}};
      1, 4, 7, 10, 14, 16, 18:  argument_mask = 32'hFFFFFFFF;
      12:                       argument_mask = 32'h0000FFFF;
      default:                  argument_mask = '0;
    endcase
  endfunction

  // Write channel: address and data are taken in any order, then written and answered.
  logic [WordWidth-1:0] write_word_q;
  logic [31:0] write_data_q, write_mask;
  logic [3:0] write_strobe_q;
  logic address_q, data_q;
  wire logic write = address_q && data_q && !bvalid_o;
  wire logic write_low = write && write_strobe_q[0];  // registers of up to eight bits

  // Not ready in reset, which may last a cycle longer here than for the master.
  assign awready_o = rst_ni && !address_q;
  assign wready_o = rst_ni && !data_q;
  assign write_mask = {{8{write_strobe_q[3]}}, {8{write_strobe_q[2]}},
                       {8{write_strobe_q[1]}}, {8{write_strobe_q[0]}}};

  always_ff @(posedge clk_i) begin
    if (awready_o) write_word_q <= awaddr_i[LiteAddressWidth-1:2];
    if (wready_o) begin
      write_data_q <= wdata_i;
      write_strobe_q <= wstrb_i;
    end
    if (!rst_ni) begin
      address_q <= 1'b0;
      data_q <= 1'b0;
      bvalid_o <= 1'b0;
    end else begin
      address_q <= write ? 1'b0 : address_q || awvalid_i;
      data_q <= write ? 1'b0 : data_q || wvalid_i;
      if (write) bvalid_o <= 1'b1;
      else if (bready_i) bvalid_o <= 1'b0;
    end
  end

  // Read channel.
  logic [31:0] read_data;
  logic [ArgumentWords*32-1:0] arguments_q;
  logic [StatusWords*32-1:0] status;
  logic [7:0] control;
  logic [1:0] interrupt_enable_q, interrupt_status_q;
  logic global_interrupt_q;
  wire logic read = arvalid_i && arready_o;
  wire logic [WordWidth-1:0] read_word = araddr_i[LiteAddressWidth-1:2];
  wire logic read_control = read && read_word == WordControl;

  assign arready_o = rst_ni && !rvalid_o;

  always_comb begin
    read_data = '0;
    if (read_word == WordControl) read_data = 32'(control);
    if (read_word == WordGlobalInterrupt) read_data = 32'(global_interrupt_q);
    if (read_word == WordInterruptEnable) read_data = 32'(interrupt_enable_q);
    if (read_word == WordInterruptStatus) read_data = 32'(interrupt_status_q);
    for (int i = 0; i < ArgumentWords; i++) begin
      if (read_word == WordArguments + WordWidth'(i)) read_data = arguments_q[i*32 +: 32];
    end
    for (int i = 0; i < StatusWords; i++) begin
      if (read_word == WordStatus + WordWidth'(i)) read_data = status[i*32 +: 32];
    end
  end

  always_ff @(posedge clk_i) begin
    if (read) rdata_o <= read_data;
    if (!rst_ni) rvalid_o <= 1'b0;
    else if (read) rvalid_o <= 1'b1;
    else if (rready_i) rvalid_o <= 1'b0;
  end

  // ap_ctrl_hs and the interrupt. A run that ends in the cycle of a read or a write is not lost.
  logic done_q, ready_q, auto_restart_q;
  wire logic write_control = write_low && write_word_q == WordControl;
  wire logic [1:0] events = interrupt_enable_q & {2{done_i}};  // done and ready come together
  wire logic [1:0] toggles =
      (write_low && write_word_q == WordInterruptStatus) ? write_data_q[1:0] : 2'b00;

  assign control = {auto_restart_q, 3'b000, ready_q, idle_i && !start_o, done_q, start_o};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      start_o <= 1'b0;
      done_q <= 1'b0;
      ready_q <= 1'b0;
      auto_restart_q <= 1'b0;
      global_interrupt_q <= 1'b0;
      interrupt_enable_q <= '0;
      interrupt_status_q <= '0;
      interrupt_o <= 1'b0;
      arguments_q <= '0;
    end else begin
      if (write_control && write_data_q[0]) start_o <= 1'b1;
      else if (done_i) start_o <= auto_restart_q;
      done_q <= done_i || (done_q && !read_control);
      ready_q <= done_i || (ready_q && !read_control);
      if (write_control) auto_restart_q <= write_data_q[7];
      if (write_low && write_word_q == WordGlobalInterrupt) global_interrupt_q <= write_data_q[0];
      if (write_low && write_word_q == WordInterruptEnable) begin
        interrupt_enable_q <= write_data_q[1:0];
      end
      interrupt_status_q <= (interrupt_status_q ^ toggles) | events;
      interrupt_o <= global_interrupt_q && interrupt_status_q != '0;
      for (int i = 0; i < ArgumentWords; i++) begin
        if (write && write_word_q == WordArguments + WordWidth'(i)) begin
          arguments_q[i*32 +: 32] <= argument_mask(i) & ((arguments_q[i*32 +: 32] & ~write_mask) |
                                                         (write_data_q & write_mask));
        end
      end
    end
  end

  assign arguments_o.program_base = arguments_q[0*32+6 +: 58];
  assign arguments_o.instructions_base = arguments_q[3*32+6 +: 58];
  assign arguments_o.input_base = arguments_q[6*32+6 +: 58];
  assign arguments_o.output_base = arguments_q[9*32+6 +: 58];
  assign arguments_o.instruction_count = arguments_q[12*32 +: 16];
  assign arguments_o.program_beats = arguments_q[14*32 +: 32];
  assign arguments_o.input_beats = arguments_q[16*32 +: 32];
  assign arguments_o.output_beats = arguments_q[18*32 +: 32];

  // 0xD8 down to 0x80.
  assign status = {checksums_i, 32'd0, counts_i, cycles_i, 32'd0,
                   32'(MaxChannels), 32'(MaxTokens), 32'(KeyValueTiles), 32'(ResidualBeats),
                   32'(ActivationRows), 8'(Lanes), 8'(Tile), 16'(sta_pkg::Version),
                   error_instruction_i, 8'd0, error_code_i};

endmodule

`default_nettype wire
