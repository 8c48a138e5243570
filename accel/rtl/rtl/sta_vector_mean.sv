// SPDX-License-Identifier: Apache-2.0
//
// mean = (S * M + 2^23) >> 24 of every row of a granule row: docs/arithmetic.md section 5. Serial
// over the 25 bits of M, the rows in parallel, so that it costs adders and no multipliers: shifting
// right after each bit gives the same floor as one shift at the end.
//
// sum_valid_i with sum_i starts; valid_o comes 26 cycles later and stays until taken_i. A sum
// must not come earlier. Means beyond 17 bits are clamped to them: x - mean saturates either way.
`default_nettype none

module sta_vector_mean #(
  parameter int Rows = 2,
  localparam int SumWidth = 28,
  localparam int MeanWidth = 17
) (
  input  wire logic                      clk_i,
  input  wire logic                      rst_ni,

  input  wire logic                      sum_valid_i,
  input  wire logic [Rows*SumWidth-1:0]  sum_i,
  input  wire logic [24:0]               reciprocal_i,

  output logic                           valid_o,
  input  wire logic                      taken_i,
  output logic [Rows*MeanWidth-1:0]      mean_o
);

  localparam int Width = SumWidth + 2;
  localparam logic [4:0] RoundStep = 5'd23;
  localparam logic [4:0] LastStep = 5'd24;

  logic        busy_q;
  logic [4:0]  step_q;
  logic [24:0] bits_q;

  wire logic is_last = step_q == LastStep;

  always_ff @(posedge clk_i) begin
    if (sum_valid_i) begin
      bits_q <= reciprocal_i;
      step_q <= '0;
    end else begin
      bits_q <= bits_q >> 1;
      step_q <= step_q + 1'b1;
    end
    if (!rst_ni) begin
      busy_q <= 1'b0;
      valid_o <= 1'b0;
    end else begin
      if (sum_valid_i) begin
        busy_q <= 1'b1;
      end else if (is_last) begin
        busy_q <= 1'b0;
      end
      if (busy_q && is_last) begin
        valid_o <= 1'b1;
      end else if (taken_i) begin
        valid_o <= 1'b0;
      end
    end
  end

  for (genvar r = 0; r < Rows; r++) begin : g_row
    logic signed [SumWidth-1:0] sum_q;
    logic signed [Width-1:0] accumulator_q, term, added;

    assign term = bits_q[0] ? Width'(sum_q) : '0;
    assign added = accumulator_q + term + Width'({1'b0, step_q == RoundStep});

    always_ff @(posedge clk_i) begin
      if (sum_valid_i) begin
        sum_q <= sum_i[r*SumWidth +: SumWidth];
        accumulator_q <= '0;
      end else if (busy_q) begin
        accumulator_q <= is_last ? added : added >>> 1;
      end
    end

    // In range: all bits from the sign of the 17-bit mean on are equal.
    wire logic [Width-MeanWidth:0] high = accumulator_q[Width-1:MeanWidth-1];
    assign mean_o[r*MeanWidth +: MeanWidth] =
        (&high || !(|high)) ? accumulator_q[MeanWidth-1:0]
                            : {accumulator_q[Width-1], {MeanWidth - 1{!accumulator_q[Width-1]}}};
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!(sum_valid_i && (busy_q || valid_o)));
  end
`endif

endmodule

`default_nettype wire
