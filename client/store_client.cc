// SPDX-License-Identifier: Apache-2.0
#include "client/store_client.h"

#include "client/client_impl.h"
#include "client/wire.h"

namespace sta::client {

using StoreStub = v1::ModelStore::Stub;

absl::Status StoreClient::Watch(const std::string& name, const std::string& resume_token,
                                const std::function<bool(const ModelEvent&)>& next) {
  v1::WatchModelsRequest request;
  request.set_name(name);
  request.set_resume_token(resume_token);
  Client::Impl& impl = *client_.impl_;
  return impl.Read<v1::WatchModelsResponse>(
      [&](grpc::ClientContext& context) { return impl.store().WatchModels(&context, request); },
      [&](const v1::WatchModelsResponse& response) {
        return next({.model = FromProto(response.model()),
                     .resume_token = response.resume_token(),
                     .time = FromProto(response.time())});
      });
}

absl::StatusOr<AliasMove> StoreClient::SetAlias(const std::string& name, const std::string& alias,
                                                int64_t version,
                                                std::optional<int64_t> expected_version) {
  v1::SetAliasRequest request;
  request.set_name(name);
  request.set_alias(alias);
  request.set_version(version);
  if (expected_version.has_value()) request.set_expected_version(*expected_version);
  Client::Impl& impl = *client_.impl_;
  const auto response =
      impl.Call<v1::SetAliasResponse>(impl.store(), &StoreStub::SetAlias, request);
  if (!response.ok()) return response.status();
  return AliasMove{response->previous_version(), response->version()};
}

absl::StatusOr<AliasMove> StoreClient::RollBack(const std::string& name, const std::string& alias) {
  v1::SetAliasRequest request;
  request.set_name(name);
  request.set_alias(alias);
  request.set_roll_back(true);
  Client::Impl& impl = *client_.impl_;
  const auto response =
      impl.Call<v1::SetAliasResponse>(impl.store(), &StoreStub::SetAlias, request);
  if (!response.ok()) return response.status();
  return AliasMove{response->previous_version(), response->version()};
}

absl::Status StoreClient::DeleteAlias(const std::string& name, const std::string& alias) {
  v1::DeleteAliasRequest request;
  request.set_name(name);
  request.set_alias(alias);
  Client::Impl& impl = *client_.impl_;
  return impl.Call<v1::DeleteAliasResponse>(impl.store(), &StoreStub::DeleteAlias, request)
      .status();
}

absl::Status StoreClient::DeleteVersion(const std::string& name, int64_t version, bool force) {
  v1::DeleteVersionRequest request;
  request.set_name(name);
  request.set_version(version);
  request.set_force(force);
  Client::Impl& impl = *client_.impl_;
  return impl.Call<v1::DeleteVersionResponse>(impl.store(), &StoreStub::DeleteVersion, request)
      .status();
}

absl::StatusOr<VerifiedModel> StoreClient::Verify(const std::string& name,
                                                  const std::string& version) {
  const auto request = VersionRequest<v1::VerifyVersionRequest>(name, version);
  if (!request.ok()) return request.status();
  Client::Impl& impl = *client_.impl_;
  const auto response =
      impl.Call<v1::VerifyVersionResponse>(impl.store(), &StoreStub::VerifyVersion, *request);
  if (!response.ok()) return response.status();
  return VerifiedModel{FromProto(response->model()), response->error(), response->verified_bytes()};
}

absl::StatusOr<ModelVersion> StoreClient::Load(const std::string& name,
                                               const std::string& version) {
  const auto request = VersionRequest<v1::LoadModelRequest>(name, version);
  if (!request.ok()) return request.status();
  Client::Impl& impl = *client_.impl_;
  const auto response =
      impl.Call<v1::LoadModelResponse>(impl.store(), &StoreStub::LoadModel, *request);
  if (!response.ok()) return response.status();
  return FromProto(response->model());
}

absl::Status StoreClient::Unload(const std::string& name, const std::string& version, bool force) {
  auto request = VersionRequest<v1::UnloadModelRequest>(name, version);
  if (!request.ok()) return request.status();
  request->set_force(force);
  Client::Impl& impl = *client_.impl_;
  return impl.Call<v1::UnloadModelResponse>(impl.store(), &StoreStub::UnloadModel, *request)
      .status();
}

}  // namespace sta::client
