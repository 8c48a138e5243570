// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/xclbin/kernel_metadata.h"

#include <limits>
#include <pugixml.hpp>
#include <sstream>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr std::string_view kMaster = "master";
constexpr const char* kPointerQualifier = "1";

absl::StatusOr<uint64_t> ReadNumber(const pugi::xml_node& node, const char* attribute,
                                    uint64_t highest = std::numeric_limits<uint64_t>::max()) {
  const std::string_view text = node.attribute(attribute).value();
  uint64_t number = 0;
  const bool is_number = text.starts_with("0x") ? absl::SimpleHexAtoi(AbslView(text), &number)
                                                : absl::SimpleAtoi(AbslView(text), &number);
  if (is_number && number <= highest) return number;
  return absl::InvalidArgumentError(
      StrCat("<", node.name(), " name='", node.attribute("name").value(), "'>: ", attribute,
             " is '", text, "', allowed is a number up to ", highest));
}

absl::StatusOr<XclbinPort> ReadPort(const pugi::xml_node& node) {
  const absl::StatusOr<uint64_t> range = ReadNumber(node, "range");
  if (!range.ok()) return range.status();
  const absl::StatusOr<uint64_t> data_bits =
      ReadNumber(node, "dataWidth", std::numeric_limits<uint32_t>::max());
  if (!data_bits.ok()) return data_bits.status();
  return XclbinPort{.name = node.attribute("name").value(),
                    .is_master = node.attribute("mode").value() == kMaster,
                    .range = *range,
                    .data_bits = static_cast<uint32_t>(*data_bits)};
}

absl::StatusOr<XclbinArgument> ReadArgument(const pugi::xml_node& node) {
  const absl::StatusOr<uint64_t> index =
      ReadNumber(node, "id", std::numeric_limits<int32_t>::max());
  if (!index.ok()) return index.status();
  const absl::StatusOr<uint64_t> offset = ReadNumber(node, "offset");
  if (!offset.ok()) return offset.status();
  const absl::StatusOr<uint64_t> size = ReadNumber(node, "size");
  if (!size.ok()) return size.status();
  return XclbinArgument{
      .index = static_cast<int32_t>(*index),
      .name = node.attribute("name").value(),
      .port = node.attribute("port").value(),
      .type = node.attribute("type").value(),
      .offset = *offset,
      .size_bytes = *size,
      .is_pointer =
          std::string_view(node.attribute("addressQualifier").value()) == kPointerQualifier};
}

absl::StatusOr<XclbinKernel> ReadKernel(const pugi::xml_node& node) {
  XclbinKernel kernel = {.name = node.attribute("name").value()};
  for (const pugi::xml_node& child : node.children("port")) {
    absl::StatusOr<XclbinPort> port = ReadPort(child);
    if (!port.ok()) return port.status();
    kernel.ports.push_back(*std::move(port));
  }
  for (const pugi::xml_node& child : node.children("arg")) {
    absl::StatusOr<XclbinArgument> argument = ReadArgument(child);
    if (!argument.ok()) return argument.status();
    kernel.arguments.push_back(*std::move(argument));
  }
  return kernel;
}

std::string Hex(uint64_t number) { return absl::StrFormat("0x%X", number); }

using Attributes = std::initializer_list<std::pair<const char*, std::string>>;

pugi::xml_node Append(pugi::xml_node parent, const char* name, const Attributes& attributes) {
  pugi::xml_node node = parent.append_child(name);
  for (const auto& [key, value] : attributes) node.append_attribute(key) = value.c_str();
  return node;
}

void AppendKernel(pugi::xml_node core, const XclbinKernel& kernel) {
  pugi::xml_node node = Append(core, "kernel",
                               {{"name", kernel.name},
                                {"language", "ip_c"},
                                {"type", "pl"},
                                {"interrupt", "true"},
                                {"hwControlProtocol", "ap_ctrl_hs"}});
  for (const XclbinPort& port : kernel.ports) {
    Append(node, "port",
           {{"name", port.name},
            {"mode", port.is_master ? std::string(kMaster) : "slave"},
            {"range", Hex(port.range)},
            {"dataWidth", std::to_string(port.data_bits)},
            {"portType", "addressable"},
            {"base", "0x0"}});
  }
  for (const XclbinArgument& argument : kernel.arguments) {
    Append(node, "arg",
           {{"name", argument.name},
            {"addressQualifier", argument.is_pointer ? kPointerQualifier : "0"},
            {"id", std::to_string(argument.index)},
            {"port", argument.port},
            {"size", Hex(argument.size_bytes)},
            {"offset", Hex(argument.offset)},
            {"hostOffset", "0x0"},
            {"hostSize", Hex(argument.size_bytes)},
            {"type", argument.type}});
  }
  for (const XclbinComputeUnit& unit : kernel.compute_units) {
    pugi::xml_node instance = Append(node, "instance", {{"name", unit.name}});
    for (const XclbinPort& port : kernel.ports) {
      if (port.is_master) continue;
      Append(instance, "addrRemap", {{"base", Hex(unit.base_address)}, {"port", port.name}});
    }
  }
}

}  // namespace

absl::StatusOr<std::vector<XclbinKernel>> ReadKernelMetadata(std::span<const uint8_t> section) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(section.data(), section.size());
  if (!parsed) {
    return absl::InvalidArgumentError(
        StrCat("no XML: ", parsed.description(), " at byte ", parsed.offset));
  }
  std::vector<XclbinKernel> kernels;
  const pugi::xml_node device = document.child("project").child("platform").child("device");
  for (const pugi::xml_node& core : device.children("core")) {
    for (const pugi::xml_node& node : core.children("kernel")) {
      absl::StatusOr<XclbinKernel> kernel = ReadKernel(node);
      if (!kernel.ok()) return kernel.status();
      kernels.push_back(*std::move(kernel));
    }
  }
  return kernels;
}

std::string WriteKernelMetadata(std::span<const XclbinKernel> kernels) {
  pugi::xml_document document;
  pugi::xml_node project = Append(document, "project", {{"name", "sta"}});
  pugi::xml_node platform =
      Append(project, "platform",
             {{"vendor", "sta"}, {"boardid", "sta"}, {"name", "virtual"}, {"featureRomTime", "0"}});
  Append(platform, "version", {{"major", "1"}, {"minor", "0"}});
  pugi::xml_node device = Append(platform, "device", {{"name", "fpga0"}});
  pugi::xml_node core = Append(
      device, "core", {{"name", "OCL_REGION_0"}, {"target", "hw_em"}, {"type", "clc_region"}});
  for (const XclbinKernel& kernel : kernels) AppendKernel(core, kernel);
  std::ostringstream text;
  document.save(text, " ");
  return text.str();
}

}  // namespace sta
