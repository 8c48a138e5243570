// SPDX-License-Identifier: Apache-2.0
//
// Performance counters: cycles of the run and, for each event of sta_pkg::events_t, the cycles in
// which it was high while enable_i. Events are counted one cycle late. Reset clears all.
`default_nettype none

module sta_counters (
  input  wire logic                          clk_i,
  input  wire logic                          rst_ni,
  input  wire logic                          enable_i,
  input  wire sta_pkg::events_t              events_i,

  output logic [63:0]                        cycles_o,
  output logic [sta_pkg::EventCount*32-1:0]  counts_o  // event of bit 0 of events_i lowest
);

  sta_pkg::events_t events_q;
  wire logic [sta_pkg::EventCount-1:0] counted = events_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cycles_o <= '0;
      counts_o <= '0;
      events_q <= '0;
    end else if (enable_i) begin
      events_q <= events_i;
      cycles_o <= cycles_o + 64'd1;
      for (int i = 0; i < sta_pkg::EventCount; i++) begin
        if (counted[i]) counts_o[i*32 +: 32] <= counts_o[i*32 +: 32] + 32'd1;
      end
    end
  end

endmodule

`default_nettype wire
