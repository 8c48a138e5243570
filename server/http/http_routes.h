// SPDX-License-Identifier: Apache-2.0
//
// What is served at which path, by which method, and what a caller needs for it: each route but
// those of the status page stands for an RPC and has its rule (server/security/rpc_rules.h).
// docs/protocol.md has the list.
//
//   std::optional<HttpTarget> target = FindTarget("/v2/models/minilm/infer");
//   ... target->model is "minilm", RuleOfRoute(target->route) that of ModelInfer ...
//
// Pure functions over constant data.
#ifndef SERVER_HTTP_HTTP_ROUTES_H_
#define SERVER_HTTP_HTTP_ROUTES_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/security/rpc_rules.h"

namespace sta {

enum class HttpRoute : uint8_t {
  kHealth,
  kServerLive,
  kServerReady,
  kServerMetadata,
  kModelReady,
  kModelMetadata,
  kModelConfig,
  kModelStatistics,
  kModelInfer,
  // The page for people, and what belongs to it:
  kStatusPage,
  kStatusData,
  kStatusStyle,
  kStatusScript,
  // OpenAI's:
  kOpenAiModels,
  kOpenAiModel,
  kEmbeddings,
};

struct HttpTarget {
  HttpRoute route = HttpRoute::kHealth;
  // Of a route about a model; views into the path. The version is empty where none is named.
  std::string_view model = {};
  std::string_view version = {};

  friend bool operator==(const HttpTarget&, const HttpTarget&) = default;
};

// Nothing where nothing is served. A path may end in a '/' more.
std::optional<HttpTarget> FindTarget(std::string_view path);

// "GET", which HEAD goes with, or "POST".
std::string_view MethodOfRoute(HttpRoute route);

const RpcRule& RuleOfRoute(HttpRoute route);

// Whether a person looks at it with a browser, which asks for a token in its own way
// (basic_token.h).
inline bool IsForBrowsers(HttpRoute route) {
  return route == HttpRoute::kStatusPage || route == HttpRoute::kStatusData;
}

// Whether its errors are in OpenAI's form.
inline bool IsOpenAi(HttpRoute route) { return route >= HttpRoute::kOpenAiModels; }

}  // namespace sta

#endif  // SERVER_HTTP_HTTP_ROUTES_H_
