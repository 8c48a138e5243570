// SPDX-License-Identifier: Apache-2.0
//
// UploadDisplay: how far an upload is, how fast, and what it waits for; on standard error.
#ifndef CLIENT_COMMANDS_UPLOAD_DISPLAY_H_
#define CLIENT_COMMANDS_UPLOAD_DISPLAY_H_

#include <string>
#include <utility>

#include "client/console/console.h"
#include "client/console/progress_bar.h"
#include "client/console/transfer_rate.h"
#include "client/store_client.h"

namespace sta::client {

// Of one upload. Not thread-safe.
class UploadDisplay {
 public:
  // `console` outlives it; `phase` is what stands before the bar, such as "uploading".
  UploadDisplay(Console& console, std::string phase)
      : bar_(console, "model upload"), phase_(std::move(phase)) {}

  void Show(const UploadProgress& progress);

 private:
  ProgressBar bar_;
  const std::string phase_;
  TransferRate rate_;
  bool is_done_ = false;
};

}  // namespace sta::client

#endif  // CLIENT_COMMANDS_UPLOAD_DISPLAY_H_
