// SPDX-License-Identifier: Apache-2.0
#include "server/security/security_files.h"

#include <utility>

#include "server/observability/logging.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

absl::Status CheckPaths(const SecurityPaths& paths) {
  if (paths.tls_cert.empty() != paths.tls_key.empty()) {
    return absl::InvalidArgumentError(paths.tls_key.empty()
                                          ? "tls_cert: needs its key, --tls-key"
                                          : "tls_key: needs its certificate, --tls-cert");
  }
  if (!paths.tls_client_ca.empty() && paths.tls_cert.empty()) {
    return absl::InvalidArgumentError("tls_client_ca: needs TLS, --tls-cert and --tls-key");
  }
  return absl::OkStatus();
}

absl::Status In(std::string_view setting, const absl::Status& status) {
  return absl::Status(status.code(), AbslView(StrCat(setting, ": ", status.message())));
}

void LogIdentity(std::string_view event, const TlsIdentity& identity) {
  LogInfo(event,
          {{"subject", identity.subject},
           {"expires", absl::FormatTime(absl::RFC3339_sec, identity.expires, absl::UTCTimeZone())},
           {"client_certificates", !identity.texts.client_ca.empty()}});
}

}  // namespace

SecurityFiles::SecurityFiles(const SecurityPaths& paths, Clock& clock)
    : clock_(clock),
      tls_files_({paths.tls_cert, paths.tls_key, paths.tls_client_ca}),
      token_file_({paths.tokens}) {}

absl::StatusOr<std::unique_ptr<SecurityFiles>> SecurityFiles::Open(const SecurityPaths& paths,
                                                                   Clock& clock) {
  if (absl::Status status = CheckPaths(paths); !status.ok()) return status;
  std::unique_ptr<SecurityFiles> files(new SecurityFiles(paths, clock));
  const WatchedFiles::Texts tls_texts = *files->tls_files_.Poll();
  if (!paths.tls_cert.empty()) {
    absl::StatusOr<TlsIdentity> identity = files->MakeIdentity(tls_texts);
    if (!identity.ok()) return In("tls_cert", identity.status());
    if (!paths.tls_client_ca.empty() && identity->texts.client_ca.empty()) {
      return absl::InvalidArgumentError("tls_client_ca: the file is empty");
    }
    LogIdentity("tls", *identity);
    files->tls_ = std::make_unique<TlsIdentityStore>(*std::move(identity));
  }
  std::shared_ptr<const TokenTable> tokens;
  const WatchedFiles::Texts token_text = *files->token_file_.Poll();
  if (!paths.tokens.empty()) {
    absl::StatusOr<std::shared_ptr<const TokenTable>> table = MakeTable(token_text);
    if (!table.ok()) return In("tokens", table.status());
    tokens = *std::move(table);
    LogInfo("tokens", {{"tokens", tokens->size()}});
  }
  files->access_ = std::make_unique<AccessControl>(std::move(tokens));
  return files;
}

absl::StatusOr<TlsIdentity> SecurityFiles::MakeIdentity(const WatchedFiles::Texts& texts) const {
  if (!texts.ok()) return texts.status();
  return CheckTlsTexts({.chain = (*texts)[0], .key = (*texts)[1], .client_ca = (*texts)[2]},
                       clock_.Now());
}

absl::StatusOr<std::shared_ptr<const TokenTable>> SecurityFiles::MakeTable(
    const WatchedFiles::Texts& texts) {
  if (!texts.ok()) return texts.status();
  absl::StatusOr<TokenTable> table = TokenTable::Parse(texts->front());
  if (!table.ok()) return table.status();
  return std::make_shared<const TokenTable>(*std::move(table));
}

void SecurityFiles::Reload(const OnReload& on_reload) {
  const auto tell = [&](std::string_view files, const std::optional<absl::Status>& result) {
    if (!result.has_value()) return;
    if (!result->ok()) {
      LogWarning("security files not reloaded",
                 {{"files", files}, {"reason", std::string(result->message())}});
    }
    on_reload(files, result->ok());
  };
  if (tls_ != nullptr) tell("tls", ReloadTls());
  if (access_->has_tokens()) tell("tokens", ReloadTokens());
}

std::optional<absl::Status> SecurityFiles::ReloadTls() {
  const std::optional<WatchedFiles::Texts> texts = tls_files_.Poll();
  if (!texts.has_value()) return std::nullopt;
  absl::StatusOr<TlsIdentity> identity = MakeIdentity(*texts);
  if (!identity.ok()) return identity.status();
  if (identity->texts.client_ca.empty() == tls_->wants_client_certificates()) {
    return absl::InvalidArgumentError("the file of clients' authorities is empty");
  }
  LogIdentity("tls reloaded", *identity);
  tls_->Set(*std::move(identity));
  return absl::OkStatus();
}

std::optional<absl::Status> SecurityFiles::ReloadTokens() {
  const std::optional<WatchedFiles::Texts> text = token_file_.Poll();
  if (!text.has_value()) return std::nullopt;
  absl::StatusOr<std::shared_ptr<const TokenTable>> table = MakeTable(*text);
  if (!table.ok()) return table.status();
  LogInfo("tokens reloaded", {{"tokens", (*table)->size()}});
  access_->SetTokens(*std::move(table));
  return absl::OkStatus();
}

}  // namespace sta
