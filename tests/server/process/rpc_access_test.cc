// SPDX-License-Identifier: Apache-2.0
//
// Every RPC of a whole server with every role, without a token and with a wrong one: nobody has
// forgotten a check. The calls are made from the services' descriptors, so that a new RPC is tested
// without anybody doing anything.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "grpc/health/v1/health.pb.h"
#include "inference/open_inference_grpc.pb.h"
#include "model_store/package/sha256.h"
#include "server/security/rpc_rules.h"
#include "sta/v1/devices.pb.h"
#include "sta/v1/model_store.pb.h"
#include "strings/str_cat.h"
#include "tests/support/in_process_server.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta {
namespace {

std::vector<const google::protobuf::MethodDescriptor*> AllMethods() {
  std::vector<const google::protobuf::MethodDescriptor*> methods;
  for (const google::protobuf::FileDescriptor* file :
       {inference::ModelInferRequest::descriptor()->file(), v1::UploadRequest::descriptor()->file(),
        v1::ListDevicesRequest::descriptor()->file(),
        grpc::health::v1::HealthCheckRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        methods.push_back(file->service(s)->method(m));
      }
    }
  }
  return methods;
}

// The first of `queue` that comes, which is the only one under way.
bool Next(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok;
}

class RpcAccessTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(WriteTinyPackage(directory_.path() / "store" / "m" / "1"), IsOk());
    const std::string tokens = directory_.path() / "tokens";
    std::ofstream file(tokens);
    for (const char* role : {"infer", "upload", "admin"}) {
      file << role << "er " << role << " sha256:" << Sha256Hex(std::string_view(role)) << "\n";
    }
    file << "late admin sha256:" << Sha256Hex(std::string_view("late"))
         << " until:2020-01-01T00:00:00Z\n";
    file.close();
    Settings settings;
    settings.store = directory_.path() / "store";
    settings.devices = {{.kind = "emulator", .threads = 1}};
    settings.tokens = tokens;
    STA_ASSERT_OK_AND_ASSIGN(server_, InProcessServer::Start(settings));
    stub_ = std::make_unique<grpc::GenericStub>(
        grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
  }

  // What a call with one empty message ends with; one that would go on is cancelled.
  grpc::StatusCode Call(const google::protobuf::MethodDescriptor& method,
                        const std::string& authorization) {
    grpc::ClientContext context;
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    grpc::CompletionQueue queue;
    const auto call = stub_->PrepareCall(
        &context, StrCat("/", method.service()->full_name(), "/", method.name()), &queue);
    call->StartCall(nullptr);
    Next(queue);
    const grpc::Slice empty_message;
    call->WriteLast(grpc::ByteBuffer(&empty_message, 1), grpc::WriteOptions(), nullptr);
    Next(queue);
    grpc::ByteBuffer answer;
    call->Read(&answer, nullptr);
    if (Next(queue) && method.server_streaming()) context.TryCancel();
    grpc::Status status;
    call->Finish(&status, nullptr);
    Next(queue);
    queue.Shutdown();
    return status.error_code();
  }

  TemporaryDirectory directory_;
  std::unique_ptr<InProcessServer> server_;
  std::unique_ptr<grpc::GenericStub> stub_;
};

bool MayCall(Need need, std::string_view role) {
  switch (need) {
    case Need::kNothing:
    case Need::kToken:
      return true;
    case Need::kInfer:
      return role == "infer";
    case Need::kUpload:
      return role == "upload";
    case Need::kAdmin:
      break;
  }
  return role == "admin";
}

bool IsRefusal(grpc::StatusCode code) {
  return code == grpc::UNAUTHENTICATED || code == grpc::PERMISSION_DENIED;
}

TEST_F(RpcAccessTest, EveryRpcLetsInTheRolesOfItsRuleAndNoOther) {
  for (const google::protobuf::MethodDescriptor* method : AllMethods()) {
    const RpcRule* rule =
        FindRule(StrCat("/", method->service()->full_name(), "/", method->name()));
    ASSERT_NE(rule, nullptr) << method->full_name();
    for (const std::string role : {"infer", "upload", "admin"}) {
      const grpc::StatusCode code = Call(*method, "Bearer " + role);
      if (MayCall(rule->need, role)) {
        EXPECT_FALSE(IsRefusal(code)) << method->full_name() << " as " << role;
      } else {
        EXPECT_EQ(code, grpc::PERMISSION_DENIED) << method->full_name() << " as " << role;
      }
    }
  }
}

TEST_F(RpcAccessTest, EveryRpcButProbesNeedsATokenThatIsKnownAndValid) {
  for (const google::protobuf::MethodDescriptor* method : AllMethods()) {
    const RpcRule* rule =
        FindRule(StrCat("/", method->service()->full_name(), "/", method->name()));
    ASSERT_NE(rule, nullptr) << method->full_name();
    for (const char* authorization :
         {"", "Bearer wrong", "Bearer late", "Basic admin", "admin", "Bearer "}) {
      const grpc::StatusCode code = Call(*method, authorization);
      if (rule->need == Need::kNothing) {
        EXPECT_FALSE(IsRefusal(code)) << method->full_name() << " with " << authorization;
      } else {
        EXPECT_EQ(code, grpc::UNAUTHENTICATED) << method->full_name() << " with " << authorization;
      }
    }
  }
}

}  // namespace
}  // namespace sta
