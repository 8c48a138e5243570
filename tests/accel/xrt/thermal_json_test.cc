// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/thermal_json.h"

#include <gtest/gtest.h>

namespace sta {
namespace {

TEST(ThermalJsonTest, TheHottestSensorThatIsPresentCounts) {
  EXPECT_EQ(HottestCelsius(R"({"thermals": [
      {"location_id": "pcb_top_front", "temp_C": "31", "is_present": "true"},
      {"location_id": "fpga0", "temp_C": "48", "is_present": "true"},
      {"location_id": "cage_temp_0", "temp_C": "90", "is_present": "false"}]})"),
            48);
  EXPECT_EQ(HottestCelsius(R"({"thermals": [{"temp_C": 40.5}, {"temp_C": -3}]})"), 40.5);
}

TEST(ThermalJsonTest, AnythingElseIsNoTemperature) {
  for (const char* json :
       {"", "{", "[]", "null", "{}", R"({"thermals": 5})", R"({"thermals": []})",
        R"({"thermals": [7, {"temp_C": "N/A"}, {"temp_C": []}, {"is_present": "true"}]})"}) {
    EXPECT_EQ(HottestCelsius(json), std::nullopt) << json;
  }
}

}  // namespace
}  // namespace sta
