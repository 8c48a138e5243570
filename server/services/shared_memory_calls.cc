// SPDX-License-Identifier: Apache-2.0
#include "server/services/shared_memory_calls.h"

#include <memory>

#include "absl/status/statusor.h"
#include "server/services/unary_reply.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

void FillRegion(const SharedMemory::Extent& extent,
                inference::SystemSharedMemoryStatusResponse& response) {
  auto& region = (*response.mutable_regions())[extent.name];
  region.set_name(extent.name);
  region.set_key(extent.key);
  region.set_offset(extent.offset);
  region.set_byte_size(extent.byte_size);
}

}  // namespace

grpc::ServerUnaryReactor* SharedMemoryCalls::Status(
    grpc::CallbackServerContext* context, const inference::SystemSharedMemoryStatusRequest* request,
    inference::SystemSharedMemoryStatusResponse* response) const {
  const absl::Time start = absl::Now();
  absl::Status status;
  if (request->name().empty()) {
    for (const SharedMemory::Extent& extent : memory_.List()) FillRegion(extent, *response);
  } else {
    const auto region = memory_.Find(request->name());
    status = region.status();
    if (region.ok()) FillRegion((*region)->extent(), *response);
  }
  return Reply(context, metrics_, "SystemSharedMemoryStatus", start, status);
}

grpc::ServerUnaryReactor* SharedMemoryCalls::Register(
    grpc::CallbackServerContext* context,
    const inference::SystemSharedMemoryRegisterRequest* request) const {
  const absl::Time start = absl::Now();
  const absl::Status status = memory_.Register({.name = request->name(),
                                                .key = request->key(),
                                                .offset = request->offset(),
                                                .byte_size = request->byte_size()});
  return Reply(context, metrics_, "SystemSharedMemoryRegister", start, status);
}

grpc::ServerUnaryReactor* SharedMemoryCalls::Unregister(
    grpc::CallbackServerContext* context,
    const inference::SystemSharedMemoryUnregisterRequest* request) const {
  const absl::Time start = absl::Now();
  memory_.Unregister(request->name());
  return Reply(context, metrics_, "SystemSharedMemoryUnregister", start, absl::OkStatus());
}

grpc::ServerUnaryReactor* SharedMemoryCalls::CudaStatus(
    grpc::CallbackServerContext* context,
    const inference::CudaSharedMemoryStatusRequest* request) const {
  const absl::Status status =
      request->name().empty()
          ? absl::OkStatus()
          : absl::NotFoundError(StrCat("shared memory region '", request->name().substr(0, 64),
                                       "' of a GPU is not registered"));
  return Reply(context, metrics_, "CudaSharedMemoryStatus", absl::Now(), status);
}

grpc::ServerUnaryReactor* SharedMemoryCalls::CudaRegister(
    grpc::CallbackServerContext* context) const {
  return Reply(
      context, metrics_, "CudaSharedMemoryRegister", absl::Now(),
      absl::UnimplementedError("this server has no GPUs; system shared memory is offered"));
}

grpc::ServerUnaryReactor* SharedMemoryCalls::CudaUnregister(
    grpc::CallbackServerContext* context) const {
  return Reply(context, metrics_, "CudaSharedMemoryUnregister", absl::Now(), absl::OkStatus());
}

}  // namespace sta
