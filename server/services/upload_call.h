// SPDX-License-Identifier: Apache-2.0
//
// UploadCall: one Upload stream, as gRPC sees it. What it does is UploadSession; the disk's part
// runs in the upload's lane (upload_lanes.h) on the engine's threads.
//
// At most one of these is under way at a time: a read, a task of the lane, the end of the call.
#ifndef SERVER_SERVICES_UPLOAD_CALL_H_
#define SERVER_SERVICES_UPLOAD_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "server/services/handed_over.h"
#include "server/services/store_engine.h"
#include "sta/v1/model_store.pb.h"

namespace sta {

// Deletes itself in OnDone.
class UploadCall final : public grpc::ServerReadReactor<v1::UploadRequest> {
 public:
  // `engine` outlives the call.
  UploadCall(StoreEngine& engine, grpc::CallbackServerContext& context,
             v1::UploadResponse& response);

  void OnReadDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  class Driver;

  const grpc::CallbackServerContext& context_;
  v1::UploadRequest request_;
  v1::UploadResponse& response_;
  HandedOver<Driver> driver_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_UPLOAD_CALL_H_
