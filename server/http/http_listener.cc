// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_listener.h"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <utility>

namespace sta {
namespace {

namespace asio = boost::asio;

using asio::ip::tcp;
using boost::system::error_code;

// After an error of accept, which is nearly always that descriptors have run out.
constexpr auto kAcceptPause = std::chrono::milliseconds(50);

}  // namespace

HttpListener::HttpListener(asio::io_context& context, std::shared_ptr<ConnectionShared> shared,
                           HttpTls* tls)
    : context_(context),
      shared_(std::move(shared)),
      tls_(tls),
      acceptor_(asio::make_strand(context)),
      pause_(acceptor_.get_executor()) {}

std::string HttpListener::Open(const tcp::endpoint& endpoint) {
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (error) return error.message();
  // A port whose last connections are still being forgotten. Another server that listens there is
  // refused all the same.
  acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (endpoint.protocol() == tcp::v6()) {
    const bool only = !endpoint.address().is_unspecified();
    acceptor_.set_option(asio::ip::v6_only(only), error);
  }
  acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  return error ? error.message() : std::string();
}

void HttpListener::Start() {
  asio::post(acceptor_.get_executor(), [self = shared_from_this()] { self->Accept(); });
}

void HttpListener::Close() {
  asio::post(acceptor_.get_executor(), [self = shared_from_this()] {
    error_code ignored;
    self->acceptor_.close(ignored);
    self->pause_.cancel();
  });
}

void HttpListener::Accept() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_accept(asio::make_strand(context_),
                         [self = shared_from_this()](error_code error, tcp::socket socket) {
                           self->OnAccepted(error, std::move(socket));
                         });
}

void HttpListener::OnAccepted(error_code error, tcp::socket socket) {
  if (!acceptor_.is_open()) return;
  if (error) {
    shared_->connections.CloseLongestWaiting();
    pause_.expires_after(kAcceptPause);
    return pause_.async_wait([self = shared_from_this()](error_code /*error*/) { self->Accept(); });
  }
  std::shared_ptr<asio::ssl::context> context = tls_ != nullptr ? tls_->Context() : nullptr;
  // There is always one, which was good at the start; if not, nothing is served in the clear.
  if (tls_ == nullptr || context != nullptr) {
    StartConnection(std::move(socket), std::move(context), shared_);
  }
  Accept();
}

}  // namespace sta
