// SPDX-License-Identifier: Apache-2.0
//
// Takes instructions one after the other, checks each and hands it to the queue of its unit; a
// MATMUL goes to the weight loader as well and a VECTOR to the loader of its parameters. An
// instruction takes two cycles: its check, then its way into all its queues at once, as soon as
// all of them have room.
//
// It runs from the cycle after start_i until END, an error or halt_i, and then takes nothing more.
// end_o and error_valid_o are levels; error_code_o means something with the latter only.
// instruction_number_o is the number of the instruction that it is at: of the bad one after an
// error, of END, or instruction_count_i if END is missing.
// A valid of one queue depends on the readys of all, so no ready may depend on a valid.
`default_nettype none

module sta_dispatcher #(
  parameter int Tile = 8,
  parameter int MaxTokens = 512,
  parameter int MaxChannels = 4096
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,

  input  wire logic                         start_i,
  input  wire logic                         halt_i,
  input  wire logic [15:0]                  instruction_count_i,

  input  wire logic                         instruction_valid_i,
  output logic                              instruction_ready_o,
  input  wire logic [sta_pkg::BeatBits-1:0] instruction_i,

  // Queues: the instruction goes to all with a valid; bits of units as numbered by unit_e.
  output logic [sta_pkg::BeatBits-1:0]      instruction_o,
  output logic [sta_pkg::UnitCount-1:0]     unit_valid_o,
  input  wire logic [sta_pkg::UnitCount-1:0] unit_ready_i,
  output logic                              weights_valid_o,
  input  wire logic                         weights_ready_i,
  output logic                              parameters_valid_o,
  input  wire logic                         parameters_ready_i,

  output logic [16*sta_pkg::UnitCount-1:0]  dispatched_o,  // instructions given to each unit
  output logic                              end_o,         // END came: the units finish the rest
  output logic                              error_valid_o,
  output sta_pkg::error_e                   error_code_o,
  output logic [15:0]                       instruction_number_o
);

  typedef enum logic [2:0] {
    Idle,
    Check,     // waits for an instruction and checks it
    Dispatch,  // waits for room in its queues
    Ended,
    Failed
  } state_e;

  state_e state_q;

  sta_pkg::header_t header;
  assign header = instruction_i[95:0];

  wire logic is_end = header.opcode == sta_pkg::OpEnd;
  wire logic is_matmul = header.opcode == sta_pkg::OpMatmul;
  wire logic is_vector = header.opcode == sta_pkg::OpVector;

  logic [sta_pkg::UnitCount-1:0] unit;

  always_comb begin
    unit = '0;
    unique case (header.opcode)
      sta_pkg::OpLoad: unit[sta_pkg::UnitLoad] = 1'b1;
      sta_pkg::OpStore: unit[sta_pkg::UnitStore] = 1'b1;
      sta_pkg::OpMatmul, sta_pkg::OpAttention: unit[sta_pkg::UnitEngine] = 1'b1;
      sta_pkg::OpVector: unit[sta_pkg::UnitVector] = 1'b1;
      default: unit = '0;
    endcase
  end

  sta_pkg::error_e error;

  sta_instruction_check #(
    .Tile(Tile), .MaxTokens(MaxTokens), .MaxChannels(MaxChannels)
  ) u_check (
    .instruction_i,
    .dispatched_i(dispatched_o),
    .error_o(error)
  );

  wire logic room = (unit & ~unit_ready_i) == '0 && (!is_matmul || weights_ready_i) &&
                    (!is_vector || parameters_ready_i);
  wire logic dispatch = state_q == Dispatch && room && !halt_i;

  assign instruction_ready_o = dispatch;
  assign instruction_o = instruction_i;
  assign unit_valid_o = dispatch ? unit : '0;
  assign weights_valid_o = dispatch && is_matmul;
  assign parameters_valid_o = dispatch && is_vector;
  assign end_o = state_q == Ended;
  assign error_valid_o = state_q == Failed;

  always_ff @(posedge clk_i) begin
    unique case (state_q)
      Idle: if (start_i) state_q <= Check;
      Check: begin
        if (instruction_number_o == instruction_count_i) begin
          state_q <= Failed;
          error_code_o <= sta_pkg::ErrorTruncated;
        end else if (instruction_valid_i) begin
          state_q <= (error == sta_pkg::ErrorNone) ? Dispatch : Failed;
          error_code_o <= error;
        end
      end
      Dispatch: begin
        if (dispatch) begin
          state_q <= is_end ? Ended : Check;
          if (!is_end) instruction_number_o <= instruction_number_o + 1'b1;
        end
      end
      default: state_q <= state_q;
    endcase
    for (int i = 0; i < sta_pkg::UnitCount; i++) begin
      dispatched_o[16*i +: 16] <= dispatched_o[16*i +: 16] + 16'(unit_valid_o[i]);
    end
    if (!rst_ni) begin
      state_q <= Idle;
      instruction_number_o <= '0;
      dispatched_o <= '0;
    end
  end

endmodule

`default_nettype wire
