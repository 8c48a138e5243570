// SPDX-License-Identifier: Apache-2.0
//
// Table: rows of text in aligned columns, as the commands print them.
//
//   Table table({{"name", Align::kLeft}, {"bytes", Align::kRight}});
//   table.AddRow({"query", "36,864"});
//   console.out << table.ToString();
//
// Widths count Unicode code points. A value type; no locking.
#ifndef CLIENT_CONSOLE_TABLE_H_
#define CLIENT_CONSOLE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sta::client {

enum class Align { kLeft, kRight };

class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns);

  // Missing cells are empty; cells beyond the columns are dropped.
  void AddRow(std::vector<std::string> cells);
  // A line of dashes under the rows so far.
  void AddRule();

  // Title, rule, rows; each line ends with a newline and has no spaces before it.
  std::string ToString() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;  // an empty row is a rule
};

// Code points in UTF-8 text; a stray byte counts as one.
size_t DisplayWidth(std::string_view text);
// At most `width` >= 1 code points, the last one "…" where something was cut. Control characters
// become spaces, so that the result stays on one line.
std::string Shorten(std::string_view text, size_t width);
// 1234567 -> "1,234,567".
std::string WithThousands(int64_t value);
// "0.97" for (0.9714, 2).
std::string FormatFixed(double value, int digits);

}  // namespace sta::client

#endif  // CLIENT_CONSOLE_TABLE_H_
