// SPDX-License-Identifier: Apache-2.0
#include "server/config/setting_values.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr int kMaxDevices = 64;
constexpr int kMaxDeviceThreads = 256;

struct ByteUnit {
  std::string_view suffix;
  int64_t bytes;
};
constexpr std::array<ByteUnit, 3> kByteUnits = {
    {{"GiB", int64_t{1} << 30}, {"MiB", int64_t{1} << 20}, {"KiB", int64_t{1} << 10}}};

absl::Status Refuse(std::string_view text, std::string_view problem, std::string_view allowed) {
  return absl::InvalidArgumentError(StrCat("'", text, "' is ", problem, "; allowed: ", allowed));
}

bool IsDecimal(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

absl::StatusOr<DeviceSetting> ParseDevice(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string allowed =
      StrCat("emulator or emulator:THREADS with 1 to ", kMaxDeviceThreads, " threads");
  if (kind != "emulator") return Refuse(text, "not a device", allowed);
  DeviceSetting device;
  if (colon == std::string_view::npos) return device;
  const std::string_view threads = text.substr(colon + 1);
  if (!IsDecimal(threads) || !absl::SimpleAtoi(AbslView(threads), &device.threads) ||
      device.threads < 1 || device.threads > kMaxDeviceThreads) {
    return Refuse(text, "not a device", allowed);
  }
  return device;
}

}  // namespace

std::string Address::ToString() const {
  const bool brackets = host.find(':') != std::string::npos;
  return StrCat(brackets ? "[" : "", host, brackets ? "]" : "", ":", port);
}

absl::StatusOr<int64_t> ParseCount(std::string_view text, int64_t minimum, int64_t maximum) {
  const std::string allowed = StrCat("a whole number from ", minimum, " to ", maximum);
  int64_t value = 0;
  if (!IsDecimal(text)) return Refuse(text, "not a number", allowed);
  if (!absl::SimpleAtoi(AbslView(text), &value) || value < minimum || value > maximum) {
    return Refuse(text, "out of range", allowed);
  }
  return value;
}

absl::StatusOr<int64_t> ParseByteSize(std::string_view text, int64_t minimum, int64_t maximum) {
  const std::string allowed =
      StrCat("a number of bytes from ", FormatByteSize(minimum), " to ", FormatByteSize(maximum),
             ", with an optional unit KiB, MiB or GiB");
  std::string_view digits = text;
  int64_t unit_bytes = 1;
  for (const ByteUnit& unit : kByteUnits) {
    if (digits.ends_with(unit.suffix)) {
      digits.remove_suffix(unit.suffix.size());
      unit_bytes = unit.bytes;
      break;
    }
  }
  int64_t count = 0;
  if (!IsDecimal(digits)) return Refuse(text, "not a size", allowed);
  if (!absl::SimpleAtoi(AbslView(digits), &count) ||
      count > std::numeric_limits<int64_t>::max() / unit_bytes || count * unit_bytes < minimum ||
      count * unit_bytes > maximum) {
    return Refuse(text, "out of range", allowed);
  }
  return count * unit_bytes;
}

std::string FormatByteSize(int64_t bytes) {
  for (const ByteUnit& unit : kByteUnits) {
    if (bytes >= unit.bytes && bytes % unit.bytes == 0) {
      return StrCat(bytes / unit.bytes, unit.suffix);
    }
  }
  return StrCat(bytes);
}

absl::StatusOr<absl::Duration> ParseDuration(std::string_view text, absl::Duration maximum) {
  const std::string allowed =
      StrCat("0 to ", absl::FormatDuration(maximum), ", written like 500us, 20ms or 1m30s");
  absl::Duration value;
  if (!absl::ParseDuration(AbslView(text), &value)) return Refuse(text, "not a duration", allowed);
  if (value < absl::ZeroDuration() || value > maximum) {
    return Refuse(text, "out of range", allowed);
  }
  return value;
}

absl::StatusOr<Address> ParseAddress(std::string_view text) {
  const std::string_view allowed = "HOST:PORT or [IPV6]:PORT, with a port from 0 to 65535";
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Refuse(text, "not an address", allowed);
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find_first_of("[]/ \t") != std::string_view::npos ||
      (!brackets && host.find(':') != std::string_view::npos)) {
    return Refuse(text, "not an address", allowed);
  }
  Address address{.host = std::string(host)};
  if (!IsDecimal(port) || !absl::SimpleAtoi(AbslView(port), &address.port) ||
      address.port > 65535) {
    return Refuse(text, "not an address", allowed);
  }
  return address;
}

absl::StatusOr<std::vector<DeviceSetting>> ParseDevices(std::string_view text) {
  std::vector<DeviceSetting> devices;
  for (absl::string_view part : absl::StrSplit(AbslView(text), ',')) {
    absl::StatusOr<DeviceSetting> device = ParseDevice(StdView(absl::StripAsciiWhitespace(part)));
    if (!device.ok()) return device.status();
    if (devices.size() == kMaxDevices) {
      return Refuse(text, "too long a list", StrCat("1 to ", kMaxDevices, " devices"));
    }
    devices.push_back(*std::move(device));
  }
  return devices;
}

std::string FormatDevices(const std::vector<DeviceSetting>& devices) {
  return absl::StrJoin(devices, ",", [](std::string* out, const DeviceSetting& device) {
    StrAppend(out, device.kind);
    if (device.threads != 0) StrAppend(out, ":", device.threads);
  });
}

absl::StatusOr<std::string> ParseChoice(std::string_view text,
                                        std::initializer_list<std::string_view> allowed) {
  if (std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
    std::string names;
    for (std::string_view choice : allowed) StrAppend(&names, names.empty() ? "" : ", ", choice);
    return Refuse(text, "unknown", names);
  }
  return std::string(text);
}

}  // namespace sta
