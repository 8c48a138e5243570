// SPDX-License-Identifier: Apache-2.0
#include "client/console/table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"

namespace sta::client {
namespace {

constexpr std::string_view kGap = "  ";

bool IsContinuationByte(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

void AppendPadded(std::string_view cell, size_t width, Align align, std::string* line) {
  const std::string padding(width - std::min(width, DisplayWidth(cell)), ' ');
  if (align == Align::kRight) *line += padding;
  *line += cell;
  if (align == Align::kLeft) *line += padding;
}

}  // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::AddRow(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

void Table::AddRule() { rows_.emplace_back(); }

std::string Table::ToString() const {
  std::vector<size_t> widths;
  std::vector<std::string> titles;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t width = DisplayWidth(columns_[i].title);
    for (const std::vector<std::string>& row : rows_) {
      if (!row.empty()) width = std::max(width, DisplayWidth(row[i]));
    }
    widths.push_back(width);
    titles.push_back(columns_[i].title);
  }

  std::string text;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i != 0) line += kGap;
      const std::string cell = cells.empty() ? std::string(widths[i], '-') : cells[i];
      AppendPadded(cell, widths[i], columns_[i].align, &line);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add_line(titles);
  add_line({});
  for (const std::vector<std::string>& row : rows_) add_line(row);
  return text;
}

size_t DisplayWidth(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return !IsContinuationByte(byte); }));
}

std::string Shorten(std::string_view text, size_t width) {
  const bool cut = DisplayWidth(text) > width;
  const size_t keep = cut ? width - 1 : width;
  std::string result;
  size_t points = 0;
  for (const char byte : text) {
    if (!IsContinuationByte(byte) && ++points > keep) break;
    const bool control = static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F;
    result += control ? ' ' : byte;
  }
  if (cut) result += "…";
  return result;
}

std::string WithThousands(int64_t value) {
  std::string digits = std::to_string(value);
  const int64_t first = value < 0 ? 1 : 0;
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > first; at -= 3) {
    digits.insert(static_cast<size_t>(at), 1, ',');
  }
  return digits;
}

std::string FormatFixed(double value, int digits) { return absl::StrFormat("%.*f", digits, value); }

}  // namespace sta::client
