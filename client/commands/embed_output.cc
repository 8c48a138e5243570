// SPDX-License-Identifier: Apache-2.0
#include "client/commands/embed_output.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/console/json_text.h"
#include "client/console/npy_writer.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

constexpr size_t kTextWidth = 44;
constexpr size_t kShownValues = 4;

class TextOutput : public EmbedOutput {
 public:
  explicit TextOutput(std::ostream& out) : out_(out) {}

  absl::Status Add(std::string_view text, std::span<const float> vector) override {
    const std::string shown = Shorten(text, kTextWidth);
    out_ << shown << std::string(kTextWidth - DisplayWidth(shown), ' ') << "  [" << vector.size()
         << "]";
    for (const float value : vector.first(std::min(kShownValues, vector.size()))) {
      out_ << absl::StrFormat("  %8.5f", value);
    }
    out_ << (vector.size() > kShownValues ? "  …\n" : "\n");
    return absl::OkStatus();
  }
  absl::Status Finish() override { return absl::OkStatus(); }

 private:
  std::ostream& out_;
};

class JsonOutput : public EmbedOutput {
 public:
  explicit JsonOutput(std::ostream& out) : out_(out) {}

  absl::Status Add(std::string_view text, std::span<const float> vector) override {
    out_ << JsonLine({{"text", std::string(text)}, {"embedding", FloatArray(vector)}}) << "\n";
    return absl::OkStatus();
  }
  absl::Status Finish() override { return absl::OkStatus(); }

 private:
  std::ostream& out_;
};

class NpyOutput : public EmbedOutput {
 public:
  NpyOutput(std::unique_ptr<NpyWriter> writer, std::string path, std::ostream& out)
      : writer_(std::move(writer)), path_(std::move(path)), out_(out) {}

  absl::Status Add(std::string_view text, std::span<const float> vector) override {
    columns_ = vector.size();
    return writer_->Append(vector);
  }
  absl::Status Finish() override {
    if (absl::Status status = writer_->Finish(); !status.ok()) return status;
    out_ << "wrote " << path_ << ": " << writer_->rows() << " x " << columns_ << " float32\n";
    return absl::OkStatus();
  }

 private:
  const std::unique_ptr<NpyWriter> writer_;
  const std::string path_;
  std::ostream& out_;
  size_t columns_ = 0;
};

class SimilarityOutput : public EmbedOutput {
 public:
  SimilarityOutput(bool json, std::ostream& out) : json_(json), out_(out) {}

  absl::Status Add(std::string_view text, std::span<const float> vector) override {
    if (texts_.size() == kMaxSimilarityTexts) {
      return absl::ResourceExhaustedError(
          StrCat("--similarity compares at most ", kMaxSimilarityTexts, " texts"));
    }
    double squares = 0;
    for (const float value : vector) squares += static_cast<double>(value) * value;
    // A zero vector is like nothing, not even itself.
    const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
    std::vector<double> unit;
    for (const float value : vector) unit.push_back(value * scale);
    texts_.emplace_back(text);
    units_.push_back(std::move(unit));
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    if (json_) {
      PrintJson();
    } else {
      PrintTable();
    }
    return absl::OkStatus();
  }

 private:
  double Cosine(size_t a, size_t b) const {
    double sum = 0;
    for (size_t i = 0; i < units_[a].size(); ++i) sum += units_[a][i] * units_[b][i];
    return sum;
  }

  void PrintTable() const {
    std::vector<Table::Column> columns = {{"", Align::kRight}, {"text", Align::kLeft}};
    for (size_t i = 0; i < texts_.size(); ++i) {
      columns.push_back({std::to_string(i + 1), Align::kRight});
    }
    Table table(std::move(columns));
    for (size_t row = 0; row < texts_.size(); ++row) {
      std::vector<std::string> cells = {std::to_string(row + 1), Shorten(texts_[row], kTextWidth)};
      for (size_t column = 0; column < texts_.size(); ++column) {
        cells.push_back(FormatFixed(Cosine(row, column), 3));
      }
      table.AddRow(std::move(cells));
    }
    out_ << table.ToString();
  }

  void PrintJson() const {
    OrderedJson rows = OrderedJson::array();
    for (size_t row = 0; row < texts_.size(); ++row) {
      OrderedJson cosines = OrderedJson::array();
      for (size_t column = 0; column < texts_.size(); ++column) {
        cosines.push_back(Cosine(row, column));
      }
      rows.push_back(std::move(cosines));
    }
    out_ << JsonLine({{"texts", texts_}, {"similarity", std::move(rows)}}) << "\n";
  }

  const bool json_;
  std::ostream& out_;
  std::vector<std::string> texts_;
  std::vector<std::vector<double>> units_;
};

}  // namespace

std::unique_ptr<EmbedOutput> MakeTextEmbedOutput(std::ostream& out) {
  return std::make_unique<TextOutput>(out);
}

std::unique_ptr<EmbedOutput> MakeJsonEmbedOutput(std::ostream& out) {
  return std::make_unique<JsonOutput>(out);
}

absl::StatusOr<std::unique_ptr<EmbedOutput>> MakeNpyEmbedOutput(const std::string& path,
                                                                std::ostream& out) {
  absl::StatusOr<std::unique_ptr<NpyWriter>> writer = NpyWriter::Create(path);
  if (!writer.ok()) return writer.status();
  return std::make_unique<NpyOutput>(*std::move(writer), path, out);
}

std::unique_ptr<EmbedOutput> MakeSimilarityOutput(bool json, std::ostream& out) {
  return std::make_unique<SimilarityOutput>(json, out);
}

}  // namespace sta::client
