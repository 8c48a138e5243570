// SPDX-License-Identifier: Apache-2.0
#include "client/console/json_text.h"

#include <array>
#include <charconv>

namespace sta::client {

double ShortestDouble(float value) {
  std::array<char, 64> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  double result = value;
  std::from_chars(digits.data(), written.ptr, result);
  return result;
}

OrderedJson FloatArray(std::span<const float> values) {
  OrderedJson array = OrderedJson::array();
  for (const float value : values) array.push_back(ShortestDouble(value));
  return array;
}

std::string JsonLine(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string IndentedJson(const OrderedJson& json) {
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace sta::client
