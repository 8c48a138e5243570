// SPDX-License-Identifier: Apache-2.0
//
// stactl xclbin make: what makes an STA array of a virtual card.
#include <algorithm>
#include <array>
#include <fstream>
#include <optional>

#include "accel/xrt/xclbin/card_config_fields.h"
#include "accel/xrt/xclbin/xclbin.h"
#include "client/commands/xclbin.h"
#include "client/console/json_text.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

struct XclbinMakeOptions {
  std::string array = "8x8x8";
  // Of kCardBufferFields; those of the array's name where not given.
  std::array<std::optional<int64_t>, kCardBufferFields.size()> buffers;
  int64_t memory_mb = StaXclbinOptions().memory_mb;
  int64_t clock_mhz = StaXclbinOptions().clock_mhz;
  std::string output;
};

absl::StatusOr<card::CardConfig> ArrayOf(const XclbinMakeOptions& options) {
  absl::StatusOr<card::CardConfig> array = card::CardConfig::Preset(options.array);
  if (!array.ok()) return array.status();
  for (size_t i = 0; i < kCardBufferFields.size(); ++i) {
    int64_t& size = *array.*kCardBufferFields[i].member;
    size = options.buffers[i].value_or(size);
  }
  return array;
}

absl::Status WriteXclbinFile(const std::string& path, const std::vector<uint8_t>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes)).flush();
  return file ? absl::OkStatus() : absl::NotFoundError(StrCat("cannot write ", path));
}

absl::Status RunXclbinMake(CommandContext& context, const XclbinMakeOptions& options) {
  const absl::StatusOr<card::CardConfig> array = ArrayOf(options);
  if (!array.ok()) return array.status();
  const absl::StatusOr<std::vector<uint8_t>> bytes = MakeStaXclbin(
      {.array = *array, .memory_mb = options.memory_mb, .clock_mhz = options.clock_mhz});
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<XclbinContents> contents = ReadXclbin(*bytes);
  if (!contents.ok()) return contents.status();
  if (absl::Status status = WriteXclbinFile(options.output, *bytes); !status.ok()) return status;
  if (context.json) {
    context.console.out << IndentedJson({{"file", options.output},
                                         {"bytes", bytes->size()},
                                         {"uuid", UuidText(contents->uuid)}})
                        << "\n";
  } else {
    context.console.out << options.output << ": " << array->Name() << " array, "
                        << WithThousands(options.memory_mb) << " MB, " << options.clock_mhz
                        << " MHz, uuid " << UuidText(contents->uuid) << "\n";
  }
  return absl::OkStatus();
}

// "--activation-rows" for activation_rows.
std::string OptionName(std::string name) {
  std::ranges::replace(name, '_', '-');
  return "--" + name;
}

}  // namespace

void AddXclbinMakeCommand(CLI::App& group, CommandContext& context) {
  auto options = std::make_shared<XclbinMakeOptions>();
  CLI::App* command = group.add_subcommand("make", "Make the xclbin of a virtual card");
  command->add_option("--array", options->array, "Size of the array: 4x4x4, 8x8x8 or 16x16x8")
      ->capture_default_str();
  for (size_t i = 0; i < kCardBufferFields.size(); ++i) {
    command
        ->add_option(OptionName(kCardBufferFields[i].name), options->buffers[i],
                     kCardBufferFields[i].meaning)
        ->type_name("N")
        ->check(CheckPositiveInteger);
  }
  command->add_option("--memory-mb", options->memory_mb, "Size of the card's memory bank")
      ->type_name("N")
      ->capture_default_str()
      ->check(CheckPositiveInteger);
  command->add_option("--clock-mhz", options->clock_mhz, "What the kernel's clock is said to be")
      ->type_name("N")
      ->capture_default_str()
      ->check(CheckPositiveInteger);
  command->add_option("-o,--output", options->output, "File to write; it is replaced")
      ->type_name("FILE")
      ->required();
  command->footer(R"(
Sizes of buffers that are not given are those of the array. The same options give the same bytes,
and so the same uuid. For virtual cards only: a real one takes what Vitis links
(accel/rtl/packaging). Needs no server and no card.

Examples:
  stactl xclbin make -o sta.xclbin
  stactl xclbin make --array 16x16x8 --max-sequence-tokens 256 --memory-mb 4096 -o large.xclbin)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunXclbinMake(context, *options); };
  });
}

}  // namespace sta::client
