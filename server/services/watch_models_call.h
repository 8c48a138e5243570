// SPDX-License-Identifier: Apache-2.0
//
// WatchModelsCall: one WatchModels stream, as gRPC sees it. Holds no thread: the feed wakes it when
// there is something to write.
#ifndef SERVER_SERVICES_WATCH_MODELS_CALL_H_
#define SERVER_SERVICES_WATCH_MODELS_CALL_H_

#include <grpcpp/support/server_callback.h>

#include "server/models/model_feed.h"
#include "server/services/handed_over.h"
#include "sta/v1/model_store.pb.h"

namespace sta {

// Deletes itself in OnDone.
class WatchModelsCall final : public grpc::ServerWriteReactor<v1::WatchModelsResponse> {
 public:
  // `feed` outlives the call.
  WatchModelsCall(ModelFeed& feed, const v1::WatchModelsRequest& request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  class Writer;

  ModelFeed& feed_;
  HandedOver<Writer> writer_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_WATCH_MODELS_CALL_H_
