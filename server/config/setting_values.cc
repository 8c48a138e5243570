// SPDX-License-Identifier: Apache-2.0
#include "server/config/setting_values.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr int kMaxAddresses = 16;
constexpr size_t kMaxSocketPathBytes = 107;  // of sockaddr_un, without its last 0
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

absl::StatusOr<Address> ParseSocketPath(std::string_view text, std::string_view path) {
  if (path.size() < 2 || path.front() != '/' || path.size() > kMaxSocketPathBytes ||
      path.find('\0') != std::string_view::npos) {
    return Refuse(text, "not a Unix socket",
                  StrCat("unix:/PATH of at most ", kMaxSocketPathBytes, " bytes"));
  }
  return Address{.path = std::string(path)};
}

absl::Status RefuseDevice(std::string_view text) {
  return Refuse(text, "not a device",
                StrCat("auto, or a list of emulator, emulator:THREADS with 1 to ",
                       kMaxDeviceThreads, " threads, emulator=COUNT with 1 to ", kMaxDevices,
                       " emulators and xrt:INDEX with 0 to ", kMaxDevices - 1));
}

std::optional<int> ParseSmall(std::string_view text, int minimum, int maximum) {
  int value = 0;
  if (!IsDecimal(text) || !absl::SimpleAtoi(AbslView(text), &value)) return std::nullopt;
  return value >= minimum && value <= maximum ? std::optional(value) : std::nullopt;
}

// The devices that one part of a list stands for; none where it stands for nothing.
std::vector<DeviceSetting> ParseDevicePart(std::string_view text) {
  constexpr std::string_view kThreads = "emulator:";
  constexpr std::string_view kCount = "emulator=";
  constexpr std::string_view kCard = "xrt:";
  if (text == "emulator") return {{.kind = "emulator"}};
  if (text.starts_with(kThreads)) {
    const std::optional<int> threads =
        ParseSmall(text.substr(kThreads.size()), 1, kMaxDeviceThreads);
    if (threads.has_value()) return {{.kind = "emulator", .threads = *threads}};
  } else if (text.starts_with(kCount)) {
    const std::optional<int> count = ParseSmall(text.substr(kCount.size()), 1, kMaxDevices);
    if (count.has_value()) {
      return std::vector<DeviceSetting>(static_cast<size_t>(*count), {.kind = "emulator"});
    }
  } else if (text.starts_with(kCard)) {
    const std::optional<int> index = ParseSmall(text.substr(kCard.size()), 0, kMaxDevices - 1);
    if (index.has_value()) return {{.kind = "xrt", .index = *index}};
  }
  return {};
}

}  // namespace

std::string Address::ToString() const {
  if (!path.empty()) return StrCat("unix:", path);
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

absl::StatusOr<std::vector<Address>> ParseAddresses(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  std::vector<Address> addresses;
  for (absl::string_view part : absl::StrSplit(AbslView(text), ',')) {
    const std::string_view stripped = StdView(absl::StripAsciiWhitespace(part));
    absl::StatusOr<Address> address = stripped.starts_with(kUnix)
                                          ? ParseSocketPath(stripped, stripped.substr(kUnix.size()))
                                          : ParseAddress(stripped);
    if (!address.ok()) return address.status();
    const bool is_any_port = address->path.empty() && address->port == 0;
    if (!is_any_port && std::ranges::find(addresses, *address) != addresses.end()) {
      return Refuse(text, "a list with an address twice", "every address once");
    }
    addresses.push_back(*std::move(address));
    if (std::ssize(addresses) > kMaxAddresses) {
      return Refuse(text, "too long a list", StrCat("1 to ", kMaxAddresses, " addresses"));
    }
  }
  return addresses;
}

std::string FormatAddresses(const std::vector<Address>& addresses) {
  return absl::StrJoin(addresses, ",", [](std::string* out, const Address& address) {
    StrAppend(out, address.ToString());
  });
}

absl::StatusOr<std::vector<Address>> ParseHttpAddresses(std::string_view text) {
  if (text.empty() || text == "off") return std::vector<Address>();
  absl::StatusOr<std::vector<Address>> addresses = ParseAddresses(text);
  if (!addresses.ok()) return addresses;
  for (const Address& address : *addresses) {
    if (!address.path.empty()) {
      return Refuse(address.ToString(), "no address of HTTP", "HOST:PORT or [IPV6]:PORT");
    }
  }
  return addresses;
}

absl::StatusOr<double> ParseFraction(std::string_view text) {
  double value = 0;
  if (!absl::SimpleAtod(AbslView(text), &value) || !(value >= 0 && value <= 1)) {
    return Refuse(text, "not a fraction", "a number from 0 to 1, such as 0.01");
  }
  return value;
}

absl::StatusOr<std::vector<DeviceSetting>> ParseDevices(std::string_view text) {
  if (text == "auto") return std::vector<DeviceSetting>{{.kind = "auto"}};
  std::vector<DeviceSetting> devices;
  for (absl::string_view part : absl::StrSplit(AbslView(text), ',')) {
    const std::string_view stripped = StdView(absl::StripAsciiWhitespace(part));
    if (stripped == "auto") {
      return Refuse(text, "a list with auto in it", "auto alone, which has an emulator, or a list");
    }
    const std::vector<DeviceSetting> more = ParseDevicePart(stripped);
    if (more.empty()) return RefuseDevice(stripped);
    for (const DeviceSetting& device : more) {
      if (device.kind == "xrt" && std::ranges::find(devices, device) != devices.end()) {
        return Refuse(text, "a list with a card twice", "every card once");
      }
      devices.push_back(device);
    }
    if (std::ssize(devices) > kMaxDevices) {
      return Refuse(text, "too long a list", StrCat("1 to ", kMaxDevices, " devices"));
    }
  }
  return devices;
}

std::string FormatDevices(const std::vector<DeviceSetting>& devices) {
  return absl::StrJoin(devices, ",", [](std::string* out, const DeviceSetting& device) {
    StrAppend(out, device.kind);
    if (device.kind == "xrt") StrAppend(out, ":", device.index);
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
