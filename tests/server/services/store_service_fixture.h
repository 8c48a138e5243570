// SPDX-License-Identifier: Apache-2.0
//
// StoreServiceTest: sta.v1.ModelStore over gRPC, on a real store in a temporary directory or on a
// simulated disk, with models that are nothing (fake_host.h) and a FakeClock.
//
//   const v1::UploadStatus upload = Start("m", package);
//   EXPECT_THAT(Send(upload, package), IsOk());
#ifndef TESTS_SERVER_SERVICES_STORE_SERVICE_FIXTURE_H_
#define TESTS_SERVER_SERVICES_STORE_SERVICE_FIXTURE_H_

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checksum/crc32c.h"
#include "model_store/store/posix_file_system.h"
#include "server/services/grpc_server.h"
#include "server/services/model_store_service.h"
#include "server/services/repository_calls.h"
#include "tests/server/models/fake_host.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_package.h"
#include "tests/support/simulated_file_system.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta {

inline absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

// A file of this name makes a package unsound.
inline constexpr const char* kUnsoundFile = "unsound.txt";

enum class TestDisk { kReal, kSimulated };

class SilentManagerObserver final : public ModelManagerObserver {
 public:
  void OnLoad(const ModelStatus& /*status*/, absl::Duration /*duration*/,
              const absl::Status& /*result*/) override {}
  void OnRetention(std::string_view /*name*/, int64_t /*version*/,
                   const absl::Status& /*result*/) override {}
};

class StoreServiceTest : public testing::Test {
 protected:
  using UploadWriter = std::unique_ptr<grpc::ClientWriter<v1::UploadRequest>>;
  using Contents = std::map<std::string, std::string>;

  explicit StoreServiceTest(const ModelStoreOptions& options = {}, const StoreOptions& store = {},
                            TestDisk disk = TestDisk::kReal,
                            std::shared_ptr<const TokenTable> tokens = nullptr)
      : files_(disk == TestDisk::kReal ? static_cast<FileSystem&>(real_disk_) : simulated_disk_),
        root_(disk == TestDisk::kReal ? directory_.path() : "/store"),
        control_(std::move(tokens)) {
    simulated_disk_.PutDirectory("/store");
    // Once more than it is given back: where nobody uses gRPC any more it ends its threads, and
    // waits 10 s for one that helps with a write that did not get through.
    static const bool kept = [] {
      grpc_init();
      return true;
    }();
    EXPECT_TRUE(kept);
    absl::StatusOr<std::unique_ptr<VersionStore>> opened =
        VersionStore::Open(root_, store, files_, clock_, CheckFakePackage);
    EXPECT_THAT(opened, IsOk());
    store_ = *std::move(opened);
    manager_ = std::make_unique<ModelManager>(ModelManager::Parts{.store = *store_,
                                                                  .host = host_,
                                                                  .registry = registry_,
                                                                  .feed = feed_,
                                                                  .observer = observer_,
                                                                  .clock = clock_},
                                              ModelManagerOptions{});
    store_metrics_.Follow(store_.get());
    service_ = std::make_unique<ModelStoreService>(ModelStoreParts{.store = *store_,
                                                                   .files = files_,
                                                                   .manager = *manager_,
                                                                   .registry = registry_,
                                                                   .feed = feed_,
                                                                   .store_metrics = store_metrics_,
                                                                   .metrics = metrics_,
                                                                   .access = access_,
                                                                   .clock = clock_},
                                                   options);
    absl::StatusOr<std::unique_ptr<GrpcServer>> server =
        GrpcServer::Start({.listen = {{"127.0.0.1", 0}}}, {service_.get()});
    EXPECT_THAT(server, IsOk());
    server_ = *std::move(server);
    stub_ = NewStub();
  }

  // Ends every thread before a destructor, of a test's own class too, runs.
  void TearDown() override {
    host_.Release();
    server_.reset();
    service_.reset();
    store_metrics_.Follow(nullptr);
    manager_.reset();
  }

  static absl::Status CheckFakePackage(const std::filesystem::path& directory) {
    if (!std::filesystem::exists(directory / kUnsoundFile)) return absl::OkStatus();
    return absl::DataLossError("a tensor does not fit");
  }

  // Over a connection of its own.
  std::unique_ptr<v1::ModelStore::Stub> NewStub() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return v1::ModelStore::NewStub(grpc::CreateCustomChannel(
        server_->address().ToString(), grpc::InsecureChannelCredentials(), arguments));
  }

  absl::StatusOr<v1::StartUploadResponse> TryStart(const v1::StartUploadRequest& request) {
    grpc::ClientContext context;
    v1::StartUploadResponse response;
    const absl::Status status = FromGrpc(stub_->StartUpload(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  absl::StatusOr<v1::StartUploadResponse> TryStart(const std::string& name,
                                                   const FakePackage& package,
                                                   const std::string& key = "") {
    v1::StartUploadRequest request;
    request.set_name(name);
    request.set_manifest(package.Manifest());
    request.set_idempotency_key(key);
    return TryStart(request);
  }

  v1::UploadStatus Start(const std::string& name, const FakePackage& package,
                         const std::string& key = "") {
    const absl::StatusOr<v1::StartUploadResponse> response = TryStart(name, package, key);
    EXPECT_THAT(response, IsOk());
    return response.ok() ? response->upload() : v1::UploadStatus();
  }

  static v1::UploadRequest Chunk(const std::string& file, int64_t offset, const std::string& data) {
    v1::UploadRequest message;
    message.set_file(file);
    message.set_offset(offset);
    message.set_data(data);
    message.set_crc32c(Crc32c(data));
    return message;
  }

  // A file of a FakePackage.
  static constexpr const char* kEncoder = "encoder.safetensors";

  static v1::UploadRequest Opening(const v1::UploadStatus& upload) {
    v1::UploadRequest message;
    message.set_upload_id(upload.upload_id());
    return message;
  }

  // A stream of one upload that has sent its first message. The server may have refused it.
  UploadWriter Open(grpc::ClientContext& context, v1::UploadResponse& response,
                    const v1::UploadStatus& upload) {
    UploadWriter writer = stub_->Upload(&context, &response);
    writer->Write(Opening(upload));
    return writer;
  }

  // Sends what the server lacks, in two chunks a file, and ends the stream.
  absl::StatusOr<v1::ModelVersion> Send(const v1::UploadStatus& upload,
                                        const FakePackage& package) {
    grpc::ClientContext context;
    v1::UploadResponse response;
    const UploadWriter writer = Open(context, response, upload);
    for (const v1::UploadFile& file : upload.files()) {
      const std::string& content = package.files.at(file.name());
      for (auto at = static_cast<size_t>(file.received_bytes()); at < content.size();) {
        const std::string data = content.substr(at, content.size() / 2 + 1);
        if (!writer->Write(Chunk(file.name(), static_cast<int64_t>(at), data))) break;
        at += data.size();
      }
    }
    writer->WritesDone();
    const absl::Status status = FromGrpc(writer->Finish());
    if (!status.ok()) return status;
    return response.model();
  }

  // A stream of `messages` after the one that opens it, to its end.
  absl::Status SendMessages(const v1::UploadStatus& upload,
                            const std::vector<v1::UploadRequest>& messages) {
    grpc::ClientContext context;
    v1::UploadResponse response;
    const UploadWriter writer = Open(context, response, upload);
    for (const v1::UploadRequest& message : messages) {
      if (!writer->Write(message)) break;
    }
    writer->WritesDone();
    return FromGrpc(writer->Finish());
  }

  v1::ModelVersion Upload(const std::string& name, const FakePackage& package) {
    const absl::StatusOr<v1::ModelVersion> version = Send(Start(name, package), package);
    EXPECT_THAT(version, IsOk());
    manager_->WaitUntilIdleForTest();
    return version.ok() ? *version : v1::ModelVersion();
  }

  absl::StatusOr<v1::UploadStatus> GetUpload(const v1::UploadStatus& upload) {
    grpc::ClientContext context;
    v1::GetUploadRequest request;
    request.set_upload_id(upload.upload_id());
    v1::GetUploadResponse response;
    const absl::Status status = FromGrpc(stub_->GetUpload(&context, request, &response));
    if (!status.ok()) return status;
    return response.upload();
  }

  // Until the server has so many bytes of an upload: a stream tells nothing in between.
  void AwaitReceived(const v1::UploadStatus& upload, int64_t bytes) {
    while (true) {
      const absl::StatusOr<v1::UploadStatus> status = GetUpload(upload);
      ASSERT_THAT(status, IsOk());
      if (status->received_bytes() >= bytes) return;
    }
  }

  absl::StatusOr<Contents> Export(const v1::ExportRequest& request) {
    grpc::ClientContext context;
    const auto reader = stub_->Export(&context, request);
    Contents contents;
    for (v1::ExportResponse message; reader->Read(&message);) {
      EXPECT_EQ(message.offset(), std::ssize(contents[message.file()]));
      contents[message.file()] += message.data();
    }
    const absl::Status status = FromGrpc(reader->Finish());
    if (!status.ok()) return status;
    return contents;
  }

  absl::StatusOr<v1::SetAliasResponse> SetAlias(const v1::SetAliasRequest& request) {
    grpc::ClientContext context;
    v1::SetAliasResponse response;
    const absl::Status status = FromGrpc(stub_->SetAlias(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  v1::ListModelsResponse List() {
    grpc::ClientContext context;
    v1::ListModelsResponse response;
    EXPECT_THAT(FromGrpc(stub_->ListModels(&context, {}, &response)), IsOk());
    return response;
  }

  const FakePackage first_{"first"};
  const FakePackage second_{"second"};
  TemporaryDirectory directory_;
  FakeClock clock_;
  PosixFileSystem real_disk_;
  SimulatedFileSystem simulated_disk_{clock_};
  FileSystem& files_;
  const std::filesystem::path root_;
  std::unique_ptr<VersionStore> store_;
  FakeHost host_;
  SilentManagerObserver observer_;
  ModelRegistry registry_;
  ModelFeed feed_{/*epoch=*/1, /*capacity=*/64};
  Metrics metrics_{"1"};
  AccessControl control_;
  RpcAccess access_{control_, metrics_};
  StoreMetrics store_metrics_{metrics_};
  std::unique_ptr<ModelManager> manager_;
  std::unique_ptr<ModelStoreService> service_;
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<v1::ModelStore::Stub> stub_;
};

}  // namespace sta

#endif  // TESTS_SERVER_SERVICES_STORE_SERVICE_FIXTURE_H_
