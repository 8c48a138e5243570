// SPDX-License-Identifier: Apache-2.0
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "accel/xrt/xclbin/array_json.h"
#include "accel/xrt/xclbin/kernel_metadata.h"
#include "accel/xrt/xclbin/xclbin.h"
#include "accel/xrt/xclbin/xclbin_format.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using xclbin_format::ClockEntry;
using xclbin_format::ConnectionEntry;
using xclbin_format::FileHeader;
using xclbin_format::IpEntry;
using xclbin_format::MemoryEntry;
using xclbin_format::SectionHeader;

struct Section {
  xclbin_format::SectionKind kind = xclbin_format::kBitstream;
  std::string bytes;
};

bool IsPrintable(char c) { return c >= ' ' && c <= '~'; }

absl::Status CheckName(std::string_view what, std::string_view name, size_t most) {
  if (!name.empty() && name.size() <= most && std::ranges::all_of(name, IsPrintable)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      StrCat(what, " is '", name, "', allowed are 1..", most, " printable ASCII characters"));
}

absl::Status CheckCount(std::string_view what, size_t count, size_t most) {
  if (count <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("there are ", count, " ", what, ", allowed are ", most));
}

// Fills a field up with zeros, of which there is always one.
template <size_t kSize>
absl::Status SetText(std::string_view what, std::string_view text, char (&field)[kSize]) {
  std::memcpy(field, text.data(), std::min(text.size(), kSize - 1));
  return CheckName(what, text, kSize - 1);
}

template <typename T>
std::string_view BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

template <typename Entry>
std::string TableOf(const std::vector<Entry>& entries) {
  std::string bytes(BytesOf(static_cast<typename Entry::Count>(entries.size())));
  bytes.resize(Entry::kFirst);
  for (const Entry& entry : entries) bytes += BytesOf(entry);
  return bytes;
}

constexpr size_t kMaxNameBytes = 255;  // of what has no field, in the XML

absl::Status CheckConnection(const XclbinKernel& kernel, const XclbinConnection& connection,
                             size_t memories) {
  const auto argument =
      std::ranges::find(kernel.arguments, connection.argument, &XclbinArgument::index);
  if (argument == kernel.arguments.end() || !argument->is_pointer) {
    return absl::InvalidArgumentError(StrCat("kernel '", kernel.name, "': argument ",
                                             connection.argument,
                                             " is connected, and is no pointer"));
  }
  if (connection.memory >= 0 && static_cast<size_t>(connection.memory) < memories) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(StrCat("kernel '", kernel.name, "': argument ", argument->name,
                                           " is connected with memory ", connection.memory, " of ",
                                           memories));
}

absl::Status CheckKernel(const XclbinKernel& kernel, size_t memories) {
  absl::Status status = CheckName("kernel", kernel.name, kMaxNameBytes);
  if (kernel.name.find(':') != std::string::npos) {
    status.Update(absl::InvalidArgumentError(StrCat("kernel '", kernel.name, "' has a colon")));
  }
  for (const XclbinPort& port : kernel.ports) {
    status.Update(CheckName("port", port.name, kMaxNameBytes));
  }
  for (const XclbinArgument& argument : kernel.arguments) {
    status.Update(CheckName("argument", argument.name, kMaxNameBytes));
    status.Update(CheckName("argument's port", argument.port, kMaxNameBytes));
    status.Update(CheckName("argument's type", argument.type, kMaxNameBytes));
  }
  for (const XclbinComputeUnit& unit : kernel.compute_units) {
    status.Update(CheckName("compute unit", unit.name, kMaxNameBytes));
    for (const XclbinConnection& connection : unit.connections) {
      status.Update(CheckConnection(kernel, connection, memories));
    }
  }
  return status;
}

absl::StatusOr<Section> MemoryTopology(const XclbinDescription& description) {
  absl::Status status = CheckCount("memories", description.memories.size(),
                                   std::numeric_limits<MemoryEntry::Count>::max());
  std::vector<MemoryEntry> entries;
  for (const XclbinMemory& memory : description.memories) {
    MemoryEntry& entry = entries.emplace_back(MemoryEntry{.type = memory.type,
                                                          .used = memory.is_used,
                                                          .size_kb = memory.size_kb,
                                                          .base_address = memory.base_address});
    status.Update(SetText("memory", memory.tag, entry.tag));
  }
  if (!status.ok()) return status;
  return Section{xclbin_format::kMemTopology, TableOf(entries)};
}

absl::StatusOr<Section> IpLayout(const XclbinDescription& description) {
  absl::Status status;
  std::vector<IpEntry> entries;
  for (const XclbinKernel& kernel : description.kernels) {
    for (const XclbinComputeUnit& unit : kernel.compute_units) {
      const auto interrupt = static_cast<uint32_t>(entries.size());
      IpEntry& entry = entries.emplace_back(IpEntry{
          .type = IpEntry::kKernel,
          .properties = IpEntry::kInterruptEnabled | interrupt << IpEntry::kInterruptIdShift,
          .base_address = unit.base_address});
      status.Update(SetText("compute unit", StrCat(kernel.name, ":", unit.name), entry.name));
    }
  }
  status.Update(CheckCount("compute units", entries.size(), IpEntry::kMaxInterruptId + 1));
  if (!status.ok()) return status;
  return Section{xclbin_format::kIpLayout, TableOf(entries)};
}

Section Connectivity(const XclbinDescription& description) {
  std::vector<ConnectionEntry> entries;
  int32_t ip = 0;
  for (const XclbinKernel& kernel : description.kernels) {
    for (const XclbinComputeUnit& unit : kernel.compute_units) {
      for (const XclbinConnection& connection : unit.connections) {
        entries.push_back({connection.argument, ip, connection.memory});
      }
      ++ip;
    }
  }
  return {xclbin_format::kConnectivity, TableOf(entries)};
}

absl::StatusOr<Section> ClockTopology(const XclbinDescription& description) {
  absl::Status status = CheckCount("clocks", description.clocks.size(),
                                   std::numeric_limits<ClockEntry::Count>::max());
  std::vector<ClockEntry> entries;
  for (const XclbinClock& clock : description.clocks) {
    ClockEntry& entry = entries.emplace_back(ClockEntry{.mhz = clock.mhz, .type = clock.type});
    status.Update(SetText("clock", clock.name, entry.name));
  }
  if (!status.ok()) return status;
  return Section{xclbin_format::kClockFreqTopology, TableOf(entries)};
}

absl::StatusOr<std::vector<Section>> MakeSections(const XclbinDescription& description) {
  for (const XclbinKernel& kernel : description.kernels) {
    absl::Status status = CheckKernel(kernel, description.memories.size());
    if (!status.ok()) return status;
  }
  std::vector<Section> sections;
  for (const auto& make : {MemoryTopology, IpLayout, ClockTopology}) {
    absl::StatusOr<Section> section = make(description);
    if (!section.ok()) return section.status();
    sections.push_back(*std::move(section));
  }
  sections.push_back(Connectivity(description));
  sections.push_back({xclbin_format::kEmbeddedMetadata, WriteKernelMetadata(description.kernels)});
  if (description.array.has_value()) {
    absl::Status status = description.array->Validate();
    if (!status.ok()) return status;
    sections.push_back({xclbin_format::kBitstream, WriteArrayJson(*description.array)});
  }
  return sections;
}

// Of the file's SHA-256, marked as a UUID of no particular making (RFC 9562, version 8).
void SetUuid(FileHeader& header, std::span<const uint8_t> file) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest = {};
  EVP_Digest(file.data(), file.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::copy_n(digest.begin(), sizeof(header.uuid), header.uuid);
  header.uuid[6] = (header.uuid[6] & 0x0F) | 0x80;
  header.uuid[8] = (header.uuid[8] & 0x3F) | 0x80;
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> WriteXclbin(const XclbinDescription& description) {
  const absl::StatusOr<std::vector<Section>> sections = MakeSections(description);
  if (!sections.ok()) return sections.status();
  FileHeader header = {.mode = xclbin_format::kModeHardwareEmulation,
                       .section_count = static_cast<uint32_t>(sections->size())};
  std::ranges::copy(xclbin_format::kMagic, header.magic);
  std::ranges::fill(header.reserved, uint8_t{0xFF});
  absl::Status status = SetText("platform", description.platform, header.platform);
  if (!status.ok()) return status;

  std::vector<uint8_t> file(sizeof(header) + sections->size() * sizeof(SectionHeader));
  for (size_t i = 0; i < sections->size(); ++i) {
    const Section& section = (*sections)[i];
    file.resize((file.size() + xclbin_format::kSectionAlignment - 1) /
                xclbin_format::kSectionAlignment * xclbin_format::kSectionAlignment);
    const SectionHeader entry = {
        .kind = section.kind, .offset = file.size(), .size = section.bytes.size()};
    std::memcpy(&file[sizeof(header) + i * sizeof(entry)], &entry, sizeof(entry));
    file.insert(file.end(), section.bytes.begin(), section.bytes.end());
  }
  header.length = file.size();
  std::memcpy(file.data(), &header, sizeof(header));
  SetUuid(header, file);
  std::memcpy(file.data(), &header, sizeof(header));
  return file;
}

}  // namespace sta
