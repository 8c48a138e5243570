// SPDX-License-Identifier: Apache-2.0
//
// One HTTP request, its response, and the call that takes the one to the other: what handlers see
// of HTTP, free of sockets.
//
//   void Answer(const std::shared_ptr<HttpCall>& call) {
//     if (call->request().path == "/healthz") call->Reply({.body = "ok\n"});
//   }
#ifndef SERVER_HTTP_HTTP_MESSAGE_H_
#define SERVER_HTTP_HTTP_MESSAGE_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sta {

using HttpHeader = std::pair<std::string, std::string>;

struct HttpRequest {
  std::string method;
  std::string path;                      // as it was sent, without what is behind a '?'
  std::vector<HttpHeader> headers = {};  // names in lower case
  std::string body = {};
  std::string peer = {};                            // as gRPC names it: server/security/peer.h
  std::vector<std::string> certificate_names = {};  // of a certificate that was verified

  // Values of all headers of that name, which is in lower case.
  std::vector<std::string_view> Values(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& [key, value] : headers) {
      if (key == name) values.emplace_back(value);
    }
    return values;
  }
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  std::vector<HttpHeader> headers = {};
};

// Thread-safe, but for request(), which nobody changes.
class HttpCall {
 public:
  virtual ~HttpCall() = default;

  // Changed by the handler alone, before it hands the call over.
  virtual HttpRequest& request() = 0;

  // Once, from any thread. Where the client has gone nothing happens.
  virtual void Reply(HttpResponse response) = 0;

  // `gone` is called at most once, from any thread, where the client goes before Reply; at once
  // where it has gone already.
  virtual void OnGone(std::function<void()> gone) = 0;
};

}  // namespace sta

#endif  // SERVER_HTTP_HTTP_MESSAGE_H_
