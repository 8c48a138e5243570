// SPDX-License-Identifier: Apache-2.0
//
// NearestName: what somebody probably meant, for messages about unknown names. Pure functions.
#ifndef SERVER_CONFIG_NEAREST_NAME_H_
#define SERVER_CONFIG_NEAREST_NAME_H_

#include <cstddef>
#include <span>
#include <string_view>

namespace sta {

// Levenshtein distance: single-character insertions, deletions and replacements.
size_t EditDistance(std::string_view a, std::string_view b);

// The known name with the smallest distance to `name` (the first of equals); empty where none is
// near, that is, where more than a third of the letters (and more than two) would have to change.
std::string_view NearestName(std::string_view name, std::span<const std::string_view> known);

}  // namespace sta

#endif  // SERVER_CONFIG_NEAREST_NAME_H_
