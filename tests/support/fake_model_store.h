// SPDX-License-Identifier: Apache-2.0
//
// FakeModelStore: a server of sta.v1.ModelStore that keeps what is uploaded in memory and fails as
// a test asks.
//
//   FakeModelStore store;
//   store.CutStream(1000, {grpc::StatusCode::UNAVAILABLE, "gone"});   // the next stream
//   ... upload ...
//   EXPECT_EQ(store.file("encoder.safetensors"), bytes);
//
// Chunks are checked as the protocol asks; hashes are not. One upload at a time: the first manifest
// becomes version 7, the next one 8. Thread-safe.
#ifndef TESTS_SUPPORT_FAKE_MODEL_STORE_H_
#define TESTS_SUPPORT_FAKE_MODEL_STORE_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "sta/v1/model_store.grpc.pb.h"

namespace sta {

class FakeModelStore final : public v1::ModelStore::Service {
 public:
  FakeModelStore();
  ~FakeModelStore() override;

  std::string address() const;

  // The next Upload stream (the one after that, where called twice, ...) ends with `status` once it
  // has brought `bytes`; a stream that ends before is not touched.
  void CutStream(int64_t bytes, grpc::Status status);
  // What StartUpload answers the next `times` times.
  void RefuseStart(grpc::Status status, int times);
  // The next upload is stored, but its answer is UNAVAILABLE.
  void LoseAnswer();
  // Has this file from the start; or this part of it.
  void AddFile(const std::string& name, const std::string& bytes);
  // The file that StartUpload asks for, whatever the manifest says.
  void AskFor(const std::string& name);
  // What Export sends and every other call answers.
  void SetExport(std::vector<v1::ExportResponse> chunks);
  void SetStatus(grpc::Status status);

  std::string file(const std::string& name) const;
  int streams() const;
  int64_t received_bytes() const;
  std::string manifest() const;
  // Of every other call: its request as text, "SetAlias name: ...".
  std::vector<std::string> requests() const;

  grpc::Status ListModels(grpc::ServerContext*, const v1::ListModelsRequest*,
                          v1::ListModelsResponse*) override;
  grpc::Status StartUpload(grpc::ServerContext*, const v1::StartUploadRequest*,
                           v1::StartUploadResponse*) override;
  grpc::Status Upload(grpc::ServerContext*, grpc::ServerReader<v1::UploadRequest>*,
                      v1::UploadResponse*) override;
  grpc::Status Export(grpc::ServerContext*, const v1::ExportRequest*,
                      grpc::ServerWriter<v1::ExportResponse>*) override;
  grpc::Status WatchModels(grpc::ServerContext*, const v1::WatchModelsRequest*,
                           grpc::ServerWriter<v1::WatchModelsResponse>*) override;
  grpc::Status SetAlias(grpc::ServerContext*, const v1::SetAliasRequest*,
                        v1::SetAliasResponse*) override;
  grpc::Status DeleteAlias(grpc::ServerContext*, const v1::DeleteAliasRequest*,
                           v1::DeleteAliasResponse*) override;
  grpc::Status DeleteVersion(grpc::ServerContext*, const v1::DeleteVersionRequest*,
                             v1::DeleteVersionResponse*) override;
  grpc::Status VerifyVersion(grpc::ServerContext*, const v1::VerifyVersionRequest*,
                             v1::VerifyVersionResponse*) override;
  grpc::Status LoadModel(grpc::ServerContext*, const v1::LoadModelRequest*,
                         v1::LoadModelResponse*) override;
  grpc::Status UnloadModel(grpc::ServerContext*, const v1::UnloadModelRequest*,
                           v1::UnloadModelResponse*) override;

 private:
  // A fault, armed for one stream.
  using Cut = std::pair<int64_t, grpc::Status>;

  grpc::Status Note(const std::string& rpc, const google::protobuf::Message& request);
  grpc::Status Take(const v1::UploadRequest& chunk) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsWhole() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int64_t Version() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FillModel(v1::ModelVersion* model) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::deque<Cut> cuts_ ABSL_GUARDED_BY(mutex_);
  std::deque<grpc::Status> refusals_ ABSL_GUARDED_BY(mutex_);
  bool loses_answer_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, int64_t> stored_ ABSL_GUARDED_BY(mutex_);  // manifest -> version
  std::string name_ ABSL_GUARDED_BY(mutex_);
  std::string manifest_ ABSL_GUARDED_BY(mutex_);
  std::string asked_for_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int64_t> sizes_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> files_ ABSL_GUARDED_BY(mutex_);
  int streams_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t received_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<v1::ExportResponse> export_ ABSL_GUARDED_BY(mutex_);
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace sta

#endif  // TESTS_SUPPORT_FAKE_MODEL_STORE_H_
