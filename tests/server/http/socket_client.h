// SPDX-License-Identifier: Apache-2.0
//
// SocketClient: a client that sends what a test says, byte by byte if need be, in the clear or over
// TLS.
//
//   SocketClient client(server->addresses().front());
//   client.Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
//   EXPECT_THAT(client.ReadResponse(), StartsWith("HTTP/1.1 200"));
//
// Reads block, for a minute at most.
#ifndef TESTS_SERVER_HTTP_SOCKET_CLIENT_H_
#define TESTS_SERVER_HTTP_SOCKET_CLIENT_H_

#include <openssl/types.h>

#include <string>
#include <string_view>

#include "server/config/settings.h"
#include "tests/support/test_certificates.h"

namespace sta {

struct ClientTls {
  std::string ca;            // whom it trusts
  TestCertificate own = {};  // empty: it has none
};

class SocketClient {
 public:
  // A failure of the test where nobody listens.
  explicit SocketClient(const Address& address);
  SocketClient(const Address& address, const ClientTls& tls);
  ~SocketClient();
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  // Whether the handshake went well; always in the clear.
  bool is_secure() const { return is_secure_; }

  // What the server does not take any more is lost.
  void Send(std::string_view text);
  // One response, by its Content-Length; what there is of it where the connection ends before.
  std::string ReadResponse();
  // Until the connection ends.
  std::string ReadAll();
  // Ends it as a process does that dies.
  void Vanish();

 private:
  // False: the connection has ended.
  bool ReadMore();

  int socket_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  bool is_secure_ = true;
  std::string received_;
};

}  // namespace sta

#endif  // TESTS_SERVER_HTTP_SOCKET_CLIENT_H_
