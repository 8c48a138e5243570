// SPDX-License-Identifier: Apache-2.0
//
// ExportCall: one Export stream, as gRPC sees it. A chunk is read from the disk (export_reader.h,
// on the engine's threads) when the one before it has left, so that a stream has one in memory.
#ifndef SERVER_SERVICES_EXPORT_CALL_H_
#define SERVER_SERVICES_EXPORT_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "server/services/handed_over.h"
#include "server/services/store_engine.h"
#include "sta/v1/model_store.pb.h"

namespace sta {

// Deletes itself in OnDone.
class ExportCall final : public grpc::ServerWriteReactor<v1::ExportResponse> {
 public:
  // `engine` outlives the call.
  ExportCall(StoreEngine& engine, grpc::CallbackServerContext& context,
             const v1::ExportRequest& request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  class Driver;

  grpc::CallbackServerContext& context_;
  v1::ExportResponse response_;
  HandedOver<Driver> driver_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_EXPORT_CALL_H_
