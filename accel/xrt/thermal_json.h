// SPDX-License-Identifier: Apache-2.0
//
// What XRT says of a card's temperature sensors: {"thermals": [{"description": "FPGA", "temp_C":
// "48", "is_present": "true"}, ...]}.
//
// A pure function.
#ifndef ACCEL_XRT_THERMAL_JSON_H_
#define ACCEL_XRT_THERMAL_JSON_H_

#include <optional>
#include <string_view>

namespace sta {

// Of the sensors that are present; nothing where there is none, or the text is something else.
std::optional<double> HottestCelsius(std::string_view json);

}  // namespace sta

#endif  // ACCEL_XRT_THERMAL_JSON_H_
