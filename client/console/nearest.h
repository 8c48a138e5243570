// SPDX-License-Identifier: Apache-2.0
//
// Finds the word that was probably meant, for "did you mean" in error messages.
// A pure function.
#ifndef CLIENT_CONSOLE_NEAREST_H_
#define CLIENT_CONSOLE_NEAREST_H_

#include <string>
#include <string_view>
#include <vector>

namespace sta::client {

// The candidate with the fewest edits (insert, delete, replace, swap of neighbors) from `word`, or
// one that `word` begins; the first of equals. Empty where none is near: more than a third of the
// letters, but at least two edits, would have to change.
std::string NearestName(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace sta::client

#endif  // CLIENT_CONSOLE_NEAREST_H_
