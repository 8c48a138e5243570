// SPDX-License-Identifier: Apache-2.0
//
// First in, first out. An item written in one cycle can be read in the next. Ready and valid do not
// depend on each other's inputs within a cycle.
`default_nettype none

module sta_fifo #(
  parameter int Width = 8,
  parameter int Depth = 4  // a power of two, at least 2
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,

  input  wire logic             write_valid_i,
  output logic                  write_ready_o,
  input  wire logic [Width-1:0] write_data_i,

  output logic                  read_valid_o,
  input  wire logic             read_ready_i,
  output logic [Width-1:0]      read_data_o
);

  localparam int PointerWidth = $clog2(Depth);

  if (Depth < 2 || (Depth & (Depth - 1)) != 0) begin : g_check_depth
    $error("Depth must be a power of two of at least 2");
  end

  logic [Width-1:0] items [Depth];
  logic [PointerWidth:0] write_q, read_q;

  wire logic push = write_valid_i && write_ready_o;
  wire logic pop = read_valid_o && read_ready_i;

  assign read_valid_o = write_q != read_q;
  assign write_ready_o = (write_q - read_q) != (PointerWidth + 1)'(Depth);
  assign read_data_o = items[read_q[PointerWidth-1:0]];

  always_ff @(posedge clk_i) begin
    if (push) items[write_q[PointerWidth-1:0]] <= write_data_i;
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
    end else begin
      if (push) write_q <= write_q + 1'b1;
      if (pop) read_q <= read_q + 1'b1;
    end
  end

endmodule

`default_nettype wire
