// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_server.h"

#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "tests/server/http/socket_client.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Keeps calls until the test replies to them; "/now" is replied to at once, with what was sent.
class CallDesk {
 public:
  void Handle(const std::shared_ptr<HttpCall>& call) {
    const HttpRequest& request = call->request();
    if (request.path == "/now") {
      return call->Reply({.body = request.method + " " + request.body});
    }
    if (request.path == "/dropped") return;
    const absl::MutexLock lock(&mutex_);
    calls_.push_back(call);
  }

  std::shared_ptr<HttpCall> Next() {
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &CallDesk::HasCall));
    std::shared_ptr<HttpCall> call = std::move(calls_.front());
    calls_.pop_front();
    return call;
  }

 private:
  bool HasCall() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !calls_.empty(); }

  absl::Mutex mutex_;
  std::deque<std::shared_ptr<HttpCall>> calls_ ABSL_GUARDED_BY(mutex_);
};

class HttpServerTest : public testing::Test {
 protected:
  void Start(const HttpLimits& limits = {}) { Start(limits, memory_); }
  void Start(const HttpLimits& limits, MemoryBudget& memory) {
    STA_ASSERT_OK_AND_ASSIGN(
        server_,
        HttpServer::Start({{"127.0.0.1", 0}}, {.memory = memory, .metrics = http_metrics_}, limits,
                          [this](const std::shared_ptr<HttpCall>& call) { desk_.Handle(call); }));
  }

  const Address& address() const { return server_->addresses().front(); }

  // What an own connection says to `text`, until it ends.
  std::string Ask(const std::string& text) {
    SocketClient client(address());
    client.Send(text);
    return client.ReadAll();
  }

  static std::string Get(const std::string& path, const std::string& headers = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
  }
  static std::string Post(const std::string& path, const std::string& body,
                          const std::string& headers = "") {
    return "POST " + path +
           " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           headers + "\r\n" + body;
  }

  Metrics metrics_{"test"};
  HttpMetrics http_metrics_{metrics_};
  MemoryBudget memory_{1 << 20};
  CallDesk desk_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersOneRequestAfterTheOtherOnAConnection) {
  Start();
  SocketClient client(address());
  for (const std::string body : {"a", "", "ccc"}) {
    client.Send(Post("/now", body));
    const std::string response = client.ReadResponse();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(response, HasSubstr("Server: sta-server\r\n"));
    EXPECT_THAT(response, HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_THAT(response, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(response, EndsWith("\r\n\r\nPOST " + body));
  }
  EXPECT_THAT(metrics_.Text(), HasSubstr("sta_http_responses_total{status=\"200\"} 3"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("sta_http_connections 1"));
}

TEST_F(HttpServerTest, HandsOverWhatWasAsked) {
  Start();
  SocketClient client(address());
  client.Send(
      "POST /a/b?c=d&e HTTP/1.1\r\nHost: x\r\nX-Thing: 1\r\nx-thing:  2 \r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n");
  const std::shared_ptr<HttpCall> call = desk_.Next();
  EXPECT_EQ(call->request().method, "POST");
  EXPECT_EQ(call->request().path, "/a/b");
  EXPECT_EQ(call->request().body, "abcd");
  EXPECT_THAT(call->request().Values("x-thing"), testing::ElementsAre("1", "2"));
  EXPECT_THAT(call->request().peer, StartsWith("ipv4:127.0.0.1:"));
  EXPECT_THAT(call->request().certificate_names, IsEmpty());
  call->Reply({.status = 404, .content_type = "text/plain", .body = "no", .headers = {{"A", "b"}}});
  const std::string response = client.ReadResponse();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_THAT(response, HasSubstr("A: b\r\n"));
}

TEST_F(HttpServerTest, AnswersARequestThatComesInPieces) {
  Start();
  SocketClient client(address());
  for (const char letter : Post("/now", "slow")) client.Send(std::string(1, letter));
  EXPECT_THAT(client.ReadResponse(), EndsWith("POST slow"));
}

TEST_F(HttpServerTest, AnswersRequestsThatComeTogetherInOrder) {
  Start();
  SocketClient client(address());
  client.Send(Post("/held", "1") + Post("/now", "2") + Get("/now"));
  const std::shared_ptr<HttpCall> call = desk_.Next();
  client.Send(Post("/now", "3"));
  call->Reply({.body = "first"});
  EXPECT_THAT(client.ReadResponse(), EndsWith("first"));
  EXPECT_THAT(client.ReadResponse(), EndsWith("POST 2"));
  EXPECT_THAT(client.ReadResponse(), EndsWith("GET "));
  EXPECT_THAT(client.ReadResponse(), EndsWith("POST 3"));
}

TEST_F(HttpServerTest, AHeadHasNoBody) {
  Start();
  const std::string response = Ask("HEAD /now HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(response, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(response, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, EndsTheConnectionWhereTheClientSaysSo) {
  Start();
  EXPECT_THAT(Ask(Get("/now", "Connection: close\r\n")), HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(Ask("GET /now HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, LetsAClientGoOnThatAsksWhetherItMay) {
  Start();
  SocketClient client(address());
  client.Send("POST /now HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReadResponse(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("yes");
  EXPECT_THAT(client.ReadResponse(), EndsWith("POST yes"));
}

TEST_F(HttpServerTest, RefusesWhatIsNoRequestOrTooLarge) {
  Start({.max_head_bytes = 1024, .max_body_bytes = 10});
  struct Case {
    std::string name, text, status;
  };
  const std::vector<Case> cases = {
      {"garbage", "\x16\x03\x01\x02\r\n\r\n", "400 Bad Request"},
      {"no version", "GET /now\r\n\r\n", "400 Bad Request"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 Bad Request"},
      {"bad header", "GET /now HTTP/1.1\r\nno colon\r\n\r\n", "400 Bad Request"},
      {"bad length", "POST /now HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400 Bad Request"},
      {"two lengths", "POST /now HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
       "400 Bad Request"},
      {"length and chunks",
       "POST /now HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "400 Bad Request"},
      {"bad chunk", "POST /now HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
       "400 Bad Request"},
      {"long line", "GET /" + std::string(2000, 'x'), "431 Request Header Fields Too Large"},
      {"many headers",
       Get("/now",
           [] {
             std::string headers;
             for (int i = 0; i < 200; ++i) headers += "A" + std::to_string(i) + ": b\r\n";
             return headers;
           }()),
       "431 Request Header Fields Too Large"},
      {"long body", Post("/now", "12345678901"), "413 Payload Too Large"},
      {"length of a long body", "POST /now HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
       "413 Payload Too Large"},
      {"length beyond numbers",
       "POST /now HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", "400 Bad Request"},
      {"many chunks",
       "POST /now HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nabcdef\r\n",
       "413 Payload Too Large"},
      {"expectation", "POST /now HTTP/1.1\r\nContent-Length: 1\r\nExpect: a miracle\r\n\r\n",
       "417 Expectation Failed"},
  };
  for (const Case& c : cases) {
    const std::string response = Ask(c.text);
    EXPECT_THAT(response, StartsWith("HTTP/1.1 " + c.status + "\r\n")) << c.name;
    EXPECT_THAT(response, HasSubstr("Connection: close\r\n")) << c.name;
    EXPECT_THAT(response, HasSubstr("{\"error\":\"")) << c.name;
  }
  EXPECT_THAT(Ask(Get("/now", "Connection: close\r\n")), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, AnswersBeforeItHasReadAllThatIsTooLarge) {
  Start({.max_body_bytes = 10});
  SocketClient client(address());
  client.Send("POST /now HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + std::string(500000, 'x'));
  EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServerTest, RefusesBodiesThatTheMemoryIsFullFor) {
  Start();
  SocketClient holds(address());
  // Only what has come counts, not what is said to come.
  holds.Send("POST /held HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + std::string(900000, 'x'));
  EXPECT_THAT(Ask(Post("/now", "y", "Connection: close\r\n")), StartsWith("HTTP/1.1 200 "));
  holds.Send(std::string(100000, 'x'));
  const std::shared_ptr<HttpCall> call = desk_.Next();
  const std::string refused = Ask(Post("/now", std::string(100000, 'y')));
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 429 "));
  EXPECT_THAT(refused, HasSubstr("retry-after-ms: "));
  call->Reply({.body = "ok"});
  EXPECT_THAT(holds.ReadResponse(), EndsWith("ok"));
}

TEST_F(HttpServerTest, AnAnswerTakesMemoryUntilItIsSent) {
  Start();
  SocketClient client(address());
  client.Send(Get("/held"));
  desk_.Next()->Reply({.body = std::string(2 << 20, 'x')});
  EXPECT_THAT(client.ReadResponse(), StartsWith("HTTP/1.1 429 "));
}

TEST_F(HttpServerTest, TellsThatTheClientHasGone) {
  Start();
  SocketClient client(address());
  client.Send(Get("/held"));
  const std::shared_ptr<HttpCall> call = desk_.Next();
  absl::Notification gone;
  call->OnGone([&] { gone.Notify(); });
  client.Vanish();
  gone.WaitForNotification();
  absl::Notification at_once;
  call->OnGone([&] { at_once.Notify(); });
  EXPECT_TRUE(at_once.HasBeenNotified());
  call->Reply({.body = "to nobody"});
  EXPECT_THAT(Ask(Get("/now", "Connection: close\r\n")), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, ACallThatIsGivenUpIsAnswered) {
  Start();
  EXPECT_THAT(Ask(Get("/dropped", "Connection: close\r\n")), StartsWith("HTTP/1.1 500 "));
}

TEST_F(HttpServerTest, EndsConnectionsThatTakeTooLong) {
  const absl::Duration soon = absl::Milliseconds(20);
  Start({.idle = soon, .head = soon, .transfer = soon});
  EXPECT_THAT(Ask(""), IsEmpty());
  EXPECT_THAT(Ask("GET /now HT"), IsEmpty());
  EXPECT_THAT(Ask("POST /now HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"), IsEmpty());
  // Not while it is answered.
  SocketClient client(address());
  client.Send(Get("/held"));
  const std::shared_ptr<HttpCall> call = desk_.Next();
  EXPECT_THAT(Ask(""), IsEmpty());
  call->Reply({.body = "late"});
  EXPECT_THAT(client.ReadResponse(), EndsWith("late"));
}

TEST_F(HttpServerTest, LeavesAClientThatDoesNotRead) {
  constexpr size_t kBytes = 64 << 20;  // more than the buffers of a socket hold
  MemoryBudget memory(2 * kBytes);
  Start({.transfer = absl::Milliseconds(20), .transfer_bytes_per_second = 1e12}, memory);
  SocketClient client(address());
  client.Send(Get("/held"));
  desk_.Next()->Reply({.body = std::string(kBytes, 'x')});
  server_->Shutdown(absl::InfiniteFuture());
  EXPECT_EQ(memory.used_bytes(), 0);
  EXPECT_LT(client.ReadAll().size(), kBytes);
}

TEST_F(HttpServerTest, ANewConnectionTakesThePlaceOfOneThatOnlyWaits) {
  Start({.max_connections = 2});
  SocketClient first(address());
  first.Send(Post("/now", "1"));
  EXPECT_THAT(first.ReadResponse(), EndsWith("POST 1"));
  SocketClient second(address());
  second.Send(Get("/held"));
  const std::shared_ptr<HttpCall> call = desk_.Next();
  // Refused, which ends it without an answer, for as long as the server still puts away the answer
  // that the first has read in full already.
  std::string response;
  while (response.empty()) response = Ask(Get("/now", "Connection: close\r\n"));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(first.ReadAll(), IsEmpty());
  call->Reply({.body = "kept"});
  EXPECT_THAT(second.ReadResponse(), EndsWith("kept"));
}

TEST_F(HttpServerTest, ShutdownLetsRequestsInFlightBeAnswered) {
  Start();
  SocketClient waits(address());
  waits.Send(Post("/now", "1"));
  waits.ReadResponse();
  SocketClient client(address());
  client.Send(Get("/held"));
  std::shared_ptr<HttpCall> call = desk_.Next();
  std::thread stopping([&] { server_->Shutdown(absl::InfiniteFuture()); });
  EXPECT_THAT(waits.ReadAll(), IsEmpty());
  call->Reply({.body = "last"});
  call.reset();
  const std::string response = client.ReadAll();
  EXPECT_THAT(response, EndsWith("last"));
  EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
  stopping.join();
}

TEST_F(HttpServerTest, ShutdownEndsWhatIsNotAnsweredByTheDeadline) {
  Start();
  SocketClient client(address());
  client.Send(Get("/held"));
  std::shared_ptr<HttpCall> call = desk_.Next();
  absl::Notification gone;
  call->OnGone([&] { gone.Notify(); });
  std::thread stopping([&] { server_->Shutdown(absl::Now()); });
  gone.WaitForNotification();
  EXPECT_THAT(client.ReadAll(), IsEmpty());
  call.reset();  // until which the shutdown waits
  stopping.join();
}

TEST_F(HttpServerTest, APortThatIsTakenIsAnError) {
  Start();
  const auto handler = [](const std::shared_ptr<HttpCall>& /*call*/) {};
  const HttpServerParts parts{.memory = memory_, .metrics = http_metrics_};
  EXPECT_THAT(HttpServer::Start({address()}, parts, {}, handler),
              StatusIs(StatusCode::kUnavailable, HasSubstr(address().ToString())));
  EXPECT_THAT(HttpServer::Start({{"no.such.host.invalid", 0}}, parts, {}, handler),
              StatusIs(StatusCode::kUnavailable, HasSubstr("no.such.host.invalid:0")));
}

TEST_F(HttpServerTest, ANameIsServedAtAllOfItsAddresses) {
  STA_ASSERT_OK_AND_ASSIGN(
      server_, HttpServer::Start({{"localhost", 0}}, {.memory = memory_, .metrics = http_metrics_},
                                 {}, [this](const auto& call) { desk_.Handle(call); }));
  EXPECT_EQ(address().host, "localhost");
  SocketClient client({"127.0.0.1", address().port});
  client.Send(Post("/now", "1"));
  EXPECT_THAT(client.ReadResponse(), EndsWith("POST 1"));
}

}  // namespace
}  // namespace sta
