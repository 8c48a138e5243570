// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "server/http/http_error.h"
#include "server/http/http_tls.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<tcp::socket>;

// What is read at once, and at most before it is looked at.
constexpr size_t kReadBytes = 16 * 1024;
constexpr size_t kBufferBytes = 64 * 1024;

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

// As gRPC names it, an IPv4 address inside of an IPv6 one as IPv4.
std::string PeerName(const tcp::endpoint& endpoint) {
  asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  const std::string text = address.to_string();
  return address.is_v4() ? StrCat("ipv4:", text, ":", endpoint.port())
                         : StrCat("ipv6:%5B", text, "%5D:", endpoint.port());
}

HttpRequest ToRequest(http::request<http::string_body>&& message) {
  HttpRequest request{.method = std::string(View(message.method_string()))};
  const std::string_view target = View(message.target());
  request.path = std::string(target.substr(0, target.find('?')));
  for (const auto& field : message) {
    request.headers.emplace_back(absl::AsciiStrToLower(AbslView(View(field.name_string()))),
                                 std::string(View(field.value())));
  }
  request.body = std::move(message.body());
  return request;
}

// The answer to what is no request.
HttpResponse Malformed(error_code error) {
  const auto answer = [](int status, std::string_view message) {
    return HttpResponse{.status = status, .body = StrCat("{\"error\":", JsonString(message), "}")};
  };
  if (error == http::error::body_limit) {
    return answer(413, "the request is over this server's --max-message-bytes");
  }
  if (error == http::error::header_limit) return answer(431, "the headers are too long");
  return answer(400, StrCat("no HTTP/1.1: ", error.message()));
}

// What the connection and the call of its request know of each other.
class CallTarget {
 public:
  virtual ~CallTarget() = default;
  virtual void Answer(HttpResponse response) = 0;
};

class ConnectionCall final : public HttpCall {
 public:
  ConnectionCall(std::shared_ptr<CallTarget> target, std::shared_ptr<ConnectionShared> shared,
                 HttpRequest request)
      : target_(std::move(target)), shared_(std::move(shared)), request_(std::move(request)) {
    shared_->calls.Begin();
  }
  ~ConnectionCall() override {
    if (target_ != nullptr) {
      Reply(ErrorResponse(absl::InternalError("the request was given up without an answer")));
    }
    shared_->calls.End();
  }
  ConnectionCall(const ConnectionCall&) = delete;
  ConnectionCall& operator=(const ConnectionCall&) = delete;

  HttpRequest& request() override { return request_; }

  void Reply(HttpResponse response) override {
    std::function<void()> forgotten;
    const std::shared_ptr<CallTarget> target = [&] {
      const absl::MutexLock lock(&mutex_);
      forgotten = std::exchange(gone_, nullptr);
      return std::exchange(target_, nullptr);
    }();
    if (target != nullptr) target->Answer(std::move(response));
  }

  void OnGone(std::function<void()> gone) override {
    {
      const absl::MutexLock lock(&mutex_);
      if (!is_gone_) {
        gone_ = std::move(gone);
        return;
      }
    }
    gone();
  }

  // The connection tells that the client has gone.
  void TellGone() {
    std::function<void()> gone;
    {
      const absl::MutexLock lock(&mutex_);
      is_gone_ = true;
      gone = std::exchange(gone_, nullptr);
    }
    if (gone != nullptr) gone();
  }

 private:
  absl::Mutex mutex_;
  std::shared_ptr<CallTarget> target_ ABSL_GUARDED_BY(mutex_);  // until it is replied to
  const std::shared_ptr<ConnectionShared> shared_;
  HttpRequest request_;
  std::function<void()> gone_ ABSL_GUARDED_BY(mutex_);
  bool is_gone_ ABSL_GUARDED_BY(mutex_) = false;
};

// All of it runs on the strand of the socket, but what is said otherwise.
template <typename Stream>
class SocketConnection final : public ConnectionList::Connection,
                               public CallTarget,
                               public std::enable_shared_from_this<SocketConnection<Stream>> {
 public:
  static constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;

  SocketConnection(Stream stream, std::shared_ptr<asio::ssl::context> tls,
                   std::shared_ptr<ConnectionShared> shared)
      : tls_(std::move(tls)),
        shared_(std::move(shared)),
        stream_(std::move(stream)),
        timer_(stream_.get_executor()) {
    shared_->metrics.OnOpened();
  }
  ~SocketConnection() override {
    shared_->connections.Remove(this);
    shared_->metrics.OnClosed();
  }
  SocketConnection(const SocketConnection&) = delete;
  SocketConnection& operator=(const SocketConnection&) = delete;

  // From any thread.
  void Start() {
    if (!shared_->connections.Add(this->shared_from_this())) return;
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] { self->Begin(); });
  }

  // ConnectionList::Connection, from any thread:
  void Close() override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] { self->End(); });
  }

  // CallTarget, from any thread:
  void Answer(HttpResponse response) override {
    asio::post(stream_.get_executor(),
               [self = this->shared_from_this(), response = std::move(response)]() mutable {
                 if (self->state_ == State::kAnswering) self->Write(std::move(response));
               });
  }

 private:
  enum class State { kOpening, kIdle, kReading, kAnswering, kWriting, kLingering, kClosed };

  tcp::socket& socket() {
    if constexpr (kIsTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  void Begin() {
    error_code error;
    const tcp::endpoint endpoint = socket().remote_endpoint(error);
    if (error) return End();
    peer_ = PeerName(endpoint);
    socket().set_option(tcp::no_delay(true), error);
    if constexpr (kIsTls) {
      Limit(shared_->limits.handshake);
      stream_.async_handshake(
          asio::ssl::stream_base::server, [self = this->shared_from_this()](error_code failed) {
            if (failed || self->state_ == State::kClosed) return self->End();
            self->certificate_names_ = CertificateNamesOf(self->stream_.native_handle());
            self->NextRequest();
          });
    } else {
      NextRequest();
    }
  }

  void NextRequest() {
    memory_.emplace();
    held_bytes_ = 0;
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(shared_->limits.max_head_bytes));
    parser_->body_limit(static_cast<uint64_t>(shared_->limits.max_body_bytes));
    state_ = State::kIdle;
    shared_->connections.SetAnswering(this, false);
    // After SetAnswering, so that either this sees the drain or the drain sees that it waits.
    if (shared_->connections.is_draining()) return End();
    Limit(shared_->limits.idle);
    Parse();
  }

  void Read() {
    const size_t room = buffer_.max_size() - buffer_.size();
    if (is_reading_ || room == 0) return;
    is_reading_ = true;
    stream_.async_read_some(asio::buffer(chunk_.data(), std::min(room, chunk_.size())),
                            [self = this->shared_from_this()](error_code error, size_t bytes) {
                              self->OnRead(error, bytes);
                            });
  }

  void OnRead(error_code error, size_t bytes) {
    is_reading_ = false;
    if (state_ == State::kClosed) return;
    if (error) return End();
    if (state_ == State::kLingering) return Read();
    buffer_.commit(asio::buffer_copy(buffer_.prepare(bytes), asio::buffer(chunk_.data(), bytes)));
    if (state_ == State::kIdle || state_ == State::kReading) return Parse();
    Read();  // of the next request, as far as there is room
  }

  // Takes from the buffer what belongs to the request.
  void Parse() {
    while (!parser_->is_done()) {
      if (buffer_.size() == 0) return Read();
      if (state_ == State::kIdle) {
        state_ = State::kReading;
        Limit(shared_->limits.head);
      }
      const bool had_head = parser_->is_header_done();
      error_code error;
      buffer_.consume(parser_->put(buffer_.cdata(), error));
      if (error == http::error::need_more) return Read();
      if (error) return Refuse(Malformed(error));
      if (!had_head && parser_->is_header_done() && !OnHead()) return;
      if (absl::Status status = Hold(std::ssize(parser_->get().body())); !status.ok()) {
        return Refuse(ErrorResponse(status));
      }
    }
    Dispatch();
  }

  // False: it was answered.
  bool OnHead() {
    const auto& head = parser_->get();
    const auto length = static_cast<int64_t>(parser_->content_length().value_or(
        parser_->chunked() ? static_cast<uint64_t>(shared_->limits.max_body_bytes) : 0));
    Limit(shared_->limits.TransferOf(length));
    const auto expected = head.find(http::field::expect);
    if (expected == head.end()) return true;
    if (!beast::iequals(expected->value(), "100-continue")) {
      Refuse({.status = 417, .body = "{\"error\":\"Expect: allowed: 100-continue\"}"});
      return false;
    }
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                      [self = this->shared_from_this()](error_code error, size_t /*bytes*/) {
                        if (error) return self->End();
                        if (self->state_ == State::kReading) self->Parse();
                      });
    return false;
  }

  // Takes from the budget for what has come of a body, or for an answer.
  absl::Status Hold(int64_t bytes) {
    if (bytes <= held_bytes_) return absl::OkStatus();
    absl::Status status = shared_->memory.Grow(*memory_, bytes - held_bytes_);
    if (status.ok()) held_bytes_ = bytes;
    return status;
  }

  void Dispatch() {
    http::request<http::string_body> message = parser_->release();
    keeps_alive_ = message.keep_alive();
    is_head_request_ = message.method() == http::verb::head;
    HttpRequest request = ToRequest(std::move(message));
    request.peer = peer_;
    request.certificate_names = certificate_names_;
    state_ = State::kAnswering;
    shared_->connections.SetAnswering(this, true);
    timer_.expires_at(std::chrono::steady_clock::time_point::max());
    const auto call =
        std::make_shared<ConnectionCall>(this->shared_from_this(), shared_, std::move(request));
    call_ = call;
    Read();
    shared_->handler(call);
  }

  // Answers without having read all of the request: nothing that follows can be understood.
  void Refuse(HttpResponse response) {
    is_refused_ = true;
    keeps_alive_ = false;
    is_head_request_ = false;
    shared_->connections.SetAnswering(this, true);
    Write(std::move(response));
  }

  void Write(HttpResponse response) {
    call_.reset();
    state_ = State::kWriting;
    held_bytes_ = 0;
    if (absl::Status status = Hold(std::ssize(response.body)); !status.ok()) {
      response = ErrorResponse(status);
    }
    shared_->metrics.CountResponse(response.status);
    Limit(shared_->limits.TransferOf(std::ssize(response.body)));
    keeps_alive_ = keeps_alive_ && !shared_->connections.is_draining();
    message_.emplace(static_cast<http::status>(response.status), 11);
    message_->set(http::field::server, "sta-server");
    message_->set(http::field::content_type, response.content_type);
    message_->set(http::field::cache_control, "no-store");
    message_->set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers) message_->set(name, value);
    message_->content_length(response.body.size());
    message_->keep_alive(keeps_alive_);
    if (!is_head_request_) message_->body() = std::move(response.body);
    serializer_.emplace(*message_);
    http::async_write(stream_, *serializer_,
                      [self = this->shared_from_this()](error_code error, size_t /*bytes*/) {
                        self->OnWritten(error);
                      });
  }

  void OnWritten(error_code error) {
    serializer_.reset();
    message_.reset();
    if (state_ == State::kClosed) return;
    if (error) return End();
    if (keeps_alive_) return NextRequest();
    if (is_refused_) return Linger();
    End();
  }

  // A socket that is closed with something unread takes the answer away from its client.
  void Linger() {
    state_ = State::kLingering;
    shared_->connections.SetAnswering(this, false);
    error_code ignored;
    socket().shutdown(tcp::socket::shutdown_send, ignored);
    buffer_.consume(buffer_.size());
    Limit(shared_->limits.linger);
    Read();
  }

  // From now on; replaces the limit before.
  void Limit(absl::Duration duration) {
    timer_.expires_after(absl::ToChronoNanoseconds(duration));
    timer_.async_wait([weak = this->weak_from_this()](error_code error) {
      const auto self = weak.lock();
      // One that was replaced when it was on its way already.
      const auto is_over = [&] {
        return self->timer_.expiry() <= std::chrono::steady_clock::now();
      };
      if (!error && self != nullptr && is_over()) self->End();
    });
  }

  // Whatever is under way ends with an error and lets go of this.
  void End() {
    if (state_ == State::kClosed) return;
    state_ = State::kClosed;
    timer_.cancel();
    error_code ignored;
    socket().close(ignored);
    if (const std::shared_ptr<ConnectionCall> call = call_.lock()) call->TellGone();
    call_.reset();
    shared_->connections.Remove(this);
  }

  const std::shared_ptr<asio::ssl::context> tls_;
  const std::shared_ptr<ConnectionShared> shared_;
  Stream stream_;
  asio::steady_timer timer_;
  State state_ = State::kOpening;
  std::string peer_;
  std::vector<std::string> certificate_names_;
  // A reading that is under way while a request is answered writes to the first, never to what is
  // parsed meanwhile.
  std::array<char, kReadBytes> chunk_;
  bool is_reading_ = false;
  beast::flat_buffer buffer_{kBufferBytes};
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<MemoryBudget::Share> memory_;
  int64_t held_bytes_ = 0;
  bool keeps_alive_ = false;
  bool is_refused_ = false;
  bool is_head_request_ = false;
  std::weak_ptr<ConnectionCall> call_;  // while it is answered
  std::optional<http::response<http::string_body>> message_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

}  // namespace

void StartConnection(tcp::socket socket, std::shared_ptr<asio::ssl::context> tls,
                     std::shared_ptr<ConnectionShared> shared) {
  if (tls == nullptr) {
    std::make_shared<SocketConnection<tcp::socket>>(std::move(socket), nullptr, std::move(shared))
        ->Start();
    return;
  }
  TlsStream stream(std::move(socket), *tls);
  std::make_shared<SocketConnection<TlsStream>>(std::move(stream), std::move(tls),
                                                std::move(shared))
      ->Start();
}

}  // namespace sta
