// SPDX-License-Identifier: Apache-2.0
//
// stactl xclbin show: what an xclbin holds.
#include "absl/strings/str_format.h"
#include "accel/xrt/xclbin/card_config_fields.h"
#include "accel/xrt/xclbin/xclbin.h"
#include "accel/xrt/xclbin/xclbin_file.h"
#include "client/commands/xclbin.h"
#include "client/console/json_text.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

constexpr size_t kMaxNameWidth = 64;

std::string NameText(std::string_view name) { return Shorten(name, kMaxNameWidth); }

std::string HexText(uint64_t number) { return absl::StrFormat("0x%X", number); }

// Numbers in the file may be any of 64 bits.
std::string BytesText(uint64_t bytes) {
  constexpr uint64_t kMost = INT64_MAX;
  return bytes > kMost ? StrCat(bytes) : WithThousands(static_cast<int64_t>(bytes));
}

// Tags of the banks that an argument of a compute unit is connected to.
std::vector<std::string> BanksOf(const XclbinComputeUnit& unit, int32_t argument,
                                 const XclbinDescription& description) {
  std::vector<std::string> banks;
  for (const XclbinConnection& connection : unit.connections) {
    if (connection.argument != argument) continue;
    banks.push_back(description.memories[static_cast<size_t>(connection.memory)].tag);
  }
  return banks;
}

void PrintArray(const XclbinDescription& description, std::ostream& out) {
  if (!description.array.has_value()) {
    out << "no virtual card\n";
    return;
  }
  out << "virtual card, array " << description.array->Name() << "\n";
  for (const CardConfigField& field : kCardBufferFields) {
    out << "  " << field.name << ": " << WithThousands(*description.array.*field.member) << "\n";
  }
}

std::string ArgumentsTable(const XclbinKernel& kernel) {
  Table table({{"argument", Align::kLeft},
               {"id", Align::kRight},
               {"register", Align::kRight},
               {"bytes", Align::kRight},
               {"type", Align::kLeft},
               {"port", Align::kLeft}});
  for (const XclbinArgument& argument : kernel.arguments) {
    table.AddRow({NameText(argument.name), StrCat(argument.index), HexText(argument.offset),
                  BytesText(argument.size_bytes), NameText(argument.type),
                  NameText(argument.port)});
  }
  return table.ToString();
}

void PrintKernel(const XclbinKernel& kernel, const XclbinDescription& description,
                 std::ostream& out) {
  out << "\nkernel " << NameText(kernel.name) << "\n";
  for (const XclbinComputeUnit& unit : kernel.compute_units) {
    out << "compute unit " << NameText(unit.name) << " at " << HexText(unit.base_address) << "\n";
    for (const XclbinArgument& argument : kernel.arguments) {
      for (const std::string& bank : BanksOf(unit, argument.index, description)) {
        out << "  " << NameText(argument.name) << " in " << NameText(bank) << "\n";
      }
    }
  }
  out << ArgumentsTable(kernel);
}

std::string MemoriesTable(const XclbinDescription& description) {
  Table table({{"memory", Align::kLeft},
               {"type", Align::kLeft},
               {"used", Align::kLeft},
               {"address", Align::kRight},
               {"KB", Align::kRight}});
  for (const XclbinMemory& memory : description.memories) {
    table.AddRow({NameText(memory.tag), MemoryTypeName(memory.type), memory.is_used ? "yes" : "no",
                  HexText(memory.base_address), BytesText(memory.size_kb)});
  }
  return table.ToString();
}

std::string ClocksTable(const XclbinDescription& description) {
  Table table({{"clock", Align::kLeft}, {"type", Align::kLeft}, {"MHz", Align::kRight}});
  for (const XclbinClock& clock : description.clocks) {
    table.AddRow({NameText(clock.name), ClockTypeName(clock.type), StrCat(clock.mhz)});
  }
  return table.ToString();
}

std::string SectionsTable(const XclbinContents& contents) {
  Table table({{"section", Align::kLeft},
               {"name", Align::kLeft},
               {"offset", Align::kRight},
               {"bytes", Align::kRight}});
  for (const XclbinSection& section : contents.sections) {
    table.AddRow({SectionKindName(section.kind), NameText(section.name), BytesText(section.offset),
                  BytesText(section.size_bytes)});
  }
  return table.ToString();
}

void PrintContents(const XclbinContents& contents, std::ostream& out) {
  const XclbinDescription& description = contents.description;
  out << "uuid " << UuidText(contents.uuid) << ", platform " << NameText(description.platform)
      << "\n";
  PrintArray(description, out);
  for (const XclbinKernel& kernel : description.kernels) PrintKernel(kernel, description, out);
  out << "\n"
      << MemoriesTable(description) << "\n"
      << ClocksTable(description) << "\n"
      << SectionsTable(contents);
}

OrderedJson KernelJson(const XclbinKernel& kernel, const XclbinDescription& description) {
  OrderedJson arguments = OrderedJson::array();
  for (const XclbinArgument& argument : kernel.arguments) {
    arguments.push_back({{"index", argument.index},
                         {"name", argument.name},
                         {"offset", argument.offset},
                         {"size_bytes", argument.size_bytes},
                         {"type", argument.type},
                         {"port", argument.port},
                         {"is_pointer", argument.is_pointer}});
  }
  OrderedJson units = OrderedJson::array();
  for (const XclbinComputeUnit& unit : kernel.compute_units) {
    OrderedJson memories = OrderedJson::object();
    for (const XclbinArgument& argument : kernel.arguments) {
      const std::vector<std::string> banks = BanksOf(unit, argument.index, description);
      if (!banks.empty()) memories[argument.name] = banks;
    }
    units.push_back(
        {{"name", unit.name}, {"base_address", unit.base_address}, {"memories", memories}});
  }
  return {{"name", kernel.name}, {"arguments", arguments}, {"compute_units", units}};
}

OrderedJson ArrayConfigJson(const XclbinDescription& description) {
  if (!description.array.has_value()) return nullptr;
  OrderedJson json;
  for (const CardConfigField& field : kCardConfigFields) {
    json[field.name] = *description.array.*field.member;
  }
  return json;
}

OrderedJson ContentsJson(const XclbinContents& contents) {
  const XclbinDescription& description = contents.description;
  OrderedJson json = {{"uuid", UuidText(contents.uuid)},       {"platform", description.platform},
                      {"array", ArrayConfigJson(description)}, {"kernels", OrderedJson::array()},
                      {"memories", OrderedJson::array()},      {"clocks", OrderedJson::array()},
                      {"sections", OrderedJson::array()}};
  for (const XclbinKernel& kernel : description.kernels) {
    json["kernels"].push_back(KernelJson(kernel, description));
  }
  for (const XclbinMemory& memory : description.memories) {
    json["memories"].push_back({{"tag", memory.tag},
                                {"type", MemoryTypeName(memory.type)},
                                {"is_used", memory.is_used},
                                {"base_address", memory.base_address},
                                {"size_kb", memory.size_kb}});
  }
  for (const XclbinClock& clock : description.clocks) {
    json["clocks"].push_back(
        {{"name", clock.name}, {"type", ClockTypeName(clock.type)}, {"mhz", clock.mhz}});
  }
  for (const XclbinSection& section : contents.sections) {
    json["sections"].push_back({{"kind", SectionKindName(section.kind)},
                                {"name", section.name},
                                {"offset", section.offset},
                                {"size_bytes", section.size_bytes}});
  }
  return json;
}

absl::Status RunXclbinShow(CommandContext& context, const std::string& path) {
  const absl::StatusOr<std::vector<uint8_t>> bytes = ReadXclbinFile(path);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<XclbinContents> contents = ReadXclbin(*bytes);
  if (!contents.ok()) {
    return absl::InvalidArgumentError(StrCat(path, ": ", contents.status().message()));
  }
  if (context.json) {
    context.console.out << IndentedJson(ContentsJson(*contents)) << "\n";
  } else {
    PrintContents(*contents, context.console.out);
  }
  return absl::OkStatus();
}

}  // namespace

void AddXclbinShowCommand(CLI::App& group, CommandContext& context) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = group.add_subcommand("show", "Show what an xclbin holds");
  command->add_option("FILE", *path, "The xclbin")->required();
  command->footer(R"(
Shows those of Vitis and of "stactl xclbin make": the array of a virtual card, kernels with their
arguments and the memory that these are in, memory banks, clocks and sections. Sizes of memory are
in KB. Needs no server and no card.

Examples:
  stactl xclbin show sta.xclbin
  stactl xclbin show sta.xclbin --json)");
  command->callback([&context, path] {
    context.action = [&context, path] { return RunXclbinShow(context, *path); };
  });
}

}  // namespace sta::client
