// SPDX-License-Identifier: Apache-2.0
#include "server/services/grpc_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <utility>

#include "strings/str_cat.h"

namespace sta {
namespace {

// Reflection is the only synchronous service; each of its streams holds one of these.
constexpr int kMaxSynchronousThreads = 8;

constexpr int kStreamWindowBytes = 1 << 20;

// The plugin is in effect for every server that is built afterwards, so once is enough.
void EnableReflection() {
  static std::once_flag once;
  std::call_once(once, [] { grpc::reflection::InitProtoReflectionServerBuilderPlugin(); });
}

void ConfigureChannels(grpc::ServerBuilder& builder, const GrpcServerOptions& options) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
  // Without this a second server on the same port would start and take half of the connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A peer that vanished is noticed within 80 s; clients may ping as often as every 10 s, which
  // load balancers and tritonclient's keepalive options do.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  // What may be on its way on a stream before the service reads it. gRPC's own estimate grows with
  // the speed of the network, not with that of the disk that an upload goes to: tens of megabytes
  // wait then in the server's memory. A message that is larger is let in whole.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindowBytes);
  builder.SetResourceQuota(grpc::ResourceQuota("sta-server")
                               .SetMaxThreads(kMaxSynchronousThreads)
                               .Resize(static_cast<size_t>(options.max_buffer_bytes)));
}

// Whether somebody listens on a Unix socket: gRPC would take its name from under a live server.
bool IsListenedOn(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;  // gRPC says what is wrong
  path.copy(address.sun_path, path.size());
  const int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return false;
  const bool connected =
      connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(connection);
  return connected;
}

absl::Status CannotListen(const Address& address) {
  return absl::UnavailableError(StrCat("cannot listen on ", address.ToString(),
                                       ": in use, not an address of this host, or forbidden"));
}

}  // namespace

GrpcServer::GrpcServer(Credentials credentials, std::unique_ptr<grpc::Server> server,
                       std::vector<Address> addresses)
    : credentials_(std::move(credentials)),
      server_(std::move(server)),
      addresses_(std::move(addresses)) {}

GrpcServer::~GrpcServer() { Shutdown(absl::Now()); }

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(
    GrpcServerOptions options, const std::vector<grpc::Service*>& services) {
  EnableReflection();
  // Ours takes its place (health_service.h).
  grpc::EnableDefaultHealthCheckService(false);
  grpc::ServerBuilder builder;
  ConfigureChannels(builder, options);
  builder.experimental().SetInterceptorCreators(std::move(options.interceptors));
  Credentials credentials;
  std::vector<int> ports(options.listen.size(), 0);  // of a Unix socket: 1
  for (size_t i = 0; i < options.listen.size(); ++i) {
    const Address& address = options.listen[i];
    const bool is_socket = !address.path.empty();
    if (is_socket && IsListenedOn(address.path)) return CannotListen(address);
    credentials.push_back(options.tls != nullptr && !is_socket ? MakeTlsCredentials(*options.tls)
                                                               : grpc::InsecureServerCredentials());
    builder.AddListeningPort(address.ToString(), credentials.back(), &ports[i]);
  }
  for (grpc::Service* service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  for (size_t i = 0; i < options.listen.size(); ++i) {
    Address& address = options.listen[i];
    if (ports[i] == 0) return CannotListen(address);
    if (address.path.empty()) {
      address.port = ports[i];
    } else {
      chmod(address.path.c_str(), S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP);
    }
  }
  if (server == nullptr) return CannotListen(options.listen.front());
  return std::unique_ptr<GrpcServer>(
      new GrpcServer(std::move(credentials), std::move(server), std::move(options.listen)));
}

void GrpcServer::Shutdown(absl::Time deadline) {
  server_->Shutdown(absl::ToChronoTime(deadline));
  server_->Wait();
}

}  // namespace sta
