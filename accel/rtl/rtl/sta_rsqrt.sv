// SPDX-License-Identifier: Apache-2.0
//
// 1 / sqrt(W) by table and one Newton step: docs/arithmetic.md section 5. One multiplier does the
// three products one after the other.
//
// start_i with w_i (1 .. 2^43 - 1) while idle; done_o pulses 14 cycles later, and the result stays
// until the next start_i. W = 0 gives some result at the same time.
`default_nettype none

module sta_rsqrt (
  input  wire logic        clk_i,
  input  wire logic        rst_ni,

  input  wire logic        start_i,
  input  wire logic [42:0] w_i,

  output logic             done_o,
  output logic [14:0]      mantissa_o,  // y
  output logic [4:0]       shift_o      // sh
);

  // R[64..255] = floor(32768 / sqrt((i + 0.5) / 64) + 0.5); R[255] comes first.
  localparam int TableFirst = 64;
  localparam int TableSize = 192;
  localparam logic [TableSize*15-1:0] Table = {
    15'd16400, 15'd16432, 15'd16465, 15'd16497, 15'd16530, 15'd16563, 15'd16596, 15'd16629,
    15'd16663, 15'd16697, 15'd16731, 15'd16765, 15'd16799, 15'd16834, 15'd16869, 15'd16904,
    15'd16939, 15'd16974, 15'd17010, 15'd17046, 15'd17082, 15'd17119, 15'd17155, 15'd17192,
    15'd17229, 15'd17267, 15'd17304, 15'd17342, 15'd17380, 15'd17418, 15'd17457, 15'd17496,
    15'd17535, 15'd17574, 15'd17614, 15'd17654, 15'd17694, 15'd17734, 15'd17775, 15'd17816,
    15'd17857, 15'd17899, 15'd17941, 15'd17983, 15'd18025, 15'd18068, 15'd18111, 15'd18155,
    15'd18198, 15'd18242, 15'd18287, 15'd18331, 15'd18376, 15'd18422, 15'd18467, 15'd18513,
    15'd18560, 15'd18606, 15'd18653, 15'd18701, 15'd18749, 15'd18797, 15'd18845, 15'd18894,
    15'd18943, 15'd18993, 15'd19043, 15'd19093, 15'd19144, 15'd19196, 15'd19247, 15'd19299,
    15'd19352, 15'd19405, 15'd19458, 15'd19512, 15'd19566, 15'd19621, 15'd19676, 15'd19732,
    15'd19788, 15'd19845, 15'd19902, 15'd19959, 15'd20017, 15'd20076, 15'd20135, 15'd20195,
    15'd20255, 15'd20316, 15'd20377, 15'd20439, 15'd20501, 15'd20564, 15'd20628, 15'd20692,
    15'd20757, 15'd20822, 15'd20888, 15'd20955, 15'd21022, 15'd21090, 15'd21159, 15'd21228,
    15'd21298, 15'd21368, 15'd21440, 15'd21512, 15'd21585, 15'd21658, 15'd21732, 15'd21808,
    15'd21883, 15'd21960, 15'd22037, 15'd22116, 15'd22195, 15'd22275, 15'd22356, 15'd22437,
    15'd22520, 15'd22604, 15'd22688, 15'd22774, 15'd22860, 15'd22947, 15'd23036, 15'd23125,
    15'd23216, 15'd23307, 15'd23400, 15'd23494, 15'd23589, 15'd23685, 15'd23782, 15'd23881,
    15'd23980, 15'd24081, 15'd24184, 15'd24287, 15'd24392, 15'd24498, 15'd24606, 15'd24715,
    15'd24826, 15'd24938, 15'd25051, 15'd25167, 15'd25283, 15'd25402, 15'd25522, 15'd25644,
    15'd25767, 15'd25893, 15'd26020, 15'd26149, 15'd26280, 15'd26413, 15'd26548, 15'd26686,
    15'd26825, 15'd26966, 15'd27110, 15'd27256, 15'd27405, 15'd27556, 15'd27709, 15'd27866,
    15'd28024, 15'd28186, 15'd28350, 15'd28518, 15'd28688, 15'd28861, 15'd29038, 15'd29217,
    15'd29401, 15'd29587, 15'd29778, 15'd29972, 15'd30169, 15'd30371, 15'd30577, 15'd30787,
    15'd31002, 15'd31221, 15'd31445, 15'd31673, 15'd31907, 15'd32146, 15'd32391, 15'd32641
  };

  logic [14:0] table_rom [256];
  initial begin
    for (int i = 0; i < 256; i++) table_rom[i] = '0;
    for (int i = 0; i < TableSize; i++) table_rom[i + TableFirst] = Table[i*15 +: 15];
  end

  // Cycle 1..5 normalize: W is shifted left by 32, 16, 8, 4, 2 where that loses nothing, so that
  // its highest set bit comes to bit 43 or 42; sh counts down from 21. Then y0 from the table,
  // t = y0 * y0 >> 15, u = (m >> 16) * t >> 14, y = y0 * (98304 - u) >> 16: a product is in
  // product_q two cycles after its operands were chosen.
  localparam logic [3:0] StepTable = 4'd6;
  localparam logic [3:0] StepSquare = 4'd7;
  localparam logic [3:0] StepT = 4'd9;
  localparam logic [3:0] StepU = 4'd11;
  localparam logic [3:0] StepY = 4'd13;

  logic [3:0]  step_q;
  logic [43:0] w_q;
  logic [14:0] y0_q;
  logic [16:0] a_q, b_q;
  logic [33:0] product_q;

  wire logic [16:0] t = 17'(product_q[29:15]);
  wire logic [16:0] correction = 17'd98304 - product_q[30:14];
  wire logic [15:0] y = product_q[31:16];

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      w_q <= {1'b0, w_i};
      shift_o <= 5'd21;
    end else begin
      unique case (step_q)
        4'd1: if (w_q[43:12] == '0) begin
          w_q <= w_q << 32;
          shift_o <= shift_o - 5'd16;
        end
        4'd2: if (w_q[43:28] == '0) begin
          w_q <= w_q << 16;
          shift_o <= shift_o - 5'd8;
        end
        4'd3: if (w_q[43:36] == '0) begin
          w_q <= w_q << 8;
          shift_o <= shift_o - 5'd4;
        end
        4'd4: if (w_q[43:40] == '0) begin
          w_q <= w_q << 4;
          shift_o <= shift_o - 5'd2;
        end
        4'd5: if (w_q[43:42] == '0) begin
          w_q <= w_q << 2;
          shift_o <= shift_o - 5'd1;
        end
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (step_q == StepTable) y0_q <= table_rom[w_q[43:36]];
    unique case (step_q)
      StepSquare: begin
        a_q <= {2'b0, y0_q};
        b_q <= {2'b0, y0_q};
      end
      StepT: begin
        a_q <= {1'b0, w_q[43:28]};
        b_q <= t;
      end
      StepU: begin
        a_q <= {2'b0, y0_q};
        b_q <= correction;
      end
      default: ;
    endcase
    product_q <= a_q * b_q;
    if (step_q == StepY) mantissa_o <= y[15] ? 15'h7FFF : y[14:0];
    if (!rst_ni) begin
      step_q <= '0;
      done_o <= 1'b0;
    end else begin
      if (start_i) begin
        step_q <= 4'd1;
      end else if (step_q == StepY || step_q == '0) begin
        step_q <= '0;
      end else begin
        step_q <= step_q + 1'b1;
      end
      done_o <= step_q == StepY;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && start_i) assert (step_q == '0);
  end
`endif

endmodule

`default_nettype wire
