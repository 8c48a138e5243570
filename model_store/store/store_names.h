// SPDX-License-Identifier: Apache-2.0
//
// Which names a store knows. Pure functions.
#ifndef MODEL_STORE_STORE_STORE_NAMES_H_
#define MODEL_STORE_STORE_STORE_NAMES_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace sta {

// Letters, digits, '.', '_' and '-', at most 128, not beginning with a dot.
bool IsModelName(std::string_view name);

// A model name that begins with a letter.
bool IsAliasName(std::string_view name);

inline constexpr int64_t kMaxVersion = int64_t{1} << 53;  // JSON's readers agree up to here

// The number of a version directory: 1..kMaxVersion, without leading zeros.
std::optional<int64_t> ParseVersionNumber(std::string_view text);

}  // namespace sta

#endif  // MODEL_STORE_STORE_STORE_NAMES_H_
