// SPDX-License-Identifier: Apache-2.0
#include "server/security/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "strings/str_cat.h"

namespace sta {
namespace {

struct Deleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Owned = std::unique_ptr<T, Deleter>;

// OpenSSL would ask for a passphrase at the terminal.
int HasNoPassphrase(char* /*buffer*/, int /*size*/, int /*is_write*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return 0;
}

Owned<BIO> Open(const std::string& text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// All certificates of a text; empty where there is none, or one is damaged.
std::vector<Owned<X509>> ReadCertificates(const std::string& text) {
  std::vector<Owned<X509>> certificates;
  const Owned<BIO> bio = Open(text);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!is_end) certificates.clear();
  return certificates;
}

absl::StatusOr<Owned<EVP_PKEY>> ReadKey(const std::string& text) {
  bool is_encrypted = false;
  const Owned<BIO> bio = Open(text);
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, HasNoPassphrase, &is_encrypted));
  ERR_clear_error();
  if (is_encrypted) {
    return absl::InvalidArgumentError("the key is encrypted; the server needs it in the clear");
  }
  if (key == nullptr) return absl::InvalidArgumentError("the key is not a private key in PEM form");
  return key;
}

absl::Time ToTime(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

std::string SubjectOf(const X509* certificate) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0,
                     XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);  // NOLINT(google-runtime-int): OpenSSL's
  return std::string(text, static_cast<size_t>(size));
}

}  // namespace

absl::StatusOr<TlsIdentity> CheckTlsTexts(TlsTexts texts, absl::Time now) {
  const std::vector<Owned<X509>> chain = ReadCertificates(texts.chain);
  if (chain.empty()) {
    return absl::InvalidArgumentError(
        "the certificate is not in PEM form, or a certificate of its chain is damaged");
  }
  const absl::StatusOr<Owned<EVP_PKEY>> key = ReadKey(texts.key);
  if (!key.ok()) return key.status();
  X509* certificate = chain.front().get();
  const bool fits = X509_check_private_key(certificate, key->get()) == 1;
  ERR_clear_error();
  if (!fits) {
    return absl::InvalidArgumentError(
        "the key is not the certificate's; the server's own certificate must be the first of its "
        "file");
  }
  if (!texts.client_ca.empty() && ReadCertificates(texts.client_ca).empty()) {
    return absl::InvalidArgumentError(
        "the authorities of clients are not certificates in PEM form, or one is damaged");
  }
  TlsIdentity identity{.texts = std::move(texts),
                       .subject = SubjectOf(certificate),
                       .expires = ToTime(X509_get0_notAfter(certificate))};
  const absl::Time begins = ToTime(X509_get0_notBefore(certificate));
  if (now < begins || now >= identity.expires) {
    return absl::InvalidArgumentError(
        StrCat("the certificate is valid from ", absl::FormatTime(begins, absl::UTCTimeZone()),
               " to ", absl::FormatTime(identity.expires, absl::UTCTimeZone()), ", not now"));
  }
  return identity;
}

}  // namespace sta
