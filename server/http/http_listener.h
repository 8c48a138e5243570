// SPDX-License-Identifier: Apache-2.0
//
// HttpListener: a socket that listens for connections of HTTP and starts them. Internal to
// HttpServer.
//
//   auto listener = std::make_shared<HttpListener>(context, shared, tls);
//   if (std::string problem = listener->Open(endpoint); !problem.empty()) ...
//   listener->Start();
//   listener->Close();
//
// Open and port() come before Start; Close may come from any thread. It lives until what is under
// way has ended.
#ifndef SERVER_HTTP_HTTP_LISTENER_H_
#define SERVER_HTTP_HTTP_LISTENER_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>

#include "server/http/http_connection.h"
#include "server/http/http_tls.h"

namespace sta {

class HttpListener : public std::enable_shared_from_this<HttpListener> {
 public:
  // `context` and `tls`, which is null without TLS, outlive it.
  HttpListener(boost::asio::io_context& context, std::shared_ptr<ConnectionShared> shared,
               HttpTls* tls);

  // Empty, or why it cannot listen there.
  std::string Open(const boost::asio::ip::tcp::endpoint& endpoint);
  // The one that was taken.
  int port() const { return acceptor_.local_endpoint().port(); }

  void Start();
  void Close();

 private:
  void Accept();
  void OnAccepted(boost::system::error_code error, boost::asio::ip::tcp::socket socket);

  boost::asio::io_context& context_;
  const std::shared_ptr<ConnectionShared> shared_;
  HttpTls* const tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;  // between attempts
};

}  // namespace sta

#endif  // SERVER_HTTP_HTTP_LISTENER_H_
