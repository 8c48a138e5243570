// SPDX-License-Identifier: Apache-2.0
//
// Room in the weight buffers: taken beat by beat as requests are made, given back block by block.
// free_o says whether a beat of part_i fits; reserve_i takes its place. Parameters and tables are
// counted whole, with the last beat of theirs.
`default_nettype none

module sta_weight_room #(
  parameter int ValueBeats = 1024,  // of the rings
  parameter int IndexBeats = 512
) (
  input  wire logic                  clk_i,
  input  wire logic                  rst_ni,

  input  wire sta_pkg::weight_part_e part_i,
  output logic                       free_o,
  input  wire logic                  reserve_i,
  input  wire logic                  part_last_i,
  input  wire logic                  block_last_i,
  input  wire logic                  indexed_i,
  input  wire logic [9:0]            values_last_i,   // beats of the block, less one
  input  wire logic [9:0]            indices_last_i,

  input  wire logic                  block_release_i,       // values and indices, oldest block
  input  wire logic                  parameters_release_i,  // parameters, oldest block
  input  wire logic                  tables_release_i
);

  localparam int ValueWidth = $clog2(ValueBeats) + 1;
  localparam int IndexWidth = $clog2(IndexBeats) + 1;
  localparam int ParameterWidth = $clog2(sta_pkg::WeightBlocks) + 1;

  logic [ValueWidth-1:0] values_q;
  logic [IndexWidth-1:0] indices_q;
  logic [ParameterWidth-1:0] parameters_q;
  logic [1:0] tables_q;

  // What each block holds, from its last request to its release.
  logic [ValueWidth-1:0] held_values;
  logic [IndexWidth-1:0] held_indices;
  logic held_valid, release_q;

  wire logic [ValueWidth-1:0] block_values = ValueWidth'(11'(values_last_i) + 11'd1);
  wire logic [IndexWidth-1:0] block_indices =
      indexed_i ? IndexWidth'(11'(indices_last_i) + 11'd1) : '0;

  sta_fifo #(.Width(ValueWidth + IndexWidth), .Depth(sta_pkg::WeightBlocks)) u_held (
    .clk_i,
    .rst_ni,
    .write_valid_i(reserve_i && block_last_i),
    .write_ready_o(),  // as many entries as parameters, which stay longer
    .write_data_i({block_values, block_indices}),
    .read_valid_o(held_valid),
    .read_ready_i(release_q),
    .read_data_o({held_values, held_indices})
  );

  wire logic reserve_value = reserve_i && part_i == sta_pkg::PartValues;
  wire logic reserve_index = reserve_i && part_i == sta_pkg::PartIndices;
  wire logic reserve_parameters =
      reserve_i && part_i == sta_pkg::PartParameters && part_last_i;
  wire logic reserve_tables = reserve_i && part_i == sta_pkg::PartTables && part_last_i;

  always_comb begin
    unique case (part_i)
      sta_pkg::PartTables: free_o = tables_q != '0;
      sta_pkg::PartParameters: free_o = parameters_q != '0;
      sta_pkg::PartValues: free_o = values_q != '0;
      default: free_o = indices_q != '0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    release_q <= block_release_i;
    values_q <= values_q - ValueWidth'(reserve_value) + (release_q ? held_values : '0);
    indices_q <= indices_q - IndexWidth'(reserve_index) +
                 (release_q ? held_indices : '0);
    parameters_q <= parameters_q - ParameterWidth'(reserve_parameters) +
                    ParameterWidth'(parameters_release_i);
    tables_q <= tables_q - 2'(reserve_tables) + 2'(tables_release_i);
    if (!rst_ni) begin
      release_q <= 1'b0;
      values_q <= ValueWidth'(ValueBeats);
      indices_q <= IndexWidth'(IndexBeats);
      parameters_q <= ParameterWidth'(sta_pkg::WeightBlocks);
      tables_q <= 2'd2;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!reserve_i || free_o);
      assert (!release_q || held_valid);
      assert (int'(values_q) <= ValueBeats && int'(indices_q) <= IndexBeats);
      assert (int'(parameters_q) <= sta_pkg::WeightBlocks && tables_q <= 2'd2);
    end
  end
`endif

endmodule

`default_nettype wire
