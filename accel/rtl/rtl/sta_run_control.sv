// SPDX-License-Identifier: Apache-2.0
//
// The sequence of a run: start_i (a level, looked at when idle) -> arguments are taken -> the core
// is reset for ResetCycles -> core_start_o pulses -> the core runs until it ends or reports an
// error -> halt_o -> when the core is quiet, done_o pulses and a new run may start.
// The first error of a run is kept with its instruction's number until the next run; one that comes
// together with the end counts, one that comes later does not.
`default_nettype none

module sta_run_control #(
  parameter int ResetCycles = 4
) (
  input  wire logic                clk_i,
  input  wire logic                rst_ni,

  input  wire logic                start_i,
  input  wire sta_pkg::arguments_t arguments_i,
  output logic                     idle_o,
  output logic                     done_o,
  output logic [7:0]               error_code_o,
  output logic [15:0]              error_instruction_o,

  output logic                     core_rst_no,
  output logic                     core_start_o,
  output sta_pkg::arguments_t      arguments_o,
  output logic                     counting_o,   // the run's cycles, from the core's start to done
  output logic                     halt_o,
  input  wire logic                quiet_i,
  input  wire logic                end_i,
  input  wire logic                error_valid_i,
  input  wire logic [7:0]          error_code_i,
  input  wire logic [15:0]         error_instruction_i
);

  typedef enum logic [2:0] {
    StateIdle  = 3'd0,
    StateReset = 3'd1,
    StateStart = 3'd2,
    StateRun   = 3'd3,
    StateHalt  = 3'd4,
    StateDone  = 3'd5
  } state_e;

  localparam int ResetWidth = $clog2(ResetCycles);

  state_e state_q;
  logic [ResetWidth-1:0] reset_q;

  assign idle_o = state_q == StateIdle;
  assign done_o = state_q == StateDone;
  assign counting_o = state_q == StateRun || state_q == StateHalt;

  always_ff @(posedge clk_i) begin
    if (idle_o && start_i) arguments_o <= arguments_i;
    // Registered, because they reach every unit.
    core_rst_no <= rst_ni && state_q != StateReset;
    core_start_o <= rst_ni && state_q == StateStart;
    if (!rst_ni) begin
      state_q <= StateIdle;
      reset_q <= '0;
      halt_o <= 1'b0;
      error_code_o <= sta_pkg::ErrorNone;
      error_instruction_o <= '0;
    end else begin
      unique case (state_q)
        StateIdle: if (start_i) state_q <= StateReset;
        StateReset: begin
          reset_q <= reset_q + 1'b1;
          halt_o <= 1'b0;
          error_code_o <= sta_pkg::ErrorNone;
          error_instruction_o <= '0;
          if (reset_q == ResetWidth'(ResetCycles - 1)) begin
            reset_q <= '0;
            state_q <= StateStart;
          end
        end
        StateStart: state_q <= StateRun;
        StateRun: begin
          if (error_valid_i) begin
            error_code_o <= error_code_i;
            error_instruction_o <= error_instruction_i;
          end
          if (error_valid_i || end_i) begin
            halt_o <= 1'b1;
            state_q <= StateHalt;
          end
        end
        StateHalt: if (quiet_i) state_q <= StateDone;
        default: state_q <= StateIdle;
      endcase
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && state_q == StateRun && error_valid_i) assert (error_code_i != '0);
  end
`endif

endmodule

`default_nettype wire
