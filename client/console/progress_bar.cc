// SPDX-License-Identifier: Apache-2.0
#include "client/console/progress_bar.h"

#include <algorithm>

namespace sta::client {

ProgressBar::~ProgressBar() {
  if (is_open_) console_.err << "\n";
}

void ProgressBar::Show(std::string_view phase, int64_t done, int64_t total,
                       std::string_view detail) {
  if (!console_.err_is_terminal) {
    if (done >= total) console_.err << command_ << ": " << phase << " done\n";
    return;
  }
  constexpr int64_t kWidth = 30;
  const auto filled =
      static_cast<size_t>(total > 0 ? kWidth * std::min(done, total) / total : kWidth);
  console_.err << "\r" << phase << " [" << std::string(filled, '#')
               << std::string(kWidth - filled, ' ') << "] ";
  if (detail.empty()) {
    console_.err << done << "/" << total;
  } else {
    console_.err << detail;
  }
  console_.err << "\033[K" << std::flush;  // clears what a longer line before left behind
  is_open_ = true;
}

void ProgressBar::Note(std::string_view text) {
  if (is_open_) console_.err << "\r\033[K";
  console_.err << command_ << ": " << text << "\n";
  is_open_ = false;
}

}  // namespace sta::client
