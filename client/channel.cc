// SPDX-License-Identifier: Apache-2.0
#include "client/channel.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "strings/str_cat.h"

namespace sta::client {
namespace {

constexpr int kMaxAttempts = 5;
constexpr std::string_view kUnix = "unix:";

// gRPC retries only while no part of an answer has arrived.
std::string ServiceConfig(int max_attempts) {
  if (max_attempts == 1) return "{}";
  return StrCat(R"({"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":)", max_attempts,
                R"(,"initialBackoff":"0.1s","maxBackoff":"1s","backoffMultiplier":2,)",
                R"("retryableStatusCodes":["UNAVAILABLE"]}}]})");
}

bool UsesTls(const ClientOptions& options) {
  return options.tls || options.tls_unverified || !options.tls_ca.empty() ||
         !options.tls_cert.empty();
}

bool IsOnThisHost(std::string_view address) {
  return address.starts_with(kUnix) || address.starts_with("localhost:") ||
         address.starts_with("127.") || address.starts_with("[::1]:");
}

absl::Status CheckAddress(const std::string& address) {
  if (address.starts_with(kUnix) && address.size() > kUnix.size()) return absl::OkStatus();
  const size_t colon = address.rfind(':');
  if (colon != std::string::npos && colon != 0 && colon + 1 != address.size()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      StrCat("server address '", address, "' is neither host:port nor unix:path"));
}

absl::Status CheckSecurity(const ClientOptions& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return absl::InvalidArgumentError("a client's certificate and its key come together");
  }
  if (options.tls_unverified && !IsOnThisHost(options.address)) {
    return absl::InvalidArgumentError(
        StrCat("the certificate of ", options.address,
               " must be verified; only a server on this host may go without"));
  }
  if (options.tls_unverified && !options.tls_ca.empty()) {
    return absl::InvalidArgumentError(
        "authorities that may vouch for the server, and a server that is not verified: one of the "
        "two");
  }
  // What HTTP/2 takes as a header's value.
  const bool is_header =
      std::ranges::all_of(options.token, [](char c) { return c > ' ' && c < 127; });
  if (!is_header) {
    return absl::InvalidArgumentError("the token has characters that a token never has");
  }
  const bool is_hidden = UsesTls(options) || IsOnThisHost(options.address);
  if (!options.token.empty() && !is_hidden && !options.allow_token_in_clear) {
    return absl::InvalidArgumentError(
        StrCat("the token would go to ", options.address, " in the clear; use TLS"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return absl::NotFoundError(StrCat("'", path, "' cannot be read, or is empty"));
  }
  return std::move(text).str();
}

std::shared_ptr<grpc::ChannelCredentials> UnverifiedCredentials(
    const grpc::SslCredentialsOptions& ssl) {
  grpc::experimental::TlsChannelCredentialsOptions tls;
  tls.set_verify_server_certs(false);
  tls.set_check_call_host(false);
  tls.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  if (!ssl.pem_cert_chain.empty()) {
    tls.set_certificate_provider(
        std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
            std::vector<grpc::experimental::IdentityKeyCertPair>{
                {ssl.pem_private_key, ssl.pem_cert_chain}}));
    tls.watch_identity_key_cert_pairs();
  }
  return grpc::experimental::TlsCredentials(tls);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const ClientOptions& options) {
  if (!UsesTls(options)) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions ssl;
  for (const auto& [path, text] : {std::pair(&options.tls_ca, &ssl.pem_root_certs),
                                   std::pair(&options.tls_cert, &ssl.pem_cert_chain),
                                   std::pair(&options.tls_key, &ssl.pem_private_key)}) {
    absl::StatusOr<std::string> pem = ReadPem(*path);
    if (!pem.ok()) return pem.status();
    *text = *std::move(pem);
  }
  return options.tls_unverified ? UnverifiedCredentials(ssl) : grpc::SslCredentials(ssl);
}

}  // namespace

absl::Status CheckOptions(const ClientOptions& options) {
  if (absl::Status status = CheckAddress(options.address); !status.ok()) return status;
  if (options.timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        StrCat("timeout ", absl::FormatDuration(options.timeout), " is not over zero"));
  }
  if (options.max_attempts < 1 || options.max_attempts > kMaxAttempts) {
    return absl::InvalidArgumentError(
        StrCat("max_attempts ", options.max_attempts, " is not in 1..", kMaxAttempts));
  }
  if (options.max_response_bytes < 1) {
    return absl::InvalidArgumentError(
        StrCat("max_response_bytes ", options.max_response_bytes, " is not over zero"));
  }
  return CheckSecurity(options);
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ClientOptions& options) {
  const auto credentials = MakeCredentials(options);
  if (!credentials.ok()) return credentials.status();
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(ServiceConfig(options.max_attempts));
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, options.max_attempts > 1 ? 1 : 0);
  arguments.SetMaxReceiveMessageSize(options.max_response_bytes);
  arguments.SetUserAgentPrefix("sta-client");
  return grpc::CreateCustomChannel(options.address, *credentials, arguments);
}

}  // namespace sta::client
