// SPDX-License-Identifier: Apache-2.0
#include "server/http/http_service.h"

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/escaping.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "model_store/package/sha256.h"
#include "tests/server/services/backend_fixture.h"
#include "tests/server/services/fake_model.h"
#include "tests/server/services/infer_messages.h"
#include "tests/support/diagnostic_models.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

// A call that the test makes, and waits for.
class FakeCall final : public HttpCall {
 public:
  explicit FakeCall(HttpRequest request) : request_(std::move(request)) {}

  HttpRequest& request() override { return request_; }
  void Reply(HttpResponse response) override {
    response_ = std::move(response);
    replied_.Notify();
  }
  void OnGone(std::function<void()> gone) override {
    const absl::MutexLock lock(&mutex_);
    gone_ = std::move(gone);
  }

  // The client goes.
  void Go() {
    const absl::MutexLock lock(&mutex_);
    gone_();
  }
  const HttpResponse& Wait() {
    replied_.WaitForNotification();
    return response_;
  }

 private:
  HttpRequest request_;
  HttpResponse response_;
  absl::Notification replied_;
  absl::Mutex mutex_;
  std::function<void()> gone_ ABSL_GUARDED_BY(mutex_);
};

// A classifier "m" and an embedder "e", version 1, of FakeModel, and "diagnostic", which copies
// three FP32; one device that can be held.
class HttpServiceTest : public BackendTest {
 protected:
  HttpServiceTest() : BackendTest(1) {}

  void SetUp() override {
    BackendTest::SetUp();
    SetReady(LoadModel("m", std::make_shared<FakeModel>(ClassifierConfig())));
    ModelConfig embedder;
    embedder.task = Task::kSentenceEmbedding;
    embedder.hidden_size = 2;
    embedder.vocabulary_size = 256;
    SetReady(LoadModel("e", std::make_shared<FakeModel>(embedder)));
    SetReady(MakeDiagnostic(IdentityConfig({Datatype::kFp32}, {3})));
    MakeService(nullptr, 1 << 20);
  }

  void MakeService(std::shared_ptr<const TokenTable> tokens, int64_t memory_bytes) {
    access_ = std::make_unique<AccessControl>(std::move(tokens));
    http_memory_ = std::make_unique<MemoryBudget>(memory_bytes);
    service_ = std::make_unique<HttpService>(HttpServiceParts{.backend = backend(),
                                                              .access = *access_,
                                                              .draining = draining_,
                                                              .memory = *http_memory_},
                                             HttpServiceOptions{.server_version = "9"});
  }

  // "inferer" with the token "infer" and the role of that name, and so on.
  static std::shared_ptr<const TokenTable> Tokens() {
    std::string lines;
    for (const std::string role : {"infer", "upload"}) {
      lines += role + "er " + role + " sha256:" + Sha256Hex(std::string_view(role)) + "\n";
    }
    return std::make_shared<const TokenTable>(TokenTable::Parse(lines).value());
  }

  std::shared_ptr<FakeCall> Begin(HttpRequest request) {
    if (request.peer.empty()) request.peer = "ipv4:10.0.0.1:4711";
    auto call = std::make_shared<FakeCall>(std::move(request));
    service_->Handle(call);
    return call;
  }
  HttpResponse Ask(HttpRequest request) { return Begin(std::move(request))->Wait(); }
  HttpResponse Get(const std::string& path, std::vector<HttpHeader> headers = {}) {
    return Ask({.method = "GET", .path = path, .headers = std::move(headers)});
  }
  HttpResponse Post(const std::string& path, const std::string& body,
                    std::vector<HttpHeader> headers = {}) {
    return Ask({.method = "POST", .path = path, .headers = std::move(headers), .body = body});
  }

  static std::string TextRequest(const std::string& text) {
    return R"({"id":"7","inputs":[{"name":"text","datatype":"BYTES","shape":[1],"data":[)" +
           json(text).dump() + R"(]}],"outputs":[{"name":"logits"}]})";
  }

  std::unique_ptr<MemoryBudget> http_memory_;
  std::unique_ptr<AccessControl> access_;
  std::atomic<bool> draining_ = false;
  std::unique_ptr<HttpService> service_;
};

TEST_F(HttpServiceTest, ProbesSayWhetherAllModelsServe) {
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(Get("/healthz").body, "ok\n");
  EXPECT_EQ(Get("/v2/health/live").body, R"({"live":true})");
  EXPECT_EQ(Get("/v2/health/ready").status, 200);
  EXPECT_EQ(Get("/v2/models/m/ready").status, 200);
  ModelStatus failed;
  failed.name = "other";
  failed.version = 1;
  failed.state = ModelState::kFailed;
  failed.is_wanted = true;
  registry_.Set(failed);
  EXPECT_EQ(Get("/healthz").status, 503);
  EXPECT_EQ(Get("/healthz").body, "not ready\n");
  EXPECT_EQ(Get("/v2/health/ready").status, 503);
  EXPECT_EQ(Get("/v2/health/ready").body, R"({"ready":false})");
  EXPECT_EQ(Get("/v2/models/m/ready").status, 200);
  EXPECT_EQ(Get("/v2/models/other/ready").status, 503);
  EXPECT_EQ(Get("/v2/models/other/ready").body, R"({"name":"other","ready":false})");
}

TEST_F(HttpServiceTest, IsLiveAndNotReadyWhileItDrains) {
  draining_ = true;
  EXPECT_EQ(Get("/healthz").status, 503);
  EXPECT_EQ(Get("/healthz").body, "draining\n");
  EXPECT_EQ(Get("/v2/health/live").status, 200);
  EXPECT_EQ(Get("/v2/health/ready").status, 503);
  EXPECT_EQ(Get("/v2/models/m/ready").status, 503);
}

TEST_F(HttpServiceTest, TellsOfItselfAndOfModels) {
  const json server = json::parse(Get("/v2").body);
  EXPECT_EQ(server["name"], "sta-server");
  EXPECT_EQ(server["version"], "9");
  EXPECT_THAT(server["extensions"].get<std::vector<std::string>>(),
              ElementsAre("binary_tensor_data", "classification", "model_configuration",
                          "schedule_policy", "statistics"));
  const json metadata = json::parse(Get("/v2/models/m").body);
  EXPECT_EQ(metadata["name"], "m");
  EXPECT_EQ(metadata["versions"], json({"1"}));
  EXPECT_EQ(metadata["outputs"][0]["shape"], json({-1, 3}));
  EXPECT_EQ(json::parse(Get("/v2/models/m/versions/1").body), metadata);
  EXPECT_EQ(json::parse(Get("/v2/models/m/config").body)["max_batch_size"], 4096);
  const json all = json::parse(Get("/v2/models/stats").body);
  EXPECT_EQ(all["model_stats"].size(), 3U);
  const json one = json::parse(Get("/v2/models/m/stats").body);
  ASSERT_EQ(one["model_stats"].size(), 1U);
  EXPECT_EQ(one["model_stats"][0]["inference_stats"]["success"]["count"], 0);
}

TEST_F(HttpServiceTest, WhatIsNotThereIsNotFound) {
  for (const char* path : {"/v2/models/none", "/v2/models/none/ready", "/v2/models/none/config",
                           "/v2/models/none/stats", "/v2/models/m/versions/2"}) {
    const HttpResponse response = Get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_TRUE(json::parse(response.body)["error"].is_string()) << path;
  }
  EXPECT_EQ(Get("/nothing").status, 404);
  EXPECT_EQ(Get("/v2/models/m/versions/x-y").status, 404);
  EXPECT_EQ(Post("/v2/models/none/infer", TextRequest("a")).status, 404);
}

TEST_F(HttpServiceTest, OtherMethodsAreNotAllowed) {
  const HttpResponse response = Get("/v2/models/m/infer");
  EXPECT_EQ(response.status, 405);
  EXPECT_THAT(response.headers, ElementsAre(Pair("Allow", "POST")));
  EXPECT_THAT(Post("/v2", "").headers, ElementsAre(Pair("Allow", "GET, HEAD")));
  EXPECT_EQ(Ask({.method = "HEAD", .path = "/healthz"}).status, 200);
  EXPECT_EQ(Ask({.method = "HEAD", .path = "/v2/models/m/infer"}).status, 405);
}

TEST_F(HttpServiceTest, Infers) {
  // FakeModel and FakeDevice: logit k is k times the sum of the bytes plus one each.
  const HttpResponse response = Post("/v2/models/m/infer", TextRequest("ab"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            R"({"model_name":"m","model_version":"1","id":"7","outputs":[{"name":"logits",)"
            R"("datatype":"FP32","shape":[1,3],"data":[0,197,394]}]})");
  EXPECT_THAT(
      metrics_.Text(),
      HasSubstr(R"(sta_requests_total{code="OK",model="m",rpc="ModelInfer",version="1"} 1)"));
}

TEST_F(HttpServiceTest, InfersWithALongBodyAndALongAnswer) {
  std::string numbers = "0.25";
  for (int i = 1; i < 20000; ++i) numbers += ",0.25";
  SetReady(MakeDiagnostic(IdentityConfig({Datatype::kFp32}, {20000})));
  MakeService(nullptr, 1 << 24);
  const HttpResponse response =
      Post("/v2/models/diagnostic/infer",
           R"({"inputs":[{"name":"INPUT0","datatype":"FP32","shape":[20000],"data":[)" + numbers +
               "]}]}");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, EndsWith("\"data\":[" + numbers + "]}]}"));
}

TEST_F(HttpServiceTest, InfersWithBinaryTensors) {
  const std::string head =
      R"({"inputs":[{"name":"INPUT0","datatype":"FP32","shape":[3],)"
      R"("parameters":{"binary_data_size":12}}],"parameters":{"binary_data_output":true}})";
  const std::string raw = RawOf<float>({1, 2, 3});
  const HttpResponse response =
      Post("/v2/models/diagnostic/versions/1/infer", head + raw,
           {{"inference-header-content-length", std::to_string(head.size())}});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, EndsWith(raw));
  EXPECT_THAT(response.headers, Contains(Pair("Inference-Header-Content-Length",
                                              std::to_string(response.body.size() - 12))));
}

TEST_F(HttpServiceTest, EmbedsInOpenAisForm) {
  // A row's embedding is the sum of its bytes plus one each, twice.
  const HttpResponse response =
      Post("/v1/embeddings", R"({"model":"e:1","input":["ab","c"],"dimensions":2})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[197,197]},)"
            R"({"object":"embedding","index":1,"embedding":[100,100]}],"model":"e:1",)"
            R"("usage":{"prompt_tokens":3,"total_tokens":3}})");
}

TEST_F(HttpServiceTest, TellsOfModelsInOpenAisForm) {
  const json models = json::parse(Get("/v1/models").body);
  ASSERT_EQ(models["data"].size(), 3U);
  EXPECT_EQ(models["data"][1]["id"], "e");
  EXPECT_EQ(json::parse(Get("/v1/models/e").body), models["data"][1]);
  EXPECT_EQ(json::parse(Get("/v1/models/none").body)["error"]["code"], "model_not_found");
}

TEST_F(HttpServiceTest, RefusesEmbeddingsInOpenAisForm) {
  struct Case {
    std::string body;
    int status;
    json param;
  };
  const std::vector<Case> cases = {
      {"{", 400, nullptr},
      {R"({"model":"none","input":"a"})", 404, nullptr},
      {R"({"model":"none","input":"a","dimensions":2})", 404, nullptr},
      {R"({"model":"m","input":"a"})", 400, nullptr},  // it has no embeddings
      {R"({"model":"e","input":[]})", 400, "input"},
      {R"({"model":"e","input":"a","dimensions":3})", 400, "dimensions"},
      {R"({"model":"diagnostic","input":"a","dimensions":3})", 400, "dimensions"},
  };
  for (const Case& c : cases) {
    const HttpResponse response = Post("/v1/embeddings", c.body);
    EXPECT_EQ(response.status, c.status) << c.body;
    EXPECT_EQ(json::parse(response.body)["error"]["param"], c.param) << response.body;
  }
  EXPECT_EQ(http_memory_->used_bytes(), 0);
  MakeService(Tokens(), 1 << 20);
  const HttpResponse refused = Post("/v1/embeddings", R"({"model":"e","input":"a"})");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(json::parse(refused.body)["error"]["type"], "authentication_error");
}

TEST_F(HttpServiceTest, ShowsAPageThatMayLoadItsOwnPartsOnly) {
  Post("/v2/models/m/infer", TextRequest("ab"));
  const HttpResponse page = Get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page.headers,
              Contains(Pair("Content-Security-Policy",
                            AllOf(HasSubstr("default-src 'none'"), HasSubstr("script-src 'self'"),
                                  Not(HasSubstr("unsafe"))))));
  EXPECT_THAT(page.body, HasSubstr("<td>diagnostic</td>"));
  EXPECT_THAT(page.body, HasSubstr("href=\"status.css\""));
  EXPECT_THAT(page.body, HasSubstr("src=\"status.js\""));
  EXPECT_THAT(page.body, Not(HasSubstr("//")));  // no address
  EXPECT_EQ(Get("/status.css").content_type, "text/css; charset=utf-8");
  EXPECT_EQ(Get("/status.js").content_type, "text/javascript; charset=utf-8");
  const json data = json::parse(Get("/status.json").body);
  EXPECT_EQ(data["state"], "ready");
  EXPECT_EQ(data["server_version"], "9");
  ASSERT_EQ(data["models"].size(), 3U);
  EXPECT_EQ(data["models"][2]["name"], "m");
  EXPECT_EQ(data["models"][2]["answered"], 1);
  EXPECT_GT(data["models"][2]["answers_per_second"], 0);
  EXPECT_GT(data["models"][2]["p99_seconds"], 0);
  EXPECT_EQ(data["devices"][0]["batches"], 1);
}

TEST_F(HttpServiceTest, ABrowserShowsATokenAsAPassword) {
  MakeService(Tokens(), 1 << 20);
  const std::string basic = "Basic " + absl::Base64Escape("me:upload");
  for (const char* path : {"/", "/status.json"}) {
    const HttpResponse refused = Get(path);
    EXPECT_EQ(refused.status, 401) << path;
    EXPECT_THAT(refused.headers, Contains(Pair("WWW-Authenticate", StartsWith("Basic realm="))));
    EXPECT_EQ(Get(path, {{"authorization", basic}}).status, 200) << path;
    EXPECT_EQ(Get(path, {{"authorization", basic}, {"authorization", basic}}).status, 401) << path;
    EXPECT_EQ(Get(path, {{"authorization", "Basic " + absl::Base64Escape("upload:me")}}).status,
              401);
  }
  EXPECT_EQ(Get("/v2", {{"authorization", basic}}).status, 401);
  EXPECT_THAT(Get("/v2").headers, Contains(Pair("WWW-Authenticate", "Bearer")));
}

TEST_F(HttpServiceTest, RefusesRequestsThatAreMalformed) {
  struct Case {
    std::string name, body;
    std::vector<HttpHeader> headers;
    int status;
    std::string message;
  };
  const std::string good = TextRequest("ab");
  const std::vector<Case> cases = {
      {"no JSON", "{", {}, 400, "JSON"},
      {"no input", R"({"inputs":[]})", {}, 400, "input"},
      {"bad header", good, {{"inference-header-content-length", "x"}}, 400, "is not one whole"},
      {"negative header", good, {{"inference-header-content-length", "-1"}}, 400, "is not one"},
      {"large header",
       good,
       {{"inference-header-content-length", "999999"}},
       400,
       "the request has"},
      {"two headers",
       good,
       {{"inference-header-content-length", "1"}, {"inference-header-content-length", "1"}},
       400,
       "is not one"},
      {"compressed", good, {{"content-encoding", "gzip"}}, 415, "identity"},
      {"no element for JSON", good + std::string(60000, ' '), {}, 429, "bytes of memory"},
  };
  for (const Case& c : cases) {
    const HttpResponse response = Post("/v2/models/m/infer", c.body, c.headers);
    EXPECT_EQ(response.status, c.status) << c.name;
    EXPECT_THAT(json::parse(response.body)["error"].get<std::string>(), HasSubstr(c.message))
        << c.name;
  }
  EXPECT_EQ(http_memory_->used_bytes(), 0);
  EXPECT_EQ(Post("/v2/models/m/infer", good, {{"content-encoding", "Identity"}}).status, 200);
}

TEST_F(HttpServiceTest, AClientThatGoesCancels) {
  device_->Hold();
  const auto first =
      Begin({.method = "POST", .path = "/v2/models/m/infer", .body = TextRequest("a")});
  device_->WaitUntilRunning();
  const auto call =
      Begin({.method = "POST", .path = "/v2/models/m/infer", .body = TextRequest("b")});
  call->Go();
  device_->Release();
  EXPECT_EQ(first->Wait().status, 200);
  EXPECT_EQ(call->Wait().status, 499);
}

TEST_F(HttpServiceTest, TakesTracesAndHandsTheirIdsBack) {
  const std::string id = "0af7651916cd43dd8448eb211c80319c";
  const HttpResponse response = Post("/v2/models/m/infer", TextRequest("a"),
                                     {{"traceparent", "00-" + id + "-b7ad6b7169203331-01"}});
  EXPECT_THAT(response.headers, Contains(Pair("sta-trace-id", id)));
  const std::vector<AccessRecord> lines = Lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines.front().rpc, "ModelInfer");
  EXPECT_EQ(lines.front().client, "ipv4:10.0.0.1");
  EXPECT_EQ(lines.front().request_id, "7");
  EXPECT_EQ(lines.front().tokens, 1);
}

TEST_F(HttpServiceTest, WithTokensProbesAreOpenAndTheRestNeedsOne) {
  MakeService(Tokens(), 1 << 20);
  struct Case {
    std::string method, path;
    int anonymous, uploader, inferrer;
  };
  const std::vector<Case> cases = {
      {"GET", "/healthz", 200, 200, 200},
      {"GET", "/v2/health/live", 200, 200, 200},
      {"GET", "/v2/health/ready", 200, 200, 200},
      {"GET", "/v2", 401, 200, 200},
      {"GET", "/v2/models/m", 401, 200, 200},
      {"GET", "/v2/models/m/ready", 401, 200, 200},
      {"GET", "/v2/models/m/config", 401, 200, 200},
      {"GET", "/v2/models/m/stats", 401, 200, 200},
      {"GET", "/v2/models/stats", 401, 200, 200},
      {"GET", "/", 401, 200, 200},
      {"GET", "/status.json", 401, 200, 200},
      {"GET", "/status.css", 200, 200, 200},
      {"GET", "/status.js", 200, 200, 200},
      {"GET", "/v1/models", 401, 200, 200},
      {"POST", "/v2/models/m/infer", 401, 403, 200},
  };
  for (const Case& c : cases) {
    const auto ask = [&](const std::string& authorization) {
      HttpRequest request{.method = c.method, .path = c.path, .body = TextRequest("a")};
      if (!authorization.empty()) request.headers = {{"authorization", authorization}};
      return Ask(std::move(request)).status;
    };
    EXPECT_EQ(ask(""), c.anonymous) << c.path;
    EXPECT_EQ(ask("Bearer wrong"), c.anonymous) << c.path;
    EXPECT_EQ(ask("Bearer upload"), c.uploader) << c.path;
    EXPECT_EQ(ask("Bearer infer"), c.inferrer) << c.path;
  }
  EXPECT_EQ(Lines().back().client, "inferer");
}

}  // namespace
}  // namespace sta
