// SPDX-License-Identifier: Apache-2.0
#include "tests/server/services/reflection_client.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/message.h>
#include <grpcpp/client_context.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/impl/codegen/rpc_method.h>
#include <grpcpp/support/sync_stream.h>

#include <utility>

namespace sta {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::Message;

// Debian has the compiled reflection messages but not their header, and compiling the proto again
// would define them twice; the compiled ones are reached by name instead.
std::unique_ptr<Message> NewReflectionMessage(const std::string& name) {
  const google::protobuf::Descriptor* descriptor =
      DescriptorPool::generated_pool()->FindMessageTypeByName("grpc.reflection.v1alpha." + name);
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor)->New());
}

const google::protobuf::FieldDescriptor* Field(const Message& message, const std::string& name) {
  return message.GetDescriptor()->FindFieldByName(name);
}

const Message& SubMessage(const Message& message, const std::string& field) {
  return message.GetReflection()->GetMessage(message, Field(message, field));
}

// One request, one response.
std::unique_ptr<Message> Ask(const std::shared_ptr<grpc::Channel>& channel,
                             const std::string& field, const std::string& value) {
  const std::unique_ptr<Message> request = NewReflectionMessage("ServerReflectionRequest");
  request->GetReflection()->SetString(request.get(), Field(*request, field), value);
  std::unique_ptr<Message> response = NewReflectionMessage("ServerReflectionResponse");
  grpc::ClientContext context;
  const grpc::internal::RpcMethod method(
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      grpc::internal::RpcMethod::BIDI_STREAMING);
  const std::unique_ptr<grpc::ClientReaderWriter<Message, Message>> stream(
      grpc::internal::ClientReaderWriterFactory<Message, Message>::Create(channel.get(), method,
                                                                          &context));
  stream->Write(*request);
  stream->Read(response.get());
  stream->WritesDone();
  stream->Finish();
  return response;
}

void AddSymbols(const google::protobuf::FileDescriptorProto& file,
                std::vector<std::string>& symbols) {
  const std::string prefix = file.package() + ".";
  for (const auto& message : file.message_type()) symbols.push_back(prefix + message.name());
  for (const auto& service : file.service()) {
    symbols.push_back(prefix + service.name());
    for (const auto& method : service.method()) {
      symbols.push_back(prefix + service.name() + "." + method.name());
    }
  }
}

}  // namespace

ReflectionClient::ReflectionClient(std::shared_ptr<grpc::Channel> channel)
    : channel_(std::move(channel)) {}

std::vector<std::string> ReflectionClient::ListServices() {
  const std::unique_ptr<Message> response = Ask(channel_, "list_services", "*");
  const Message& list = SubMessage(*response, "list_services_response");
  std::vector<std::string> names;
  const auto* field = Field(list, "service");
  for (int i = 0; i < list.GetReflection()->FieldSize(list, field); ++i) {
    const Message& service = list.GetReflection()->GetRepeatedMessage(list, field, i);
    names.push_back(service.GetReflection()->GetString(service, Field(service, "name")));
  }
  return names;
}

std::vector<std::string> ReflectionClient::DefinedSymbols(const std::string& symbol) {
  const std::unique_ptr<Message> response = Ask(channel_, "file_containing_symbol", symbol);
  const Message& files = SubMessage(*response, "file_descriptor_response");
  const auto* field = Field(files, "file_descriptor_proto");
  std::vector<std::string> symbols;
  for (int i = 0; i < files.GetReflection()->FieldSize(files, field); ++i) {
    google::protobuf::FileDescriptorProto file;
    if (file.ParseFromString(files.GetReflection()->GetRepeatedString(files, field, i))) {
      AddSymbols(file, symbols);
    }
  }
  return symbols;
}

}  // namespace sta
