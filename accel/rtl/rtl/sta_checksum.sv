// SPDX-License-Identifier: Apache-2.0
//
// Sums of the beats that pass by (doc/instruction-set.md, "Checksum"): a beat adds
// rotl32(sum over its words w[i] of rotl32(w[i], i), beat address mod 32) to sum beat_sum_i.
// Takes a beat every cycle; it is in sums_o four cycles later, and busy_o is high until then.
// Reset clears the sums.
`default_nettype none

module sta_checksum #(
  parameter int Sums = 2,
  localparam int SelectWidth = (Sums > 1) ? $clog2(Sums) : 1
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,

  input  wire logic                         beat_valid_i,
  input  wire logic [SelectWidth-1:0]       beat_sum_i,
  input  wire logic [4:0]                   beat_address_i,
  input  wire logic [sta_pkg::BeatBits-1:0] beat_data_i,

  output logic                              busy_o,
  output logic [Sums*32-1:0]                sums_o
);

  localparam int Words = sta_pkg::BeatBits / 32;
  localparam int Stages = 3;  // quarters, total, rotated

  function automatic logic [31:0] rotate_left(input logic [31:0] word, input logic [4:0] amount);
    logic [31:0] rotated;
    rotated = word;
    if (amount[0]) rotated = {rotated[30:0], rotated[31]};
    if (amount[1]) rotated = {rotated[29:0], rotated[31:30]};
    if (amount[2]) rotated = {rotated[27:0], rotated[31:28]};
    if (amount[3]) rotated = {rotated[23:0], rotated[31:24]};
    if (amount[4]) rotated = {rotated[15:0], rotated[31:16]};
    rotate_left = rotated;
  endfunction

  // Word i rotated by i: wires only.
  logic [Words*32-1:0] words;
  for (genvar i = 0; i < Words; i++) begin : g_word
    if (i == 0) begin : g_plain
      assign words[31:0] = beat_data_i[31:0];
    end else begin : g_rotated
      assign words[i*32 +: 32] = {beat_data_i[i*32 +: 32-i], beat_data_i[i*32+32-i +: i]};
    end
  end

  logic [Stages-1:0] valid_q;
  logic [Stages*SelectWidth-1:0] sum_q;
  logic [4:0] address_q, total_address_q;
  logic [4*32-1:0] quarters_q;
  logic [31:0] total_q, rotated_q;
  wire logic [SelectWidth-1:0] last_sum = sum_q[(Stages-1)*SelectWidth +: SelectWidth];

  assign busy_o = |valid_q;

  always_ff @(posedge clk_i) begin
    for (int i = 0; i < 4; i++) begin
      quarters_q[i*32 +: 32] <= (words[(4*i)*32 +: 32] + words[(4*i+1)*32 +: 32]) +
                                (words[(4*i+2)*32 +: 32] + words[(4*i+3)*32 +: 32]);
    end
    address_q <= beat_address_i;
    total_q <= (quarters_q[31:0] + quarters_q[63:32]) + (quarters_q[95:64] + quarters_q[127:96]);
    total_address_q <= address_q;
    rotated_q <= rotate_left(total_q, total_address_q);
    sum_q <= {sum_q[(Stages-1)*SelectWidth-1:0], beat_sum_i};

    if (!rst_ni) begin
      valid_q <= '0;
      sums_o <= '0;
    end else begin
      valid_q <= {valid_q[Stages-2:0], beat_valid_i};
      for (int i = 0; i < Sums; i++) begin
        if (valid_q[Stages-1] && last_sum == SelectWidth'(i)) begin
          sums_o[i*32 +: 32] <= sums_o[i*32 +: 32] + rotated_q;
        end
      end
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && beat_valid_i) assert (32'(beat_sum_i) < Sums);
  end
`endif

endmodule

`default_nettype wire
