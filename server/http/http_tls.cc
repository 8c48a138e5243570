// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <utility>

#include "server/observability/logging.h"

namespace sta {
namespace {

namespace ssl = boost::asio::ssl;

std::shared_ptr<ssl::context> MakeContext(const TlsTexts& texts) {
  boost::system::error_code error;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 |
                           ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                           ssl::context::no_tlsv1_1,
                       error);
  // Each connection shows its certificate: nothing is remembered of one that was taken away.
  SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context->native_handle(), 0);
  if (!error) context->use_certificate_chain(boost::asio::buffer(texts.chain), error);
  if (!error) context->use_private_key(boost::asio::buffer(texts.key), ssl::context::pem, error);
  if (!error && !texts.client_ca.empty()) {
    context->add_certificate_authority(boost::asio::buffer(texts.client_ca), error);
    if (!error) {
      context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
    }
  }
  ERR_clear_error();
  if (!error) return context;
  LogWarning("certificate not used over HTTP", {{"reason", error.message()}});
  return nullptr;
}

std::string TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

void AddCommonName(X509* certificate, std::vector<std::string>& names) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (place < 0) return;
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place));
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0) return;
  names.emplace_back(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
}

void AddAddress(const ASN1_STRING* bytes, std::vector<std::string>& names) {
  const int size = ASN1_STRING_length(bytes);
  const int family = size == sizeof(in_addr) ? AF_INET : AF_INET6;
  if (family == AF_INET6 && size != sizeof(in6_addr)) return;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size()) != nullptr) {
    names.emplace_back(text.data());
  }
}

void AddAlternativeNames(X509* certificate, std::vector<std::string>& names) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> alternatives(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  if (alternatives == nullptr) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
    int type = 0;
    const void* value =
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(alternatives.get(), i), &type);
    if (type == GEN_DNS || type == GEN_EMAIL || type == GEN_URI) {
      names.push_back(TextOf(static_cast<const ASN1_STRING*>(value)));
    } else if (type == GEN_IPADD) {
      AddAddress(static_cast<const ASN1_STRING*>(value), names);
    }
  }
}

}  // namespace

std::shared_ptr<ssl::context> HttpTls::Context() {
  std::shared_ptr<const TlsIdentity> identity = store_.Get();
  const absl::MutexLock lock(&mutex_);
  if (identity != identity_) {
    if (std::shared_ptr<ssl::context> context = MakeContext(identity->texts)) {
      context_ = std::move(context);
    }
    identity_ = std::move(identity);
  }
  return context_;
}

std::vector<std::string> CertificateNamesOf(const SSL* connection) {
  std::vector<std::string> names;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      SSL_get1_peer_certificate(connection), X509_free);
  if (certificate == nullptr) return names;
  AddCommonName(certificate.get(), names);
  AddAlternativeNames(certificate.get(), names);
  return names;
}

}  // namespace sta
