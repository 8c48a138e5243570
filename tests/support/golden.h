// SPDX-License-Identifier: Apache-2.0
//
// Reads a golden vector: LoadGolden("arithmetic/mulhrs.json") is
// tests/golden/arithmetic/mulhrs.json parsed. A missing or broken file throws, which fails the test
// that asked for it.
#ifndef TESTS_SUPPORT_GOLDEN_H_
#define TESTS_SUPPORT_GOLDEN_H_

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace sta {

inline nlohmann::json LoadGolden(const std::string& name) {
  const std::string path = std::string(STA_TEST_DATA_DIR) + "/golden/" + name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open " + path);
  return nlohmann::json::parse(file);
}

}  // namespace sta

#endif  // TESTS_SUPPORT_GOLDEN_H_
