// SPDX-License-Identifier: Apache-2.0
#include "client/commands/failure.h"

#include <algorithm>

#include "strings/str_cat.h"

namespace sta::client {
namespace {

// gRPC's own texts, as against an UNAVAILABLE that a server answered (a model is loading, ...).
bool IsConnectionFailure(const absl::Status& status) {
  const std::string message(status.message());
  for (const char* sign : {"failed to connect", "connections to all backends", "DNS resolution",
                           "Connection reset", "Socket closed", "recvmsg:"}) {
    if (message.find(sign) != std::string::npos) return true;
  }
  return false;
}

bool IsHandshakeFailure(const absl::Status& status) {
  return std::string(status.message()).find("andshake") != std::string::npos;
}

std::string Advice(const absl::Status& status, const FailureContext& context) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      if (IsHandshakeFailure(status)) {
        return StrCat("the TLS handshake with ", context.server,
                      " failed; see --tls-ca, --tls-cert and the server's certificate");
      }
      if (IsConnectionFailure(status)) {
        return StrCat("cannot reach a server at ", context.server,
                      "; is sta-server running there? try --server HOST:PORT");
      }
      return "try again in a moment";
    case absl::StatusCode::kDeadlineExceeded:
      return StrCat("the limit was ", absl::FormatDuration(context.timeout),
                    "; try a longer --timeout");
    case absl::StatusCode::kResourceExhausted:
      return "the server or the message is full; try later or with fewer rows";
    case absl::StatusCode::kUnimplemented:
      return StrCat("the server at ", context.server, " does not offer this; is it an sta-server?");
    default:
      return "";
  }
}

}  // namespace

std::string DescribeFailure(const absl::Status& status, const FailureContext& context) {
  std::string message(status.message());
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::string line = StrCat("stactl ", context.command, ": ",
                            absl::StatusCodeToString(status.code()), ": ", message);
  const std::string advice = context.is_remote ? Advice(status, context) : "";
  if (!advice.empty()) StrAppend(&line, "; ", advice);
  return line;
}

}  // namespace sta::client
