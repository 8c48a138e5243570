// SPDX-License-Identifier: Apache-2.0
#include "server/services/repository_calls.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/services/later_reply.h"
#include "server/services/unary_reply.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

std::string TritonState(ModelState state) {
  switch (state) {
    case ModelState::kReady:
      return "READY";
    case ModelState::kVerifying:
    case ModelState::kLoading:
    case ModelState::kWarming:
      return "LOADING";
    case ModelState::kDraining:
      return "UNLOADING";
    case ModelState::kUnloaded:
    case ModelState::kFailed:
      break;
  }
  return "UNAVAILABLE";
}

std::string TritonReason(const ModelStatus& status) {
  return status.state == ModelState::kUnloaded && status.reason.empty() ? "unloaded"
                                                                        : status.reason;
}

// KServe numbers the fields so that its model name arrives as the repository's.
template <typename Request>
const std::string& ModelOf(const Request& request) {
  return request.model_name().empty() ? request.repository_name() : request.model_name();
}

absl::Status UnknownModel(const std::string& name) {
  return absl::NotFoundError(
      StrCat("there is no model '", name.substr(0, 128), "'; RepositoryIndex tells what there is"));
}

absl::Status CheckLoad(const inference::RepositoryModelLoadRequest& request) {
  if (ModelOf(request).empty()) return absl::InvalidArgumentError("model_name: is empty");
  for (const auto& [key, value] : request.parameters()) {
    if (key == "config" || key.starts_with("file:")) {
      return absl::InvalidArgumentError(
          StrCat("parameter '", key.substr(0, 128),
                 "' is not offered; new models come by sta.v1.ModelStore ('stactl model upload')"));
    }
  }
  return absl::OkStatus();
}

// Ends a reply when all of several things have ended: with the first error of them.
class JointReply {
 public:
  JointReply(const LaterReply& reply, size_t parts) : reply_(reply), left_(parts) {}

  void PartDone(const absl::Status& status) {
    absl::Status result;
    {
      const absl::MutexLock lock(&mutex_);
      result_.Update(status);
      if (--left_ > 0) return;
      result = result_;
    }
    reply_.End(result);
  }

 private:
  const LaterReply reply_;
  absl::Mutex mutex_;
  size_t left_ ABSL_GUARDED_BY(mutex_);
  absl::Status result_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

grpc::ServerUnaryReactor* RepositoryCalls::Index(
    grpc::CallbackServerContext* context, const inference::RepositoryIndexRequest* request,
    inference::RepositoryIndexResponse* response) const {
  const absl::Time start = absl::Now();
  if (!request->repository_name().empty()) {
    return Reply(context, metrics_, "RepositoryIndex", start,
                 absl::InvalidArgumentError(
                     "repository_name: this server has one store; leave the name empty"));
  }
  for (const ModelStatus& status : registry_.List()) {
    if (request->ready() && status.state != ModelState::kReady) continue;
    auto& entry = *response->add_models();
    entry.set_name(status.name);
    entry.set_version(StrCat(status.version));
    entry.set_state(TritonState(status.state));
    entry.set_reason(TritonReason(status));
  }
  return Reply(context, metrics_, "RepositoryIndex", start, absl::OkStatus());
}

grpc::ServerUnaryReactor* RepositoryCalls::Load(
    grpc::CallbackServerContext* context,
    const inference::RepositoryModelLoadRequest* request) const {
  const std::string& name = ModelOf(*request);
  const LaterReply reply(context, metrics_, "RepositoryModelLoad", name);
  absl::Status status = CheckLoad(*request);
  const std::vector<ModelStatus> versions = registry_.List(name);
  if (status.ok() && versions.empty()) status = UnknownModel(name);
  if (!status.ok()) {
    reply.End(status);
    return reply.reactor();
  }
  std::vector<int64_t> wanted = {versions.front().version};  // the newest
  for (size_t i = 1; i < versions.size(); ++i) {
    if (!versions[i].aliases.empty()) wanted.push_back(versions[i].version);
  }
  const auto joint = std::make_shared<JointReply>(reply, wanted.size());
  for (const int64_t version : wanted) {
    manager_.LoadModel(name, version, [joint](const absl::Status& s) { joint->PartDone(s); });
  }
  return reply.reactor();
}

grpc::ServerUnaryReactor* RepositoryCalls::Unload(
    grpc::CallbackServerContext* context,
    const inference::RepositoryModelUnloadRequest* request) const {
  const std::string& name = ModelOf(*request);
  const LaterReply reply(context, metrics_, "RepositoryModelUnload", name);
  const std::vector<ModelStatus> versions = registry_.List(name);
  if (versions.empty()) {
    reply.End(name.empty() ? absl::InvalidArgumentError("model_name: is empty")
                           : UnknownModel(name));
    return reply.reactor();
  }
  const auto joint = std::make_shared<JointReply>(reply, versions.size());
  for (const ModelStatus& version : versions) {
    manager_.UnloadModel(name, version.version, /*force=*/true,
                         [joint](const absl::Status& s) { joint->PartDone(s); });
  }
  return reply.reactor();
}

}  // namespace sta
