// SPDX-License-Identifier: Apache-2.0
//
// SharedMemoryCalls: Triton's shared memory extensions: system memory over SharedMemory; memory of
// GPUs, which there is none of, as far as clients ask for it before they use the other.
//
// Thread-safe; no call blocks.
#ifndef SERVER_SERVICES_SHARED_MEMORY_CALLS_H_
#define SERVER_SERVICES_SHARED_MEMORY_CALLS_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "inference/open_inference_grpc.pb.h"
#include "server/observability/metrics.h"
#include "server/services/shared_memory.h"

namespace sta {

class SharedMemoryCalls {
 public:
  // Both outlive this.
  SharedMemoryCalls(SharedMemory& memory, Metrics& metrics) : memory_(memory), metrics_(metrics) {}

  grpc::ServerUnaryReactor* Status(grpc::CallbackServerContext* context,
                                   const inference::SystemSharedMemoryStatusRequest* request,
                                   inference::SystemSharedMemoryStatusResponse* response) const;
  grpc::ServerUnaryReactor* Register(
      grpc::CallbackServerContext* context,
      const inference::SystemSharedMemoryRegisterRequest* request) const;
  grpc::ServerUnaryReactor* Unregister(
      grpc::CallbackServerContext* context,
      const inference::SystemSharedMemoryUnregisterRequest* request) const;

  grpc::ServerUnaryReactor* CudaStatus(
      grpc::CallbackServerContext* context,
      const inference::CudaSharedMemoryStatusRequest* request) const;
  grpc::ServerUnaryReactor* CudaRegister(grpc::CallbackServerContext* context) const;
  grpc::ServerUnaryReactor* CudaUnregister(grpc::CallbackServerContext* context) const;

 private:
  SharedMemory& memory_;
  Metrics& metrics_;
};

}  // namespace sta

#endif  // SERVER_SERVICES_SHARED_MEMORY_CALLS_H_
