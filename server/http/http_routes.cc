// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_routes.h"

#include <algorithm>
#include <array>

namespace sta {
namespace {

struct RouteSpec {
  HttpRoute route;
  std::string_view method;
  RpcRule rule;
};

// As of what else tells of models and devices.
constexpr RpcRule kStatusRule = {
    .service = "", .method = "Status", .need = Need::kToken, .writes = Writes::kNever};
// The same for everybody: they tell nothing.
constexpr RpcRule kStatusAssetRule = {
    .service = "", .method = "Status", .need = Need::kNothing, .writes = Writes::kNever};

// In the order of HttpRoute.
constexpr std::array kRoutes = {
    RouteSpec{HttpRoute::kHealth, "GET", RuleOf("ServerReady")},
    RouteSpec{HttpRoute::kServerLive, "GET", RuleOf("ServerLive")},
    RouteSpec{HttpRoute::kServerReady, "GET", RuleOf("ServerReady")},
    RouteSpec{HttpRoute::kServerMetadata, "GET", RuleOf("ServerMetadata")},
    RouteSpec{HttpRoute::kModelReady, "GET", RuleOf("ModelReady")},
    RouteSpec{HttpRoute::kModelMetadata, "GET", RuleOf("ModelMetadata")},
    RouteSpec{HttpRoute::kModelConfig, "GET", RuleOf("ModelConfig")},
    RouteSpec{HttpRoute::kModelStatistics, "GET", RuleOf("ModelStatistics")},
    RouteSpec{HttpRoute::kModelInfer, "POST", RuleOf("ModelInfer")},
    RouteSpec{HttpRoute::kStatusPage, "GET", kStatusRule},
    RouteSpec{HttpRoute::kStatusData, "GET", kStatusRule},
    RouteSpec{HttpRoute::kStatusStyle, "GET", kStatusAssetRule},
    RouteSpec{HttpRoute::kStatusScript, "GET", kStatusAssetRule},
    RouteSpec{HttpRoute::kOpenAiModels, "GET", RuleOf("ListModels")},
    RouteSpec{HttpRoute::kOpenAiModel, "GET", RuleOf("GetModel")},
    RouteSpec{HttpRoute::kEmbeddings, "POST", RuleOf("ModelInfer")},
};

struct FixedPath {
  std::string_view path;
  HttpRoute route;
};

constexpr std::array kFixedPaths = {
    FixedPath{"/", HttpRoute::kStatusPage},
    FixedPath{"/healthz", HttpRoute::kHealth},
    FixedPath{"/status.css", HttpRoute::kStatusStyle},
    FixedPath{"/status.js", HttpRoute::kStatusScript},
    FixedPath{"/status.json", HttpRoute::kStatusData},
    FixedPath{"/v1/embeddings", HttpRoute::kEmbeddings},
    FixedPath{"/v1/models", HttpRoute::kOpenAiModels},
    FixedPath{"/v2", HttpRoute::kServerMetadata},
    FixedPath{"/v2/health/live", HttpRoute::kServerLive},
    FixedPath{"/v2/health/ready", HttpRoute::kServerReady},
    // Triton's, of all models: a model of this name is asked by its version.
    FixedPath{"/v2/models/stats", HttpRoute::kModelStatistics},
};

// What may follow a model.
constexpr std::array kModelPaths = {
    FixedPath{"", HttpRoute::kModelMetadata},      FixedPath{"/ready", HttpRoute::kModelReady},
    FixedPath{"/config", HttpRoute::kModelConfig}, FixedPath{"/stats", HttpRoute::kModelStatistics},
    FixedPath{"/infer", HttpRoute::kModelInfer},
};

constexpr std::string_view kModels = "/v2/models/";
constexpr std::string_view kOpenAiModels = "/v1/models/";
constexpr std::string_view kVersions = "/versions/";

// Takes what is in front of the next '/', which stays.
std::string_view TakeSegment(std::string_view& rest) {
  const std::string_view segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(segment.size());
  return segment;
}

std::optional<HttpTarget> FindModelTarget(std::string_view rest) {
  HttpTarget target;
  target.model = TakeSegment(rest);
  if (target.model.empty()) return std::nullopt;
  if (rest.starts_with(kVersions)) {
    rest.remove_prefix(kVersions.size());
    target.version = TakeSegment(rest);
    if (target.version.empty()) return std::nullopt;
  }
  const auto found = std::ranges::find(kModelPaths, rest, &FixedPath::path);
  if (found == kModelPaths.end()) return std::nullopt;
  target.route = found->route;
  return target;
}

}  // namespace

std::optional<HttpTarget> FindTarget(std::string_view path) {
  if (path.size() > 2 && path.ends_with('/')) path.remove_suffix(1);
  const auto fixed = std::ranges::find(kFixedPaths, path, &FixedPath::path);
  if (fixed != kFixedPaths.end()) return HttpTarget{.route = fixed->route};
  if (path.starts_with(kOpenAiModels)) {
    return HttpTarget{.route = HttpRoute::kOpenAiModel, .model = path.substr(kOpenAiModels.size())};
  }
  if (!path.starts_with(kModels)) return std::nullopt;
  return FindModelTarget(path.substr(kModels.size()));
}

std::string_view MethodOfRoute(HttpRoute route) {
  return kRoutes[static_cast<size_t>(route)].method;
}

const RpcRule& RuleOfRoute(HttpRoute route) { return kRoutes[static_cast<size_t>(route)].rule; }

}  // namespace sta
