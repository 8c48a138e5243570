// SPDX-License-Identifier: Apache-2.0
//
// Texts of setting values and what they mean. Each Parse function checks the whole text and, where
// it refuses, says what is allowed: INVALID_ARGUMENT "'70k' is not ...; allowed: ...". Pure
// functions. Format functions give the text that Parse reads back.
#ifndef SERVER_CONFIG_SETTING_VALUES_H_
#define SERVER_CONFIG_SETTING_VALUES_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/config/settings.h"

namespace sta {

// A decimal whole number in minimum..maximum.
absl::StatusOr<int64_t> ParseCount(std::string_view text, int64_t minimum, int64_t maximum);

// A number of bytes, with an optional unit KiB, MiB or GiB: "65536", "64KiB".
absl::StatusOr<int64_t> ParseByteSize(std::string_view text, int64_t minimum, int64_t maximum);
std::string FormatByteSize(int64_t bytes);

// Numbers with units h, m, s, ms, us, ns: "20s", "1m30s", "500us", "0".
absl::StatusOr<absl::Duration> ParseDuration(std::string_view text, absl::Duration maximum);

// "host:port" or "[ipv6]:port", port 0..65535.
absl::StatusOr<Address> ParseAddress(std::string_view text);

// 1 to 16 of these or "unix:/path", with commas between.
absl::StatusOr<std::vector<Address>> ParseAddresses(std::string_view text);
std::string FormatAddresses(const std::vector<Address>& addresses);

// As ParseAddresses, without Unix sockets; none for "off" or an empty text.
absl::StatusOr<std::vector<Address>> ParseHttpAddresses(std::string_view text);

// A number from 0 to 1.
absl::StatusOr<double> ParseFraction(std::string_view text);

// "auto", or a list with commas of "emulator", "emulator:THREADS", "emulator=COUNT" and
// "xrt:INDEX"; 1 to 64 devices, those of a list distinct cards, of 1 to 256 threads.
absl::StatusOr<std::vector<DeviceSetting>> ParseDevices(std::string_view text);
std::string FormatDevices(const std::vector<DeviceSetting>& devices);

// One of `allowed`.
absl::StatusOr<std::string> ParseChoice(std::string_view text,
                                        std::initializer_list<std::string_view> allowed);

}  // namespace sta

#endif  // SERVER_CONFIG_SETTING_VALUES_H_
