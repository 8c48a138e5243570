// SPDX-License-Identifier: Apache-2.0
#include "client/commands/opened_package.h"

namespace sta::client {

PackageReport ReportOf(const Manifest& manifest) {
  PackageReport report;
  for (const MatrixEntry& matrix : manifest.matrices) {
    report.matrices.push_back({matrix.name, matrix.pattern.ToString(), matrix.rows, matrix.columns,
                               matrix.value_bytes, matrix.position_bytes});
  }
  report.package_bytes = manifest.TotalBytes();
  const Provenance& provenance = manifest.provenance;
  report.provenance = {{"source", provenance.source},
                       {"tool", provenance.tool},
                       {"calibration", provenance.calibration},
                       {"created", provenance.created}};
  report.accuracy = provenance.accuracy;
  if (provenance.series.has_value()) report.series = PlaceOf(*provenance.series);
  return report;
}

SeriesPlace PlaceOf(const SeriesEntry& entry) {
  return {.series = entry.series,
          .candidate = entry.candidate,
          .task = entry.task,
          .split = entry.split,
          .steps = entry.steps,
          .metric = entry.metric,
          .scores = entry.scores,
          .dense_scores = entry.dense_scores};
}

}  // namespace sta::client
