// SPDX-License-Identifier: Apache-2.0
//
// Activation buffer: rows of [Tile tokens][Lanes][16 bytes], one row a read. Three writers of
// granules, in order of priority: the epilogue (never held off), the softmax unit, the vector unit.
//
// Reads: read_enable_i with advance_i; the row is there two advancing cycles later and stays.
// Writes: a granule is accepted when valid and ready; it can be read from the next cycle but one
// (writes are registered once). A row outside the buffer is not written or read as another row:
// range_error_o pulses.
`default_nettype none

module sta_activation_buffer #(
  parameter int Tile = 8,
  parameter int Lanes = 8,
  parameter int Rows = 2048,
  localparam int GranuleRows = sta_pkg::granule_rows(Tile),
  localparam int GranuleBits = GranuleRows * Tile * 8,
  localparam int AddressWidth = sta_pkg::AddressWidth
) (
  input  wire logic                    clk_i,
  input  wire logic                    rst_ni,

  // Epilogue: Tile channels from byte_i of lane_i on.
  input  wire logic                    epilogue_valid_i,
  input  wire logic [AddressWidth-1:0] epilogue_row_i,
  input  wire logic [3:0]              epilogue_granule_i,
  input  wire logic [3:0]              epilogue_lane_i,
  input  wire logic [3:0]              epilogue_byte_i,
  input  wire logic [GranuleBits-1:0]  epilogue_data_i,

  // Softmax: key j of the granule goes to lane j mod Lanes, byte byte_i + j / Lanes.
  input  wire logic                    softmax_valid_i,
  output logic                         softmax_ready_o,
  input  wire logic [AddressWidth-1:0] softmax_row_i,
  input  wire logic [3:0]              softmax_granule_i,
  input  wire logic [3:0]              softmax_byte_i,
  input  wire logic [GranuleBits-1:0]  softmax_data_i,

  // Vector unit: as the epilogue.
  input  wire logic                    vector_valid_i,
  output logic                         vector_ready_o,
  input  wire logic [AddressWidth-1:0] vector_row_i,
  input  wire logic [3:0]              vector_granule_i,
  input  wire logic [3:0]              vector_lane_i,
  input  wire logic [3:0]              vector_byte_i,
  input  wire logic [GranuleBits-1:0]  vector_data_i,

  input  wire logic                    advance_i,
  input  wire logic                    read_enable_i,
  input  wire logic [AddressWidth-1:0] read_row_i,
  output logic [Tile*Lanes*128-1:0]    read_data_o,

  output logic                         range_error_o
);

  localparam int RowWidth = $clog2(Rows);
  localparam int LaneBytes = sta_pkg::LaneBytes;
  localparam int KeyParts = Tile / Lanes;

  if (Tile % Lanes != 0 || LaneBytes % Tile != 0) begin : g_check_shape
    $error("Tile must be a multiple of Lanes and divide 16");
  end

  assign softmax_ready_o = !epilogue_valid_i;
  assign vector_ready_o = !epilogue_valid_i && !softmax_valid_i;

  logic                    valid_d, valid_q, is_keys_d, is_keys_q;
  logic [AddressWidth-1:0] row_d;
  logic [RowWidth-1:0]     row_q;
  logic [3:0]              granule_d, granule_q, lane_d, lane_q, byte_d, byte_q;
  logic [GranuleBits-1:0]  data_d, data_q;

  always_comb begin
    valid_d = epilogue_valid_i || softmax_valid_i || vector_valid_i;
    is_keys_d = 1'b0;
    row_d = vector_row_i;
    granule_d = vector_granule_i;
    lane_d = vector_lane_i;
    byte_d = vector_byte_i;
    data_d = vector_data_i;
    if (epilogue_valid_i) begin
      row_d = epilogue_row_i;
      granule_d = epilogue_granule_i;
      lane_d = epilogue_lane_i;
      byte_d = epilogue_byte_i;
      data_d = epilogue_data_i;
    end else if (softmax_valid_i) begin
      is_keys_d = 1'b1;
      row_d = softmax_row_i;
      granule_d = softmax_granule_i;
      byte_d = softmax_byte_i;
      data_d = softmax_data_i;
    end
  end

  wire logic write_in_range = row_d < AddressWidth'(Rows);
  wire logic read_in_range = read_row_i < AddressWidth'(Rows);

  always_ff @(posedge clk_i) begin
    is_keys_q <= is_keys_d;
    row_q <= row_d[RowWidth-1:0];
    granule_q <= granule_d;
    lane_q <= lane_d;
    byte_q <= byte_d;
    data_q <= data_d;
    if (!rst_ni) begin
      valid_q <= 1'b0;
      range_error_o <= 1'b0;
    end else begin
      valid_q <= valid_d && write_in_range;
      range_error_o <= (valid_d && !write_in_range) ||
                       (advance_i && read_enable_i && !read_in_range);
    end
  end

  // One memory a token and lane. Every byte of a lane gets the value that it would hold; the
  // enables choose those that are meant.
  for (genvar t = 0; t < Tile; t++) begin : g_token
    localparam int Granule = t / GranuleRows;
    localparam int First = (t % GranuleRows) * Tile * 8;
    wire logic [Tile*8-1:0] values = data_q[First +: Tile*8];
    wire logic is_token = valid_q && granule_q == 4'(Granule);
    for (genvar l = 0; l < Lanes; l++) begin : g_lane
      logic [LaneBytes-1:0]   write_enable;
      logic [LaneBytes*8-1:0] write_data;
      for (genvar b = 0; b < LaneBytes; b++) begin : g_byte
        localparam int Channel = b % Tile;
        localparam int Key = (b % KeyParts) * Lanes + l;
        assign write_data[b*8 +: 8] =
            is_keys_q ? values[Key*8 +: 8] : values[Channel*8 +: 8];
        assign write_enable[b] = is_token &&
            (is_keys_q ? byte_q == 4'(b - b % KeyParts)
                       : lane_q == 4'(l) && byte_q == 4'(b - Channel));
      end
      sta_ultra_ram #(
        .Width(LaneBytes * 8),
        .SegmentWidth(8),
        .Depth(Rows)
      ) u_ram (
        .clk_i,
        .write_enable_i(write_enable),
        .write_address_i(row_q),
        .write_data_i(write_data),
        .advance_i,
        .read_enable_i,
        .read_address_i(read_row_i[RowWidth-1:0]),
        .read_data_o(read_data_o[(t*Lanes + l)*LaneBytes*8 +: LaneBytes*8])
      );
    end
  end

endmodule

`default_nettype wire
