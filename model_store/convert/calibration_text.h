// SPDX-License-Identifier: Apache-2.0
//
// Sentences to calibrate on and to measure accuracy with. File I/O; thread-safe.
#ifndef MODEL_STORE_CONVERT_CALIBRATION_TEXT_H_
#define MODEL_STORE_CONVERT_CALIBRATION_TEXT_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sta {

struct CalibrationText {
  std::vector<std::string> calibration;
  std::vector<std::string> held_back;  // every tenth
};

// One sentence a line; empty lines do not count. At most `max_sentences` are taken, spread evenly
// over the file. INVALID_ARGUMENT: no file given, fewer than 20 sentences in it, or a line that is
// no UTF-8 (its number is named); NOT_FOUND: no such file.
absl::StatusOr<CalibrationText> ReadCalibrationText(const std::filesystem::path& path,
                                                    int64_t max_sentences);

}  // namespace sta

#endif  // MODEL_STORE_CONVERT_CALIBRATION_TEXT_H_
