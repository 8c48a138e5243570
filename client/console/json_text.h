// SPDX-License-Identifier: Apache-2.0
//
// Small helpers to write JSON by nlohmann's library the way that all commands do: floats with the
// fewest digits that name them, invalid UTF-8 replaced, no exceptions. Pure functions.
#ifndef CLIENT_CONSOLE_JSON_TEXT_H_
#define CLIENT_CONSOLE_JSON_TEXT_H_

#include <nlohmann/json.hpp>
#include <span>
#include <string>

namespace sta::client {

// Keeps the order in which keys were added.
using OrderedJson = nlohmann::ordered_json;

// The double that prints with the fewest digits that still read back as `value`: 0.1f gives 0.1.
double ShortestDouble(float value);
// Not-a-number and infinities become null, as JSON has no words for them.
OrderedJson FloatArray(std::span<const float> values);

// On one line, or indented for reading.
std::string JsonLine(const OrderedJson& json);
std::string IndentedJson(const OrderedJson& json);

}  // namespace sta::client

#endif  // CLIENT_CONSOLE_JSON_TEXT_H_
