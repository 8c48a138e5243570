// SPDX-License-Identifier: Apache-2.0
#include "tests/support/trained_series.h"

#include <fstream>

#include "tests/support/hugging_face_directory.h"

namespace sta {

nlohmann::json TrainedSeriesJson() {
  return nlohmann::json::parse(R"({
    "format_version": 1, "name": "toy", "task": "sst2", "source": "tiny", "metric": "accuracy",
    "candidates": [
      {"name": "dense", "directory": "dense", "patterns": "dense", "density": 1.0, "steps": 80,
       "seconds": 1.5, "split": "dev", "accuracy": {"accuracy": 91.5, "f1": 90.25}},
      {"name": "4-8", "directory": "4-8", "patterns": "4:8", "density": 0.5, "steps": 160,
       "seconds": 2.5, "split": "dev", "accuracy": {"accuracy": 91.0, "f1": 90}},
      {"name": "2-8-mixed", "directory": "2-8-mixed", "patterns": "2:8,*.layer.0.*=4:8",
       "density": 0.375, "steps": 240, "seconds": 3, "split": "dev",
       "accuracy": {"accuracy": 90.25, "f1": 89}}]})");
}

void WriteSeriesJson(const nlohmann::json& json, const std::filesystem::path& directory) {
  std::ofstream(directory / "series.json") << json.dump(1);
}

absl::Status WriteTrainedSeries(const std::filesystem::path& directory) {
  // What fits 2:8 fits 4:8 too.
  const HuggingFaceOptions dense = {.is_classifier = true};
  const HuggingFaceOptions half = {.is_classifier = true, .zeros = {4, 8}};
  const HuggingFaceOptions quarter = {.is_classifier = true, .zeros = {2, 8}};
  absl::Status status = HuggingFaceDirectory(dense).Write(directory / "dense");
  status.Update(HuggingFaceDirectory(half).Write(directory / "4-8"));
  status.Update(HuggingFaceDirectory(quarter).Write(directory / "2-8-mixed"));
  if (status.ok()) WriteSeriesJson(TrainedSeriesJson(), directory);
  return status;
}

}  // namespace sta
