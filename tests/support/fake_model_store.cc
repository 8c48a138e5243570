// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_model_store.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "checksum/crc32c.h"

namespace sta {
namespace {

constexpr int64_t kFirstVersion = 7;

std::map<std::string, int64_t> SizesInManifest(const std::string& manifest) {
  std::map<std::string, int64_t> sizes;
  const auto json = nlohmann::json::parse(manifest, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("files")) return sizes;
  for (const auto& [name, entry] : json["files"].items()) {
    sizes[name] = entry["size_bytes"].get<int64_t>();
  }
  return sizes;
}

}  // namespace

FakeModelStore::FakeModelStore() {
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(8 << 20);
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

FakeModelStore::~FakeModelStore() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::string FakeModelStore::address() const { return absl::StrCat("127.0.0.1:", port_); }

void FakeModelStore::CutStream(int64_t bytes, grpc::Status status) {
  const absl::MutexLock lock(&mutex_);
  cuts_.emplace_back(bytes, std::move(status));
}

void FakeModelStore::RefuseStart(grpc::Status status, int times) {
  const absl::MutexLock lock(&mutex_);
  refusals_.insert(refusals_.end(), static_cast<size_t>(times), status);
}

void FakeModelStore::LoseAnswer() {
  const absl::MutexLock lock(&mutex_);
  loses_answer_ = true;
}

void FakeModelStore::AddFile(const std::string& name, const std::string& bytes) {
  const absl::MutexLock lock(&mutex_);
  files_[name] = bytes;
}

void FakeModelStore::AskFor(const std::string& name) {
  const absl::MutexLock lock(&mutex_);
  asked_for_ = name;
}

void FakeModelStore::SetExport(std::vector<v1::ExportResponse> chunks) {
  const absl::MutexLock lock(&mutex_);
  export_ = std::move(chunks);
}

void FakeModelStore::SetStatus(grpc::Status status) {
  const absl::MutexLock lock(&mutex_);
  status_ = std::move(status);
}

std::string FakeModelStore::file(const std::string& name) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = files_.find(name);
  return found == files_.end() ? "" : found->second;
}

int FakeModelStore::streams() const {
  const absl::MutexLock lock(&mutex_);
  return streams_;
}

int64_t FakeModelStore::received_bytes() const {
  const absl::MutexLock lock(&mutex_);
  return received_bytes_;
}

std::string FakeModelStore::manifest() const {
  const absl::MutexLock lock(&mutex_);
  return manifest_;
}

std::vector<std::string> FakeModelStore::requests() const {
  const absl::MutexLock lock(&mutex_);
  return requests_;
}

grpc::Status FakeModelStore::ListModels(grpc::ServerContext* /*context*/,
                                        const v1::ListModelsRequest* /*request*/,
                                        v1::ListModelsResponse* response) {
  const absl::MutexLock lock(&mutex_);
  for (const auto& [manifest, version] : stored_) {
    v1::ModelVersion& model = *response->add_models();
    model.set_name(name_);
    model.set_version(version);
    model.set_state(v1::MODEL_STATE_READY);
    model.set_is_default(version == kFirstVersion);
  }
  return grpc::Status::OK;
}

grpc::Status FakeModelStore::StartUpload(grpc::ServerContext* /*context*/,
                                         const v1::StartUploadRequest* request,
                                         v1::StartUploadResponse* response) {
  const absl::MutexLock lock(&mutex_);
  if (!refusals_.empty()) {
    const grpc::Status refusal = refusals_.front();
    refusals_.pop_front();
    return refusal;
  }
  name_ = request->name();
  if (stored_.contains(manifest_)) files_.clear();  // the next upload
  manifest_ = request->manifest();
  sizes_ = SizesInManifest(manifest_);
  if (!asked_for_.empty()) sizes_ = {{asked_for_, 10}};
  if (stored_.contains(manifest_)) {
    FillModel(response->mutable_model());
    return grpc::Status::OK;
  }
  v1::UploadStatus& upload = *response->mutable_upload();
  upload.set_upload_id("the-upload");
  upload.set_name(name_);
  upload.set_version(Version());
  for (const auto& [name, size] : sizes_) {
    v1::UploadFile& file = *upload.add_files();
    file.set_name(name);
    file.set_size_bytes(size);
    file.set_received_bytes(static_cast<int64_t>(files_[name].size()));
    upload.set_size_bytes(upload.size_bytes() + size);
    upload.set_received_bytes(upload.received_bytes() + file.received_bytes());
  }
  return grpc::Status::OK;
}

grpc::Status FakeModelStore::Take(const v1::UploadRequest& chunk) {
  if (chunk.file().empty()) return grpc::Status::OK;
  std::string& file = files_[chunk.file()];
  if (Crc32c(chunk.data()) != chunk.crc32c()) return {grpc::StatusCode::DATA_LOSS, "CRC32C"};
  if (chunk.offset() != static_cast<int64_t>(file.size())) {
    return {grpc::StatusCode::OUT_OF_RANGE, absl::StrCat("go on at ", file.size())};
  }
  file += chunk.data();
  received_bytes_ += static_cast<int64_t>(chunk.data().size());
  return grpc::Status::OK;
}

bool FakeModelStore::IsWhole() const {
  return std::all_of(sizes_.begin(), sizes_.end(), [&](const auto& entry) {
    const auto found = files_.find(entry.first);
    return found != files_.end() && static_cast<int64_t>(found->second.size()) == entry.second;
  });
}

int64_t FakeModelStore::Version() const {
  const auto found = stored_.find(manifest_);
  return found != stored_.end() ? found->second : kFirstVersion + std::ssize(stored_);
}

void FakeModelStore::FillModel(v1::ModelVersion* model) const {
  model->set_name(name_);
  model->set_version(Version());
  model->set_state(v1::MODEL_STATE_LOADING);
  for (const auto& [name, size] : sizes_) model->set_size_bytes(model->size_bytes() + size);
}

grpc::Status FakeModelStore::Upload(grpc::ServerContext* /*context*/,
                                    grpc::ServerReader<v1::UploadRequest>* reader,
                                    v1::UploadResponse* response) {
  Cut cut = {-1, grpc::Status::OK};
  {
    const absl::MutexLock lock(&mutex_);
    ++streams_;
    if (!cuts_.empty()) {
      cut = cuts_.front();
      cuts_.pop_front();
    }
  }
  int64_t bytes = 0;
  bool is_first = true;
  v1::UploadRequest chunk;
  while (reader->Read(&chunk)) {
    if (is_first && chunk.upload_id() != "the-upload") {
      return {grpc::StatusCode::NOT_FOUND, "no such upload"};
    }
    is_first = false;
    const absl::MutexLock lock(&mutex_);
    if (const grpc::Status taken = Take(chunk); !taken.ok()) return taken;
    bytes += static_cast<int64_t>(chunk.data().size());
    if (cut.first >= 0 && bytes >= cut.first) return cut.second;
  }
  const absl::MutexLock lock(&mutex_);
  if (!IsWhole()) return {grpc::StatusCode::FAILED_PRECONDITION, "files are missing"};
  stored_.emplace(manifest_, Version());
  if (std::exchange(loses_answer_, false)) return {grpc::StatusCode::UNAVAILABLE, "lost"};
  FillModel(response->mutable_model());
  return grpc::Status::OK;
}

grpc::Status FakeModelStore::Note(const std::string& rpc,
                                  const google::protobuf::Message& request) {
  const absl::MutexLock lock(&mutex_);
  requests_.push_back(absl::StrCat(rpc, " ", request.ShortDebugString()));
  return status_;
}

grpc::Status FakeModelStore::Export(grpc::ServerContext* /*context*/,
                                    const v1::ExportRequest* request,
                                    grpc::ServerWriter<v1::ExportResponse>* writer) {
  const grpc::Status status = Note("Export", *request);
  std::vector<v1::ExportResponse> chunks;
  {
    const absl::MutexLock lock(&mutex_);
    chunks = export_;
  }
  for (const v1::ExportResponse& chunk : chunks) writer->Write(chunk);
  return status;
}

grpc::Status FakeModelStore::WatchModels(grpc::ServerContext* /*context*/,
                                         const v1::WatchModelsRequest* request,
                                         grpc::ServerWriter<v1::WatchModelsResponse>* writer) {
  const grpc::Status status = Note("WatchModels", *request);
  v1::WatchModelsResponse event;
  event.mutable_model()->set_name("minilm");
  event.mutable_model()->set_version(3);
  event.mutable_model()->set_state(v1::MODEL_STATE_WARMING);
  event.mutable_model()->add_aliases("canary");
  event.set_resume_token("t1");
  writer->Write(event);
  event.mutable_model()->set_state(v1::MODEL_STATE_FAILED);
  event.mutable_model()->set_reason("a weight is missing");
  event.set_resume_token("t2");
  writer->Write(event);
  return status;
}

grpc::Status FakeModelStore::SetAlias(grpc::ServerContext* /*context*/,
                                      const v1::SetAliasRequest* request,
                                      v1::SetAliasResponse* response) {
  response->set_previous_version(2);
  response->set_version(request->roll_back() ? 1 : request->version());
  return Note("SetAlias", *request);
}

grpc::Status FakeModelStore::DeleteAlias(grpc::ServerContext* /*context*/,
                                         const v1::DeleteAliasRequest* request,
                                         v1::DeleteAliasResponse* /*response*/) {
  return Note("DeleteAlias", *request);
}

grpc::Status FakeModelStore::DeleteVersion(grpc::ServerContext* /*context*/,
                                           const v1::DeleteVersionRequest* request,
                                           v1::DeleteVersionResponse* /*response*/) {
  return Note("DeleteVersion", *request);
}

grpc::Status FakeModelStore::VerifyVersion(grpc::ServerContext* /*context*/,
                                           const v1::VerifyVersionRequest* request,
                                           v1::VerifyVersionResponse* response) {
  response->mutable_model()->set_name(request->name());
  response->mutable_model()->set_version(3);
  response->set_verified_bytes(12345);
  if (request->alias() == "broken") response->set_error("encoder.safetensors: another SHA-256");
  return Note("VerifyVersion", *request);
}

grpc::Status FakeModelStore::LoadModel(grpc::ServerContext* /*context*/,
                                       const v1::LoadModelRequest* request,
                                       v1::LoadModelResponse* response) {
  response->mutable_model()->set_name(request->name());
  response->mutable_model()->set_version(3);
  return Note("LoadModel", *request);
}

grpc::Status FakeModelStore::UnloadModel(grpc::ServerContext* /*context*/,
                                         const v1::UnloadModelRequest* request,
                                         v1::UnloadModelResponse* /*response*/) {
  return Note("UnloadModel", *request);
}

}  // namespace sta
