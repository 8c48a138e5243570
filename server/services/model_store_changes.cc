// SPDX-License-Identifier: Apache-2.0
//
// The calls of ModelStoreService that change something.
#include <optional>
#include <string>
#include <utility>

#include "server/observability/logging.h"
#include "server/services/later_reply.h"
#include "server/services/model_store_service.h"
#include "server/services/store_messages.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// Of calls that must say which version they mean.
absl::Status CheckVersion(int64_t version) {
  if (version > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("version: ", version, " is none; allowed: a number over 0"));
}

absl::Status CheckSetAlias(const v1::SetAliasRequest& request) {
  if (request.has_expected_version() && request.expected_version() < 0) {
    return absl::InvalidArgumentError(StrCat("expected_version: ", request.expected_version(),
                                             " is negative; 0 says that there is no alias yet"));
  }
  if (!request.roll_back()) return CheckVersion(request.version());
  if (request.version() == 0) return absl::OkStatus();
  return absl::InvalidArgumentError("version and roll_back: only one of the two may be set");
}

std::optional<int64_t> ExpectedOf(const v1::SetAliasRequest& request) {
  if (!request.has_expected_version()) return std::nullopt;
  return request.expected_version();
}

}  // namespace

grpc::ServerUnaryReactor* ModelStoreService::StartUpload(grpc::CallbackServerContext* context,
                                                         const v1::StartUploadRequest* request,
                                                         v1::StartUploadResponse* response) {
  if (auto* refused = engine_.parts.access.Refuse(context, RuleOf("StartUpload"))) return refused;
  const auto start = [this, context, request, response] {
    const absl::StatusOr<StartedUpload> started =
        engine_.open_uploads.Start({.name = request->name(),
                                    .version = request->version(),
                                    .manifest = request->manifest(),
                                    .key = request->idempotency_key()},
                                   engine_.parts.access.NameOf(*context));
    if (!started.ok()) {
      engine_.parts.store_metrics.CountUpload(UploadResult::kRefused);
      return started.status();
    }
    if (started->upload.has_value()) {
      *response->mutable_upload() = MakeUploadStatus(*started->upload);
    }
    if (started->existing.has_value()) {
      engine_.parts.store_metrics.CountUpload(UploadResult::kExisting);
      *response->mutable_model() = engine_.Describe(*started->existing);
    }
    return absl::OkStatus();
  };
  return ReplyFrom(engine_.calls,
                   LaterReply(context, engine_.parts.metrics, "StartUpload", request->name()),
                   start);
}

grpc::ServerUnaryReactor* ModelStoreService::AbortUpload(grpc::CallbackServerContext* context,
                                                         const v1::AbortUploadRequest* request,
                                                         v1::AbortUploadResponse* /*response*/) {
  if (auto* refused = engine_.parts.access.Refuse(context, RuleOf("AbortUpload"))) return refused;
  return ReplyFrom(engine_.calls, LaterReply(context, engine_.parts.metrics, "AbortUpload"),
                   [this, request] {
                     absl::Status status = engine_.parts.store.AbortUpload(request->upload_id());
                     if (status.ok()) {
                       engine_.parts.store_metrics.CountUpload(UploadResult::kAborted);
                     }
                     return status;
                   });
}

grpc::ServerUnaryReactor* ModelStoreService::SetAlias(grpc::CallbackServerContext* context,
                                                      const v1::SetAliasRequest* request,
                                                      v1::SetAliasResponse* response) {
  if (auto* refused = engine_.parts.access.Refuse(context, RuleOf("SetAlias"))) return refused;
  const LaterReply reply(context, engine_.parts.metrics, "SetAlias", request->name());
  const auto done = [reply, request, response](const absl::StatusOr<AliasChange>& change) {
    if (change.ok()) {
      response->set_previous_version(change->previous);
      response->set_version(change->version);
      LogInfo("alias set", {{"model", request->name()},
                            {"alias", request->alias()},
                            {"version", change->version},
                            {"previous", change->previous}});
    }
    reply.End(change.status());
  };
  if (const absl::Status status = CheckSetAlias(*request); !status.ok()) {
    reply.End(status);
  } else if (request->roll_back()) {
    engine_.parts.manager.RollBackAlias(request->name(), request->alias(), ExpectedOf(*request),
                                        done);
  } else {
    engine_.parts.manager.SetAlias(request->name(), request->alias(), request->version(),
                                   ExpectedOf(*request), done);
  }
  return reply.reactor();
}

grpc::ServerUnaryReactor* ModelStoreService::DeleteAlias(grpc::CallbackServerContext* context,
                                                         const v1::DeleteAliasRequest* request,
                                                         v1::DeleteAliasResponse* /*response*/) {
  if (auto* refused = engine_.parts.access.Refuse(context, RuleOf("DeleteAlias"))) return refused;
  const LaterReply reply(context, engine_.parts.metrics, "DeleteAlias", request->name());
  engine_.parts.manager.DeleteAlias(
      request->name(), request->alias(), [reply, request](const absl::Status& status) {
        if (status.ok()) {
          LogInfo("alias deleted", {{"model", request->name()}, {"alias", request->alias()}});
        }
        reply.End(status);
      });
  return reply.reactor();
}

grpc::ServerUnaryReactor* ModelStoreService::DeleteVersion(
    grpc::CallbackServerContext* context, const v1::DeleteVersionRequest* request,
    v1::DeleteVersionResponse* /*response*/) {
  if (auto* refused = engine_.parts.access.Refuse(context, RuleOf("DeleteVersion"))) return refused;
  const LaterReply reply(context, engine_.parts.metrics, "DeleteVersion", request->name());
  if (const absl::Status status = CheckVersion(request->version()); !status.ok()) {
    reply.End(status);
    return reply.reactor();
  }
  engine_.parts.manager.DeleteVersion(
      request->name(), request->version(), request->force(),
      [reply, request](const absl::Status& status) {
        if (status.ok()) {
          LogInfo("version deleted", {{"model", request->name()}, {"version", request->version()}});
        }
        reply.End(status);
      });
  return reply.reactor();
}

grpc::ServerUnaryReactor* ModelStoreService::LoadModel(grpc::CallbackServerContext* context,
                                                       const v1::LoadModelRequest* request,
                                                       v1::LoadModelResponse* response) {
  if (auto* refused = engine_.parts.access.Refuse(context, RuleOf("LoadModel"))) return refused;
  const LaterReply reply(context, engine_.parts.metrics, "LoadModel", request->name());
  const bool is_newest = request->version() == 0 && request->alias().empty();
  const absl::StatusOr<VersionInfo> version =
      is_newest ? engine_.Newest(request->name())
                : engine_.Resolve(request->name(), request->version(), request->alias());
  if (!version.ok()) {
    reply.End(version.status());
    return reply.reactor();
  }
  engine_.parts.manager.LoadModel(
      version->name, version->version,
      [this, reply, version = *version, response](const absl::Status& status) {
        if (status.ok()) *response->mutable_model() = engine_.Describe(version);
        reply.End(status);
      });
  return reply.reactor();
}

grpc::ServerUnaryReactor* ModelStoreService::UnloadModel(grpc::CallbackServerContext* context,
                                                         const v1::UnloadModelRequest* request,
                                                         v1::UnloadModelResponse* /*response*/) {
  if (auto* refused = engine_.parts.access.Refuse(context, RuleOf("UnloadModel"))) return refused;
  const LaterReply reply(context, engine_.parts.metrics, "UnloadModel", request->name());
  const absl::Status named =
      request->alias().empty() ? CheckVersion(request->version()) : absl::OkStatus();
  const absl::StatusOr<VersionInfo> version =
      named.ok() ? engine_.Resolve(request->name(), request->version(), request->alias())
                 : absl::StatusOr<VersionInfo>(named);
  if (!version.ok()) {
    reply.End(version.status());
    return reply.reactor();
  }
  engine_.parts.manager.UnloadModel(version->name, version->version, request->force(),
                                    [reply](const absl::Status& status) { reply.End(status); });
  return reply.reactor();
}

}  // namespace sta
