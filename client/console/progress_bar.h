// SPDX-License-Identifier: Apache-2.0
//
// ProgressBar: how far long work is, on standard error: a bar that is redrawn on a terminal; a line
// a finished phase elsewhere, so that logs stay short.
//
//   ProgressBar bar(console, "convert");
//   bar.Show("calibrating", done, total);
//
// Not thread-safe. The destructor ends the line.
#ifndef CLIENT_CONSOLE_PROGRESS_BAR_H_
#define CLIENT_CONSOLE_PROGRESS_BAR_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "client/console/console.h"

namespace sta::client {

class ProgressBar {
 public:
  // `console` outlives it; `command` begins the lines where no terminal is.
  ProgressBar(Console& console, std::string command)
      : console_(console), command_(std::move(command)) {}
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // `detail` stands behind the bar; empty: "done/total".
  void Show(std::string_view phase, int64_t done, int64_t total, std::string_view detail = {});
  // A line of its own, above the bar.
  void Note(std::string_view text);

 private:
  Console& console_;
  const std::string command_;
  bool is_open_ = false;
};

}  // namespace sta::client

#endif  // CLIENT_CONSOLE_PROGRESS_BAR_H_
