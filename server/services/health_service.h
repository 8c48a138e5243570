// SPDX-License-Identifier: Apache-2.0
//
// grpc.health.v1 over a HealthBoard: Check and Watch. Ours and not gRPC's own, because gRPC 1.51's
// reflection cannot describe the built-in one.
//
// Check of an unknown name is NOT_FOUND; Watch of one streams SERVICE_UNKNOWN until the name
// appears. When the board closes, a Watch ends with NOT_SERVING and then UNAVAILABLE.
#ifndef SERVER_SERVICES_HEALTH_SERVICE_H_
#define SERVER_SERVICES_HEALTH_SERVICE_H_

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/services/health_board.h"

namespace sta {

class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  // `board` must outlive the service and every call.
  explicit HealthService(HealthBoard& board) : board_(board) {}

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context,
      const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  HealthBoard& board_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_HEALTH_SERVICE_H_
