// SPDX-License-Identifier: Apache-2.0
#include "server/services/grpc_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "accel/device_pool/clock.h"
#include "server/security/poll_thread.h"
#include "server/services/call_guard.h"
#include "server/services/channelz_calls.h"
#include "server/services/end_connection.h"

namespace sta {
namespace {

// Reflection is the only synchronous service; each of its streams holds one of these.
constexpr int kMaxSynchronousThreads = 8;

constexpr int kStreamWindowBytes = 1 << 20;
constexpr int kReadChunkBytes = 1 << 15;

// The plugin is in effect for every server that is built afterwards, so once is enough.
void EnableReflection() {
  static std::once_flag once;
  std::call_once(once, [] { grpc::reflection::InitProtoReflectionServerBuilderPlugin(); });
}

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

void ConfigureChannels(grpc::ServerBuilder& builder, const GrpcServerOptions& options) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
  // Clients may ping as often as they like. gRPC would tell those that do it too often to go, with
  // each further ping anew, which costs 24 us where the answer costs next to nothing: a flood of a
  // few hundred kilobytes would keep its threads from everybody else for a second.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             Milliseconds(options.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             Milliseconds(options.connection_timeout));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
                             Milliseconds(options.connection_idle));
  if (options.connection_age > absl::ZeroDuration()) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                               std::max(1, Milliseconds(options.connection_age)));
  }
  // For CallWatch: counts, no history. What has been read of a connection becomes calls even when
  // it is ended, so that this is the most at once: some 1,000 calls.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CHANNEL_TRACE_EVENT_MEMORY_PER_NODE, 0);
  builder.AddChannelArgument(GRPC_ARG_TCP_MAX_READ_CHUNK_SIZE, kReadChunkBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_connection_calls);
  // What may be on its way on a stream before the service reads it. gRPC's own estimate grows with
  // the speed of the network, not with that of the disk that an upload goes to: tens of megabytes
  // wait then in the server's memory. A message that is larger is let in whole.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindowBytes);
  builder.SetResourceQuota(grpc::ResourceQuota("sta-server")
                               .SetMaxThreads(kMaxSynchronousThreads)
                               .Resize(static_cast<size_t>(options.max_buffer_bytes)));
}

}  // namespace

// Checks the number of calls on a thread of its own.
class GrpcServer::CallWatch final : public GuardedConnections {
 public:
  // `acceptor` outlives this.
  CallWatch(const GrpcServerOptions& options, ConnectionAcceptor& acceptor)
      : descriptor_limit_(options.descriptor_limit),
        on_ended_(options.on_ended),
        acceptor_(acceptor),
        guard_(options.max_calls, calls_, *this),
        thread_(clock_, CallGuard::kInterval, [this] { guard_.Check(); }) {}

  void Admit(int64_t connections) override { acceptor_.Admit(connections); }

  void End(const ConnectionCalls& connection) override {
    if (EndConnection(connection.local, connection.remote, descriptor_limit_)) {
      on_ended_(FormatEndpoint(connection.remote));
    }
  }

 private:
  const int descriptor_limit_;
  const std::function<void(const std::string&)> on_ended_;
  ConnectionAcceptor& acceptor_;
  ChannelzCalls calls_;
  CallGuard guard_;
  SystemClock clock_;
  PollThread thread_;
};

GrpcServer::GrpcServer(const GrpcServerOptions& options, std::vector<Port> ports,
                       std::unique_ptr<grpc::Server> server)
    : ports_(std::move(ports)), server_(std::move(server)) {
  ConnectionAcceptor::Options accepting{.listeners = {},
                                        .descriptor_limit = options.descriptor_limit};
  std::vector<size_t> port_of;  // by listener
  for (size_t i = 0; i < ports_.size(); ++i) {
    addresses_.push_back(ports_[i].sockets.address());
    for (const int listener : ports_[i].sockets.sockets()) {
      accepting.listeners.push_back(listener);
      port_of.push_back(i);
    }
  }
  acceptor_ = std::make_unique<ConnectionAcceptor>(
      std::move(accepting),
      [this, port_of = std::move(port_of)](size_t listener, int connection) {
        grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
        parameters.fd = connection;
        ports_[port_of[listener]].entrance->HandleNewConnection(&parameters);
      },
      options.on_refused);
  watch_ = std::make_unique<CallWatch>(options, *acceptor_);
}

GrpcServer::~GrpcServer() { Shutdown(absl::Now()); }

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(
    GrpcServerOptions options, const std::vector<grpc::Service*>& services) {
  EnableReflection();
  // Ours takes its place (health_service.h).
  grpc::EnableDefaultHealthCheckService(false);
  grpc::ServerBuilder builder;
  ConfigureChannels(builder, options);
  builder.experimental().SetInterceptorCreators(std::move(options.interceptors));
  std::vector<Port> ports;
  for (const Address& address : options.listen) {
    absl::StatusOr<ListeningSockets> sockets = ListeningSockets::Open(address);
    if (!sockets.ok()) return sockets.status();
    const bool has_tls = options.tls != nullptr && address.path.empty();
    auto credentials =
        has_tls ? MakeTlsCredentials(*options.tls) : grpc::InsecureServerCredentials();
    auto entrance = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials);
    ports.push_back({.sockets = *std::move(sockets),
                     .credentials = std::move(credentials),
                     .entrance = std::move(entrance)});
  }
  for (grpc::Service* service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return absl::InternalError("gRPC does not start");
  return std::unique_ptr<GrpcServer>(new GrpcServer(options, std::move(ports), std::move(server)));
}

void GrpcServer::Shutdown(absl::Time deadline) {
  watch_.reset();
  acceptor_.reset();
  server_->Shutdown(absl::ToChronoTime(deadline));
  server_->Wait();
}

}  // namespace sta
