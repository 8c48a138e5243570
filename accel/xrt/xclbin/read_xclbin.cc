// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
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
using xclbin_format::SectionKind;

using Bytes = std::span<const uint8_t>;

absl::Status SectionError(SectionKind kind, std::string_view what) {
  return absl::InvalidArgumentError(StrCat(SectionKindName(kind), ": ", what));
}

absl::Status SectionError(SectionKind kind, const absl::Status& status) {
  return SectionError(kind, StdView(status.message()));
}

// The text of a field that is filled up with zeros.
template <size_t kSize>
std::string TextOf(const char (&field)[kSize]) {
  return {field, strnlen(field, kSize)};
}

// Finds sections in a file whose section table was checked.
class SectionFinder {
 public:
  SectionFinder(Bytes file, const std::vector<XclbinSection>& sections)
      : file_(file), sections_(sections) {}

  // Empty where there is none. INVALID_ARGUMENT where there are two.
  absl::StatusOr<Bytes> Find(SectionKind kind) const {
    const auto is_it = [&](const XclbinSection& section) {
      return section.kind == kind && section.size_bytes > 0;
    };
    const auto found = std::ranges::find_if(sections_, is_it);
    if (found == sections_.end()) return Bytes();
    if (std::any_of(found + 1, sections_.end(), is_it)) {
      return SectionError(kind, "it is there twice");
    }
    return file_.subspan(found->offset, found->size_bytes);
  }

  // The entries of a table; none where there is no section.
  template <typename Entry>
  absl::StatusOr<std::vector<Entry>> FindTable(SectionKind kind) const {
    const absl::StatusOr<Bytes> section = Find(kind);
    if (!section.ok()) return section.status();
    if (section->empty()) return std::vector<Entry>();
    if (section->size() < Entry::kFirst) return SectionError(kind, "it has no room for its count");
    typename Entry::Count count = 0;
    std::memcpy(&count, section->data(), sizeof(count));
    const size_t room = (section->size() - Entry::kFirst) / sizeof(Entry);
    if (count < 0 || static_cast<size_t>(count) > room) {
      return SectionError(
          kind, StrCat("it says that it has ", count, " entries, there is room for ", room));
    }
    std::vector<Entry> entries(static_cast<size_t>(count));
    if (count > 0) {
      std::memcpy(entries.data(), &(*section)[Entry::kFirst], entries.size() * sizeof(Entry));
    }
    return entries;
  }

 private:
  const Bytes file_;
  const std::vector<XclbinSection>& sections_;
};

absl::Status ReadMemories(const SectionFinder& finder, XclbinDescription& description) {
  const auto entries = finder.FindTable<MemoryEntry>(xclbin_format::kMemTopology);
  if (!entries.ok()) return entries.status();
  for (const MemoryEntry& entry : *entries) {
    description.memories.push_back({.tag = TextOf(entry.tag),
                                    .type = entry.type,
                                    .is_used = entry.used != 0,
                                    .base_address = entry.base_address,
                                    .size_kb = entry.size_kb});
  }
  return absl::OkStatus();
}

absl::Status ReadClocks(const SectionFinder& finder, XclbinDescription& description) {
  const auto entries = finder.FindTable<ClockEntry>(xclbin_format::kClockFreqTopology);
  if (!entries.ok()) return entries.status();
  for (const ClockEntry& entry : *entries) {
    description.clocks.push_back(
        {.name = TextOf(entry.name), .type = entry.type, .mhz = entry.mhz});
  }
  return absl::OkStatus();
}

absl::Status ReadMetadata(const SectionFinder& finder, XclbinDescription& description) {
  const absl::StatusOr<Bytes> section = finder.Find(xclbin_format::kEmbeddedMetadata);
  if (!section.ok()) return section.status();
  if (section->empty()) return absl::OkStatus();
  auto kernels = ReadKernelMetadata(*section);
  if (!kernels.ok()) return SectionError(xclbin_format::kEmbeddedMetadata, kernels.status());
  description.kernels = *std::move(kernels);
  return absl::OkStatus();
}

// A kernel that the metadata does not have is added without arguments.
XclbinKernel& FindOrAddKernel(std::string_view name, XclbinDescription& description) {
  const auto found = std::ranges::find(description.kernels, name, &XclbinKernel::name);
  if (found != description.kernels.end()) return *found;
  return description.kernels.emplace_back(XclbinKernel{.name = std::string(name)});
}

// An entry of IP_LAYOUT: a compute unit, or another circuit, which we do not show.
struct Ip {
  bool is_kernel = false;
  std::string kernel;
  XclbinComputeUnit unit;
};

absl::StatusOr<std::vector<Ip>> ReadIps(const SectionFinder& finder) {
  const auto entries = finder.FindTable<IpEntry>(xclbin_format::kIpLayout);
  if (!entries.ok()) return entries.status();
  std::vector<Ip> ips;
  for (const IpEntry& entry : *entries) {
    Ip& ip = ips.emplace_back(Ip{.is_kernel = entry.type == IpEntry::kKernel});
    if (!ip.is_kernel) continue;
    const std::string name = TextOf(entry.name);
    const size_t colon = name.find(':');
    if (colon == std::string::npos) {
      return SectionError(xclbin_format::kIpLayout,
                          StrCat("entry ", ips.size() - 1, " is '", name, "', not KERNEL:UNIT"));
    }
    ip.kernel = name.substr(0, colon);
    ip.unit = {.name = name.substr(colon + 1), .base_address = entry.base_address};
  }
  return ips;
}

absl::Status ReadConnections(const SectionFinder& finder, size_t memories, std::vector<Ip>& ips) {
  const auto entries = finder.FindTable<ConnectionEntry>(xclbin_format::kConnectivity);
  if (!entries.ok()) return entries.status();
  const auto is_in = [](int32_t index, size_t size) {
    return index >= 0 && static_cast<size_t>(index) < size;
  };
  for (size_t i = 0; i < entries->size(); ++i) {
    const ConnectionEntry& entry = (*entries)[i];
    if (entry.argument < 0 || !is_in(entry.ip, ips.size()) || !is_in(entry.memory, memories)) {
      return SectionError(xclbin_format::kConnectivity,
                          StrCat("entry ", i, " connects argument ", entry.argument, " of IP ",
                                 entry.ip, " with memory ", entry.memory, "; there are ",
                                 ips.size(), " IPs and ", memories, " memories"));
    }
    ips[static_cast<size_t>(entry.ip)].unit.connections.push_back({entry.argument, entry.memory});
  }
  return absl::OkStatus();
}

absl::Status ReadComputeUnits(const SectionFinder& finder, XclbinDescription& description) {
  absl::StatusOr<std::vector<Ip>> ips = ReadIps(finder);
  if (!ips.ok()) return ips.status();
  absl::Status status = ReadConnections(finder, description.memories.size(), *ips);
  if (!status.ok()) return status;
  for (Ip& ip : *ips) {
    if (!ip.is_kernel) continue;
    FindOrAddKernel(ip.kernel, description).compute_units.push_back(std::move(ip.unit));
  }
  return absl::OkStatus();
}

absl::Status ReadArray(const SectionFinder& finder, XclbinDescription& description) {
  const absl::StatusOr<Bytes> section = finder.Find(xclbin_format::kBitstream);
  if (!section.ok()) return section.status();
  const auto array = ReadArrayJson(*section);
  if (!array.ok()) return SectionError(xclbin_format::kBitstream, array.status());
  description.array = *array;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<XclbinContents> ReadXclbin(Bytes file) {
  absl::StatusOr<std::vector<XclbinSection>> sections = ReadSectionTable(file);
  if (!sections.ok()) return sections.status();
  XclbinContents contents = {.sections = *std::move(sections)};
  FileHeader header;
  std::memcpy(&header, file.data(), sizeof(header));
  std::ranges::copy(header.uuid, contents.uuid.begin());
  XclbinDescription& description = contents.description;
  description.platform = TextOf(header.platform);
  const SectionFinder finder(file, contents.sections);
  for (const auto& read : {ReadMemories, ReadClocks, ReadMetadata, ReadComputeUnits, ReadArray}) {
    if (absl::Status status = read(finder, description); !status.ok()) return status;
  }
  return contents;
}

}  // namespace sta
