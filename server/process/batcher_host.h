// SPDX-License-Identifier: Apache-2.0
//
// BatcherHost: packages of the store, on the devices of the batcher: the ModelHost of the server.
// Diagnostic models are loaded, too, and take no device.
//
//   BatcherHost host(store, batcher, {.max_batch_tokens = settings.max_batch_tokens});
//   ModelManager manager({store, host, ...}, ...);
//
// Thread-safe as ModelHost asks.
#ifndef SERVER_PROCESS_BATCHER_HOST_H_
#define SERVER_PROCESS_BATCHER_HOST_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/package/package.h"
#include "model_store/store/version_store.h"
#include "model_store/tokenizer/token_sequence.h"
#include "server/batching/batcher.h"
#include "server/models/model_host.h"

namespace sta {

class BatcherHost final : public ModelHost {
 public:
  struct Options {
    int64_t max_batch_tokens = 4096;  // of the batcher
    // Largest batch of a warm-up while other models serve: their requests wait for no more.
    int64_t max_tokens_beside_others = 128;
    // Whether diagnostic models are loaded.
    bool allow_diagnostic_models = false;
  };

  // Both outlive the host.
  BatcherHost(VersionStore& store, Batcher& batcher, const Options& options)
      : store_(store), batcher_(batcher), options_(options) {}

  absl::Status Verify(const VersionInfo& version) override;
  // Also FAILED_PRECONDITION: a diagnostic model, where these are not allowed.
  absl::StatusOr<std::shared_ptr<const ServedModel>> Load(const VersionInfo& version) override;

  // A short sequence; the longest that the model takes; as many of these as a batch holds. With
  // `beside_others`, only what `max_tokens_beside_others` allows.
  absl::Status Warm(const std::shared_ptr<const ServedModel>& served, bool beside_others) override;

  void Unload(std::shared_ptr<const ServedModel> served) override { served.reset(); }

  void ReturnMemory() override;

 private:
  absl::StatusOr<std::shared_ptr<const ServedModel>> LoadDiagnostic(const VersionInfo& version,
                                                                    const Package& package) const;
  // Waits for the answer. A batch that the queue has no room for is left out.
  absl::Status Run(const std::shared_ptr<const ServedModel>& served,
                   std::vector<TokenSequence> sequences);

  VersionStore& store_;
  Batcher& batcher_;
  const Options options_;
};

}  // namespace sta

#endif  // SERVER_PROCESS_BATCHER_HOST_H_
