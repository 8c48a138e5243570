// SPDX-License-Identifier: Apache-2.0
//
// The one table that says who may call what. A service begins each of its methods with a check of
// its row (server/services/rpc_access.h):
//
//   if (auto* refused = access_.Refuse(context, RuleOf("DeleteVersion"))) return refused;
//
// A method that has no row does not compile there, and a test finds those that are missing here.
// docs/security.md has the same table.
#ifndef SERVER_SECURITY_RPC_RULES_H_
#define SERVER_SECURITY_RPC_RULES_H_

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sta {

// What a caller needs where the server has tokens.
enum class Need : uint8_t {
  kNothing,  // not even a token: what probes and generic clients ask
  kToken,    // any token, whatever its roles
  kInfer,
  kUpload,
  kAdmin,
};

// What writes is refused to other hosts where the server has no tokens, and is in the audit log.
enum class Writes : uint8_t {
  kNever,
  kAlways,
  kWithSettings,  // where the request's map `settings` is not empty; it takes kAdmin then
};

struct RpcRule {
  std::string_view service;
  std::string_view method;
  Need need = Need::kAdmin;
  Writes writes = Writes::kAlways;
};

inline constexpr std::string_view kInferenceServiceName = "inference.GRPCInferenceService";
inline constexpr std::string_view kModelStoreName = "sta.v1.ModelStore";
inline constexpr std::string_view kDevicesName = "sta.v1.Devices";
inline constexpr std::string_view kHealthName = "grpc.health.v1.Health";

// Methods' names are unique over all services.
inline constexpr std::array kRpcRules = {
    RpcRule{kInferenceServiceName, "ServerLive", Need::kNothing, Writes::kNever},
    RpcRule{kInferenceServiceName, "ServerReady", Need::kNothing, Writes::kNever},
    RpcRule{kInferenceServiceName, "ModelReady", Need::kToken, Writes::kNever},
    RpcRule{kInferenceServiceName, "ServerMetadata", Need::kToken, Writes::kNever},
    RpcRule{kInferenceServiceName, "ModelMetadata", Need::kToken, Writes::kNever},
    RpcRule{kInferenceServiceName, "ModelConfig", Need::kToken, Writes::kNever},
    RpcRule{kInferenceServiceName, "ModelStatistics", Need::kToken, Writes::kNever},
    RpcRule{kInferenceServiceName, "ModelInfer", Need::kInfer, Writes::kNever},
    RpcRule{kInferenceServiceName, "ModelStreamInfer", Need::kInfer, Writes::kNever},
    RpcRule{kInferenceServiceName, "RepositoryIndex", Need::kToken, Writes::kNever},
    RpcRule{kInferenceServiceName, "RepositoryModelLoad", Need::kAdmin, Writes::kAlways},
    RpcRule{kInferenceServiceName, "RepositoryModelUnload", Need::kAdmin, Writes::kAlways},
    RpcRule{kInferenceServiceName, "TraceSetting", Need::kToken, Writes::kWithSettings},
    RpcRule{kInferenceServiceName, "LogSettings", Need::kToken, Writes::kWithSettings},
    // The server reads and writes memory of its host that the caller names.
    RpcRule{kInferenceServiceName, "SystemSharedMemoryStatus", Need::kToken, Writes::kNever},
    RpcRule{kInferenceServiceName, "SystemSharedMemoryRegister", Need::kAdmin, Writes::kAlways},
    RpcRule{kInferenceServiceName, "SystemSharedMemoryUnregister", Need::kAdmin, Writes::kAlways},
    RpcRule{kInferenceServiceName, "CudaSharedMemoryStatus", Need::kToken, Writes::kNever},
    RpcRule{kInferenceServiceName, "CudaSharedMemoryRegister", Need::kAdmin, Writes::kAlways},
    RpcRule{kInferenceServiceName, "CudaSharedMemoryUnregister", Need::kAdmin, Writes::kAlways},
    RpcRule{kModelStoreName, "ListModels", Need::kToken, Writes::kNever},
    RpcRule{kModelStoreName, "GetModel", Need::kToken, Writes::kNever},
    RpcRule{kModelStoreName, "WatchModels", Need::kToken, Writes::kNever},
    RpcRule{kModelStoreName, "StartUpload", Need::kUpload, Writes::kAlways},
    RpcRule{kModelStoreName, "Upload", Need::kUpload, Writes::kAlways},
    RpcRule{kModelStoreName, "GetUpload", Need::kUpload, Writes::kNever},
    RpcRule{kModelStoreName, "ListUploads", Need::kUpload, Writes::kNever},
    RpcRule{kModelStoreName, "AbortUpload", Need::kUpload, Writes::kAlways},
    RpcRule{kModelStoreName, "Export", Need::kUpload, Writes::kNever},
    RpcRule{kModelStoreName, "VerifyVersion", Need::kUpload, Writes::kNever},
    RpcRule{kModelStoreName, "SetAlias", Need::kAdmin, Writes::kAlways},
    RpcRule{kModelStoreName, "DeleteAlias", Need::kAdmin, Writes::kAlways},
    RpcRule{kModelStoreName, "DeleteVersion", Need::kAdmin, Writes::kAlways},
    RpcRule{kModelStoreName, "LoadModel", Need::kAdmin, Writes::kAlways},
    RpcRule{kModelStoreName, "UnloadModel", Need::kAdmin, Writes::kAlways},
    RpcRule{kDevicesName, "ListDevices", Need::kToken, Writes::kNever},
    RpcRule{kDevicesName, "WatchDevices", Need::kToken, Writes::kNever},
    RpcRule{kDevicesName, "QuarantineDevice", Need::kAdmin, Writes::kAlways},
    RpcRule{kDevicesName, "ReleaseDevice", Need::kAdmin, Writes::kAlways},
    RpcRule{kHealthName, "Check", Need::kNothing, Writes::kNever},
    RpcRule{kHealthName, "Watch", Need::kNothing, Writes::kNever},
};

// The row of a method; one that has none does not compile.
consteval RpcRule RuleOf(std::string_view method) {
  for (const RpcRule& rule : kRpcRules) {
    if (rule.method == method) return rule;
  }
  throw std::invalid_argument("the method has no row in kRpcRules");
}

// The row of "/package.Service/Method"; null where there is none.
const RpcRule* FindRule(std::string_view path);

// The rules as a Markdown table: RPC, what it needs, whether it changes the server.
std::string RpcRulesMarkdown();

}  // namespace sta

#endif  // SERVER_SECURITY_RPC_RULES_H_
