// SPDX-License-Identifier: Apache-2.0
//
// W = epsilon + sum d * d of every row of a granule row, and its reciprocal square root, the rows
// one after the other through one sta_rsqrt.
//
// product_i with valid_i, first_i and last_i (of the granule row). Rows * 15 + 6 cycles after the
// last, valid_o: the results stay until taken_i. The next row may begin at once but not end before.
`default_nettype none

module sta_vector_squares #(
  parameter int Tile = 8,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int Values = GranuleRows * Tile,
  localparam int SquareWidth = 43
) (
  input  wire logic                        clk_i,
  input  wire logic                        rst_ni,

  input  wire logic [31:0]                 epsilon_i,  // constant while an instruction runs
  input  wire logic                        valid_i,
  input  wire logic                        first_i,
  input  wire logic                        last_i,
  input  wire logic [Values*32-1:0]        product_i,

  output logic                             valid_o,
  input  wire logic                        taken_i,
  output logic [GranuleRows*15-1:0]        mantissa_o,
  output logic [GranuleRows*5-1:0]         shift_o
);

  localparam int TotalWidth = 32 + $clog2(Tile);

  // Sums: two cycles in the adder tree, then accumulated.
  logic [1:0] flags;  // last, first
  logic [1:0] valid_q;
  logic       complete_q;
  logic [GranuleRows*SquareWidth-1:0] square_sum_q;

  sta_delay #(.Width(2), .Stages(2)) u_flags (
    .clk_i,
    .data_i({last_i, first_i}),
    .data_o(flags)
  );

  for (genvar g = 0; g < GranuleRows; g++) begin : g_row
    logic [TotalWidth-1:0] total;

    sta_vector_row_sum #(.Tile(Tile), .Width(32)) u_sum (
      .clk_i,
      .values_i(product_i[g*Tile*32 +: Tile*32]),
      .sum_o(total)
    );

    always_ff @(posedge clk_i) begin
      if (valid_q[1]) begin
        square_sum_q[g*SquareWidth +: SquareWidth] <=
            (flags[0] ? SquareWidth'(epsilon_i) : square_sum_q[g*SquareWidth +: SquareWidth]) +
            SquareWidth'(total);
      end
    end
  end

  // Roots: the rows' W move down as they are done, the results come in from above.
  logic [GranuleRows*SquareWidth-1:0] w_q;
  logic [GranuleRows-1:0] waiting_q;  // one bit a row to be done, from bit 0 on
  logic start_q;
  logic root_done;
  logic [14:0] mantissa;
  logic [4:0] shift;

  sta_rsqrt u_rsqrt (
    .clk_i,
    .rst_ni,
    .start_i(start_q),
    .w_i(w_q[SquareWidth-1:0]),
    .done_o(root_done),
    .mantissa_o(mantissa),
    .shift_o(shift)
  );

  always_ff @(posedge clk_i) begin
    if (complete_q) begin
      w_q <= square_sum_q;
    end else if (root_done) begin
      w_q <= w_q >> SquareWidth;
      mantissa_o <= (GranuleRows*15)'({mantissa, mantissa_o} >> 15);
      shift_o <= (GranuleRows*5)'({shift, shift_o} >> 5);
    end
    if (!rst_ni) begin
      valid_q <= '0;
      complete_q <= 1'b0;
      start_q <= 1'b0;
      waiting_q <= '0;
      valid_o <= 1'b0;
    end else begin
      valid_q <= {valid_q[0], valid_i};
      complete_q <= valid_q[1] && flags[1];
      start_q <= complete_q || (root_done && (waiting_q >> 1) != '0);
      if (complete_q) begin
        waiting_q <= '1;
      end else if (root_done) begin
        waiting_q <= waiting_q >> 1;
      end
      if (root_done && (waiting_q >> 1) == '0) begin
        valid_o <= 1'b1;
      end else if (taken_i) begin
        valid_o <= 1'b0;
      end
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!(complete_q && (waiting_q != '0 || valid_o)));
  end
`endif

endmodule

`default_nettype wire
