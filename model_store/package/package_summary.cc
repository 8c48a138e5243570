// SPDX-License-Identifier: Apache-2.0
#include "model_store/package/package_summary.h"

#include "model_store/codec/position_codec.h"

namespace sta {
namespace {

constexpr int64_t kFloatBytes = 4;

TensorSummary SummarizeMatrix(const MatrixEntry& matrix) {
  const double values =
      static_cast<double>(matrix.rows * matrix.pattern.EntriesPerRow(matrix.columns));
  return {
      .name = matrix.name,
      .pattern = matrix.pattern.ToString(),
      .dense_bytes = matrix.rows * matrix.columns * kFloatBytes,
      .packed_bytes = matrix.value_bytes + matrix.position_bytes,
      .bound_bytes = values + PositionBoundBits(matrix.rows, matrix.columns, matrix.pattern) / 8};
}

TensorSummary SummarizeTable(const char* name, const EmbeddingTableView& table) {
  const int64_t codes = table.rows * table.columns;
  const int64_t packed = codes + table.rows * static_cast<int64_t>(sizeof(*table.multipliers));
  return {.name = name,
          .pattern = "int8 rows",
          .dense_bytes = codes * kFloatBytes,
          .packed_bytes = packed,
          .bound_bytes = static_cast<double>(packed)};
}

void AddTo(TensorSummary& sum, const TensorSummary& tensor) {
  sum.dense_bytes += tensor.dense_bytes;
  sum.packed_bytes += tensor.packed_bytes;
  sum.bound_bytes += tensor.bound_bytes;
}

}  // namespace

PackageSummary SummarizePackage(const Package& package) {
  PackageSummary summary;
  summary.matrices.name = "matrices";
  summary.embeddings.name = "embeddings";
  summary.package_bytes = package.manifest().TotalBytes();
  for (const MatrixEntry& matrix : package.manifest().matrices) {
    summary.tensors.push_back(SummarizeMatrix(matrix));
    AddTo(summary.matrices, summary.tensors.back());
  }
  const EmbeddingTables& tables = package.embeddings();
  for (const auto& [name, table] :
       {std::pair{"embeddings.word_embeddings", &tables.word},
        std::pair{"embeddings.position_embeddings", &tables.position},
        std::pair{"embeddings.token_type_embeddings", &tables.token_type}}) {
    if (table->rows == 0) continue;
    summary.tensors.push_back(SummarizeTable(name, *table));
    AddTo(summary.embeddings, summary.tensors.back());
  }
  return summary;
}

}  // namespace sta
