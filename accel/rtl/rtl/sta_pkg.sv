// SPDX-License-Identifier: Apache-2.0
//
// Types and numbers that several modules share: the instruction formats of doc/instruction-set.md,
// the step that the sequencer sends down the engine, and error codes.
`default_nettype none

package sta_pkg;

  localparam int Version = 1;

  // One beat of the memory interface; instructions and all transfers are multiples of it.
  localparam int BeatBytes = 64;
  localparam int BeatBits = 8 * BeatBytes;

  // Bytes of one lane's share of a window: the group of inputs that one multiplier chooses from.
  localparam int LaneBytes = 16;

  // On-chip addresses. Bases are below 2^20, strides below 2^15, counts below 2^12 (the dispatcher
  // rejects others), so base + count * stride never wraps; the buffers reject what is beyond them.
  localparam int AddressWidth = 28;

  // Beats of a region in memory: offsets and sizes are 32-bit beat counts.
  localparam int BeatCountWidth = 32;

  // Beats of one LOAD or STORE are below 2^20.
  localparam int TransferCountWidth = 20;

  // Tokens of one granule, the unit that the epilogue, the vector unit and the softmax unit take a
  // cycle: granule_rows(Tile) tokens by Tile channels.
  function automatic int granule_rows(int tile);
    granule_rows = (tile == 8) ? 2 : 1;
  endfunction

  // Score rows that may be between QK^T and PV at a time.
  localparam int Slots = 4;

  localparam int UnitCount = 4;
  typedef enum logic [1:0] {
    UnitLoad   = 2'd0,
    UnitEngine = 2'd1,
    UnitVector = 2'd2,
    UnitStore  = 2'd3
  } unit_e;

  typedef enum logic [7:0] {
    OpLoad      = 8'd1,
    OpStore     = 8'd2,
    OpMatmul    = 8'd3,
    OpVector    = 8'd4,
    OpAttention = 8'd5,
    OpEnd       = 8'd6
  } opcode_e;

  typedef enum logic [7:0] {
    ErrorNone           = 8'd0,
    ErrorOpcode         = 8'd1,  // unknown opcode, planes or flags
    ErrorField          = 8'd2,  // a field is outside its range, or reserved bits are set
    ErrorDependency     = 8'd3,  // waits for an instruction that does not come before it
    ErrorTruncated      = 8'd4,  // no END within instruction_count
    ErrorMemoryRange    = 8'd5,  // outside the program, input or output region
    ErrorActivationRow  = 8'd6,  // outside the activation buffer
    ErrorResidual       = 8'd7,  // outside the residual buffer
    ErrorKeyValue       = 8'd8,  // outside the key-value buffer
    ErrorReadResponse   = 8'd9,  // SLVERR or DECERR on the read channel
    ErrorWriteResponse  = 8'd10  // SLVERR or DECERR on the write channel
  } error_e;

  // The 512 bits of an instruction, most significant first: word 15 down to word 0.
  typedef struct packed {
    logic [15:0] wait_store;
    logic [15:0] wait_vector;
    logic [15:0] wait_engine;
    logic [15:0] wait_load;
    logic [15:0] flags;
    logic [7:0]  planes;
    logic [7:0]  opcode;
  } header_t;  // words 2..0

  typedef struct packed {
    logic [319:0] reserved;       // words 15..6
    logic [31:0]  residual_beat;  // word 5
    logic [31:0]  beats;          // word 4
    logic [31:0]  memory_beat;    // word 3
    header_t      header;
  } transfer_t;  // LOAD and STORE

  localparam int MatmulGelu = 0;     // bit of flags
  localparam int MatmulIndexed = 1;  // bit of flags
  typedef enum logic [1:0] {         // flags[3:2]
    DestinationActivation = 2'd0,
    DestinationKeyValue   = 2'd1,
    DestinationResidual   = 2'd2
  } destination_e;

  typedef struct packed {
    logic [159:0] reserved;             // words 15..11
    logic [31:0]  granule_row_stride;   // word 10
    logic [31:0]  destination_stride;   // word 9
    logic [31:0]  destination;          // word 8
    logic [31:0]  source_stride;        // word 7
    logic [31:0]  source_row;           // word 6
    logic [15:0]  token_groups;         // word 5
    logic [15:0]  channel_blocks;
    logic [7:0]   reserved_word_4;      // word 4
    logic [7:0]   steps;
    logic [15:0]  windows;
    logic [31:0]  weight_beat;          // word 3
    header_t      header;
  } matmul_t;

  // windows * steps of a MATMUL without a multiplier: step words of one channel block. Exact for
  // windows up to 1,023 and steps up to 31.
  function automatic logic [14:0] step_words(logic [9:0] windows, logic [4:0] steps);
    step_words = (({15{steps[0]}} & {5'b0, windows}) + ({15{steps[1]}} & {4'b0, windows, 1'b0})) +
                 ((({15{steps[2]}} & {3'b0, windows, 2'b0}) +
                   ({15{steps[3]}} & {2'b0, windows, 3'b0})) +
                  ({15{steps[4]}} & {1'b0, windows, 4'b0}));
  endfunction

  // The most step words that a channel block may have; the weight rings take at least two blocks.
  localparam int MaxStepWords = 512;

  // Parts of a MATMUL's weight stream, in their order.
  typedef enum logic [1:0] {
    PartTables     = 2'd0,
    PartParameters = 2'd1,
    PartValues     = 2'd2,
    PartIndices    = 2'd3
  } weight_part_e;

  // A MATMUL as the weight loader sees it.
  typedef struct packed {
    logic        gelu;
    logic        indexed;
    logic [11:0] channel_blocks;
    logic [9:0]  words;           // step words of a channel block, 1..MaxStepWords
  } weight_stream_t;

  // Channel blocks whose parameters, values and indices may be on the chip at a time.
  localparam int WeightBlocks = 32;

  localparam int VectorNormalize = 0;  // bit of flags
  localparam int VectorView = 1;       // bit of flags

  typedef struct packed {
    logic [127:0] reserved;             // words 15..12
    logic [31:0]  epsilon;              // word 11
    logic [31:0]  mean_reciprocal;      // word 10
    logic [31:0]  destination_stride;   // word 9
    logic [31:0]  destination_row;      // word 8
    logic [31:0]  reserved_word_7;      // word 7
    logic [31:0]  source_granule;       // word 6
    logic [15:0]  reserved_word_5;      // word 5
    logic [15:0]  channels;
    logic [15:0]  token_groups;         // word 4
    logic [15:0]  channel_blocks;
    logic [31:0]  parameter_beat;       // word 3
    header_t      header;
  } vector_t;

  typedef struct packed {
    logic [15:0] reserved_word_15;    // word 15
    logic [15:0] context_multiplier;
    logic [15:0] logit_multiplier;    // word 14
    logic [4:0]  reserved_word_14b;
    logic [2:0]  context_shift;
    logic [2:0]  reserved_word_14a;
    logic [4:0]  logit_shift;
    logic [31:0] probability_row;     // word 13
    logic [31:0] context_stride;      // word 12
    logic [31:0] context_row;         // word 11
    logic [31:0] value_stride;        // word 10
    logic [31:0] value_tile;          // word 9
    logic [31:0] key_stride;          // word 8
    logic [31:0] key_tile;            // word 7
    logic [31:0] query_stride;        // word 6
    logic [31:0] query_row;           // word 5
    logic [15:0] query_groups;        // word 4
    logic [15:0] key_count;
    logic [7:0]  head_value_blocks;   // word 3
    logic [7:0]  head_steps;
    logic [15:0] heads;
    header_t     header;
  } attention_t;

  // What one finished tile (Tile tokens by Tile channels, or queries by keys) is for.
  typedef enum logic [2:0] {
    TileActivation = 3'd0,  // int8 into the activation buffer, GELU on the way if asked
    TileKeyValue   = 3'd1,  // int8 into the key-value buffer
    TileResidual   = 3'd2,  // int16, added to the residual buffer
    TileScore      = 3'd3,  // int16 logits to the softmax unit
    TileContext    = 3'd4   // int8 into the activation buffer, scaled by row
  } tile_kind_e;

  typedef struct packed {
    tile_kind_e              kind;
    logic                    gelu;
    logic                    block_last;     // its channel block's parameters are done with
    logic                    instruction_last;
    // Activation row | key-value tile | residual granule of the tile's first granule row.
    logic [AddressWidth-1:0] address;
    logic [15:0]             granule_stride; // residual granules from one granule row to the next
    logic [3:0]              lane;           // activation: where in the row the channels go
    logic [3:0]              byte_offset;
    logic [1:0]              slot;           // score and context
    logic [11:0]             key_group;      // score: which Tile keys
    logic [4:0]              valid_keys;     // score: how many of them exist, 1..Tile
    logic                    slot_last;      // score: the slot's last; context: frees the slot
  } tile_t;

  // A granule of a tile on its way through the epilogue.
  typedef struct packed {
    logic                    last;     // of its tile
    logic [3:0]              number;   // in its tile
    logic [AddressWidth-1:0] address;  // of its granule row in the residual buffer
    tile_t                   tile;
  } granule_t;

  typedef enum logic [1:0] {
    WeightRing  = 2'd0,
    WeightKey   = 2'd1,  // key-value tile as [key][channel]: output = token, lane = channel
    WeightValue = 2'd2   // key-value tile as [key][channel]: output = channel, lane = token
  } weight_source_e;

  // One cycle of the engine: one weight for every output and lane. `first` clears the sums; the
  // tile is finished with `last`, and only then is `tile` looked at.
  typedef struct packed {
    logic                    first;
    logic                    last;
    logic                    window_read;     // a new window of activations begins
    logic [AddressWidth-1:0] activation_row;  // looked at with window_read
    weight_source_e          weight_source;
    logic [AddressWidth-1:0] weight_address;  // ring: step word; key, value: tile
    logic [AddressWidth-1:0] index_address;   // ring: index word
    logic [1:0]              weight_part;     // key, value: which Lanes of the tile's Tile
    logic                    indexed;         // byte of the window from the stream, or
    logic [3:0]              byte_select;     // this one for all
    tile_t                   tile;
  } step_t;

  // Arguments of a run, from the registers. Bases are byte addresses / 64.
  localparam int BeatAddressWidth = 58;
  typedef struct packed {
    logic [31:0]                 output_beats;
    logic [31:0]                 input_beats;
    logic [31:0]                 program_beats;
    logic [15:0]                 instruction_count;
    logic [BeatAddressWidth-1:0] output_base;
    logic [BeatAddressWidth-1:0] input_base;
    logic [BeatAddressWidth-1:0] instructions_base;
    logic [BeatAddressWidth-1:0] program_base;
  } arguments_t;

  // Regions that are read, as numbered at the read arbiter.
  localparam int ReadRegions = 3;
  typedef enum logic [1:0] {
    RegionProgram      = 2'd0,
    RegionInstructions = 2'd1,
    RegionInput        = 2'd2
  } region_e;

  // What is counted, one counter an event; last to first in the order of their registers.
  localparam int EventCount = 9;
  typedef struct packed {
    logic write_beat;
    logic read_beat;
    logic vector_busy;
    logic engine_idle;           // no instruction to run
    logic engine_wait_epilogue;
    logic engine_wait_softmax;
    logic engine_wait_weights;
    logic engine_wait_units;     // waits for other units (dependencies)
    logic engine_step;
  } events_t;

endpackage

`default_nettype wire
