// SPDX-License-Identifier: Apache-2.0
//
// Finds the name that was probably meant, for "did you mean" in error messages.
// A pure function.
#ifndef STRINGS_NEAREST_NAME_H_
#define STRINGS_NEAREST_NAME_H_

#include <span>
#include <string>

namespace sta {

// The known name with the fewest edits (insert, delete, replace, swap of neighbors) from `name`;
// one that begins with `name`, or that `name` begins with, counts as a single edit away. The first
// of equals. Empty where none is near: more than a third of the letters, but at least two edits,
// would have to change.
std::string NearestName(const std::string& name, std::span<const std::string> known);

}  // namespace sta

#endif  // STRINGS_NEAREST_NAME_H_
