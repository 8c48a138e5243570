// SPDX-License-Identifier: Apache-2.0
#include "tests/server/http/socket_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>

namespace sta {
namespace {

constexpr int kReadLimitSeconds = 60;

X509* ReadCertificate(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return certificate;
}

void UseCertificate(const TestCertificate& own, SSL_CTX* context) {
  X509* certificate = ReadCertificate(own.chain);
  BIO* bio = BIO_new_mem_buf(own.key.data(), static_cast<int>(own.key.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  EXPECT_EQ(SSL_CTX_use_certificate(context, certificate), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context, key), 1);
  EVP_PKEY_free(key);
  BIO_free(bio);
  X509_free(certificate);
}

}  // namespace

SocketClient::SocketClient(const Address& address)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval limit = {.tv_sec = kReadLimitSeconds, .tv_usec = 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(static_cast<uint16_t>(address.port));
  inet_pton(AF_INET, address.host.c_str(), &server.sin_addr);
  EXPECT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&server), sizeof server), 0);
}

SocketClient::SocketClient(const Address& address, const ClientTls& tls) : SocketClient(address) {
  context_ = SSL_CTX_new(TLS_client_method());
  X509* authority = ReadCertificate(tls.ca);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), authority);
  X509_free(authority);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  if (!tls.own.chain.empty()) UseCertificate(tls.own, context_);
  ssl_ = SSL_new(context_);
  SSL_set1_host(ssl_, "localhost");
  SSL_set_fd(ssl_, socket_);
  is_secure_ = SSL_connect(ssl_) == 1;
}

SocketClient::~SocketClient() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  if (socket_ >= 0) close(socket_);
}

void SocketClient::Send(std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ssl_ != nullptr
                             ? SSL_write(ssl_, text.data(), static_cast<int>(text.size()))
                             : send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<size_t>(sent));
  }
}

bool SocketClient::ReadMore() {
  std::array<char, 4096> part;
  const ssize_t size = ssl_ != nullptr ? SSL_read(ssl_, part.data(), static_cast<int>(part.size()))
                                       : recv(socket_, part.data(), part.size(), 0);
  if (size <= 0) return false;
  received_.append(part.data(), static_cast<size_t>(size));
  return true;
}

std::string SocketClient::ReadResponse() {
  constexpr std::string_view kHeadEnd = "\r\n\r\n";
  constexpr std::string_view kLength = "Content-Length: ";
  size_t end = 0;
  while ((end = received_.find(kHeadEnd)) == std::string::npos) {
    if (!ReadMore()) return received_;
  }
  const size_t length = received_.find(kLength);
  size_t size = end + kHeadEnd.size();
  if (length < end) {
    size += std::strtoul(received_.c_str() + length + kLength.size(), nullptr, 10);
  }
  while (received_.size() < size) {
    if (!ReadMore()) break;
  }
  std::string response = received_.substr(0, size);
  received_.erase(0, size);
  return response;
}

std::string SocketClient::ReadAll() {
  while (ReadMore()) {
  }
  return received_;
}

void SocketClient::Vanish() {
  const linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(socket_);
  socket_ = -1;
}

}  // namespace sta
