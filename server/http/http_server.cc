// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "server/http/http_connection.h"
#include "server/http/http_listener.h"
#include "server/http/http_tls.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

namespace asio = boost::asio;

using asio::ip::tcp;
using boost::system::error_code;

absl::Status CannotServe(const Address& address, std::string_view reason) {
  return absl::UnavailableError(StrCat("cannot serve HTTP on ", address.ToString(), ": ", reason));
}

}  // namespace

class HttpServer::Core {
 public:
  Core(const HttpServerParts& parts, const HttpLimits& limits, Handler handler)
      : shared_(std::make_shared<ConnectionShared>(limits, parts.memory, parts.metrics,
                                                   std::move(handler))) {
    if (parts.tls != nullptr) tls_.emplace(*parts.tls);
  }

  // Sets the port where it is 0.
  absl::Status Listen(Address& address) {
    error_code error;
    tcp::resolver resolver(context_);
    const tcp::resolver::results_type endpoints =
        resolver.resolve(address.host, StrCat(address.port),
                         tcp::resolver::passive | tcp::resolver::numeric_service, error);
    if (error) return CannotServe(address, error.message());
    // A name may stand for several, not all of which this host has.
    std::string reason = "it is no address";
    bool is_open = false;
    for (const auto& found : endpoints) {
      tcp::endpoint endpoint = found.endpoint();
      endpoint.port(static_cast<uint16_t>(address.port));  // the one that the first took
      auto listener =
          std::make_shared<HttpListener>(context_, shared_, tls_.has_value() ? &*tls_ : nullptr);
      const std::string problem = listener->Open(endpoint);
      if (!problem.empty()) {
        reason = problem;
        continue;
      }
      address.port = listener->port();
      listeners_.push_back(std::move(listener));
      is_open = true;
    }
    return is_open ? absl::OkStatus() : CannotServe(address, reason);
  }

  void Run() {
    for (const auto& listener : listeners_) listener->Start();
    for (int i = 0; i < shared_->limits.threads; ++i) {
      threads_.emplace_back([this] { context_.run(); });
    }
  }

  void Shutdown(absl::Time deadline) {
    for (const auto& listener : listeners_) listener->Close();
    listeners_.clear();
    shared_->connections.Drain(deadline);
    shared_->calls.WaitForAll();
    work_.reset();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  const std::shared_ptr<ConnectionShared> shared_;
  std::optional<HttpTls> tls_;
  std::vector<std::shared_ptr<HttpListener>> listeners_;
  std::vector<std::thread> threads_;
};

HttpServer::HttpServer(std::unique_ptr<Core> core) : core_(std::move(core)) {}

HttpServer::~HttpServer() { Shutdown(absl::Now()); }

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(std::vector<Address> listen,
                                                              const HttpServerParts& parts,
                                                              const HttpLimits& limits,
                                                              Handler handler) {
  auto core = std::make_unique<Core>(parts, limits, std::move(handler));
  for (Address& address : listen) {
    if (absl::Status status = core->Listen(address); !status.ok()) return status;
  }
  core->Run();
  auto server = std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
  server->addresses_ = std::move(listen);
  return server;
}

void HttpServer::Shutdown(absl::Time deadline) { core_->Shutdown(deadline); }

}  // namespace sta
