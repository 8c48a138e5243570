// SPDX-License-Identifier: Apache-2.0
#include "client/commands/upload_display.h"

#include "absl/time/clock.h"
#include "strings/str_cat.h"

namespace sta::client {

void UploadDisplay::Show(const UploadProgress& progress) {
  if (!progress.trouble.empty()) {
    bar_.Note(StrCat("interrupted (", progress.trouble, "); trying again"));
    return;
  }
  rate_.Update(absl::Now(), progress.stored_bytes);
  const bool is_end = progress.stored_bytes >= progress.total_bytes;
  if (is_end && is_done_) return;
  is_done_ = is_end;
  bar_.Show(phase_, progress.stored_bytes, progress.total_bytes,
            rate_.Describe(progress.stored_bytes, progress.total_bytes));
}

}  // namespace sta::client
