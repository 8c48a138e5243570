// SPDX-License-Identifier: Apache-2.0
#include "server/security/rpc_rules.h"

#include "strings/str_cat.h"

namespace sta {
namespace {

std::string_view NeedName(Need need) {
  switch (need) {
    case Need::kNothing:
      return "nothing";
    case Need::kToken:
      return "any token";
    case Need::kInfer:
      return "`infer`";
    case Need::kUpload:
      return "`upload`";
    case Need::kAdmin:
      break;
  }
  return "`admin`";
}

std::string_view WritesName(Writes writes) {
  switch (writes) {
    case Writes::kNever:
      return "no";
    case Writes::kAlways:
      return "yes";
    case Writes::kWithSettings:
      break;
  }
  return "with `settings`, which takes `admin`";
}

}  // namespace

const RpcRule* FindRule(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == 0 || slash == std::string_view::npos || path.front() != '/') return nullptr;
  const std::string_view service = path.substr(1, slash - 1);
  const std::string_view method = path.substr(slash + 1);
  for (const RpcRule& rule : kRpcRules) {
    if (rule.method == method && rule.service == service) return &rule;
  }
  return nullptr;
}

std::string RpcRulesMarkdown() {
  std::string table = "| service | RPC | needs | is a write |\n|---|---|---|---|\n";
  for (const RpcRule& rule : kRpcRules) {
    StrAppend(&table, "| `", rule.service, "` | ", rule.method, " | ", NeedName(rule.need), " | ",
              WritesName(rule.writes), " |\n");
  }
  return table;
}

}  // namespace sta
