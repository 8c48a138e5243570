// SPDX-License-Identifier: Apache-2.0
//
// Client: talks to sta-server, or to any server of the Open Inference Protocol, over gRPC.
//
//   auto client = sta::client::Client::Create({.address = "127.0.0.1:8001"});
//   if (!client.ok()) return client.status();
//   auto rows = (*client)->Embed("minilm", {"A cat sleeps.", "The kitten naps."});
//   if (!rows.ok()) return rows.status();
//   std::cout << rows->count << " x " << rows->dimension << "\n";
//
// Thread-safe. A call blocks until the answer is there or its deadline has passed; the Async ones
// return at once. The statuses are the server's, code and message; besides them UNAVAILABLE (the
// server cannot be reached), DEADLINE_EXCEEDED, CANCELLED, and INTERNAL for an answer that breaks
// the protocol. The channel connects on the first call and again by itself.
// The destructor cancels the pending calls and waits for their callbacks: never destroy a Client
// from a callback of its own.
#ifndef CLIENT_CLIENT_H_
#define CLIENT_CLIENT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/tensor.h"

namespace sta::client {

struct ClientOptions {
  std::string address = "127.0.0.1:8001";  // host:port, or unix:path
  // Deadline of each call, counted from its start, retries included. > 0; may be infinite.
  absl::Duration timeout = absl::Seconds(30);
  // Tries a call while the server answers UNAVAILABLE and nothing of the answer has arrived, which
  // is safe because inference changes nothing. 1: never retried; at most 5 (gRPC's own limit).
  int max_attempts = 3;
  // The largest answer that is accepted.
  int max_response_bytes = 256 << 20;
  // TLS; also where one of the files is named. They are in PEM form and read once.
  bool tls = false;
  std::string tls_ca = {};    // authorities that may vouch for the server; "": the system's
  std::string tls_cert = {};  // of the client, where the server wants one
  std::string tls_key = {};
  // Takes whatever certificate the server shows. Only where it is on this host: for probes.
  bool tls_unverified = false;
  // Shown with every call. Without TLS it only goes to this host, unless it may go in the clear: to
  // a proxy or a mesh that encrypts, say.
  std::string token = {};
  bool allow_token_in_clear = false;
};

using Parameter = std::variant<bool, int64_t, double, std::string>;

struct InferRequest {
  std::string model = {};
  std::string version = {};  // "": the server's choice
  std::string id = {};       // echoed in the answer
  std::vector<Tensor> inputs = {};
  std::vector<std::string> outputs = {};  // names; empty: the model's default outputs
  std::map<std::string, Parameter> parameters = {};
};

struct InferResult {
  std::string model = {};
  std::string version = {};
  std::string id = {};
  std::vector<Tensor> outputs;

  // The output of that name, or null. It lives as long as this result.
  const Tensor* Find(std::string_view name) const;
};

// A matrix of `count` rows.
struct Embeddings {
  int64_t count = 0;
  int64_t dimension = 0;
  std::vector<float> values;  // [count][dimension]

  std::span<const float> Row(int64_t row) const {
    return std::span<const float>(values).subspan(static_cast<size_t>(row * dimension),
                                                  static_cast<size_t>(dimension));
  }
};

struct Classification {
  std::string label;                 // the most probable one
  std::vector<float> probabilities;  // by label id
};

// One version of a model in the server's store (sta.v1.ModelVersion).
struct ModelVersion {
  std::string name;
  int64_t version = 0;
  std::string state;   // "LOADING", "READY", "FAILED", ...: sta/v1/model_store.proto
  std::string reason;  // of FAILED
  std::string task;    // "sentence_embedding", ...
  std::map<std::string, int> patterns;
  int64_t size_bytes = 0;
  int64_t max_sequence_tokens = 0;
  int64_t hidden_size = 0;
  int arithmetic_version = 0;
  std::vector<std::string> aliases = {};
  bool is_default = false;   // what requests without a version get
  absl::Time since = {};     // in this state
  absl::Time created = {};   // came into the store
  std::string digest = {};   // SHA-256 of the manifest
  int64_t memory_bytes = 0;  // 0: not loaded
};

struct MatrixSummary {
  std::string name;
  int64_t rows = 0;
  int64_t columns = 0;
  std::string pattern;
  int64_t value_bytes = 0;
  int64_t position_bytes = 0;
};

// A model's place in a series of candidates, as its package tells it (sta.v1.SeriesEntry).
struct SeriesPlace {
  std::string series;
  std::string candidate;  // "2-8"
  std::string task;       // what it was scored on, and which part of that
  std::string split;
  int64_t steps = 0;                           // of training
  std::string metric;                          // the one of `scores` that counts most
  std::map<std::string, double> scores;        // -100..100
  std::map<std::string, double> dense_scores;  // of the dense model; empty: not known
};

struct ModelDetails {
  ModelVersion model;
  std::vector<MatrixSummary> matrices;
  std::map<std::string, std::string> provenance;
  std::map<std::string, double> accuracy;
  std::optional<SeriesPlace> series = {};
};

// A device of the server (sta.v1.Device); counters begin with the server.
struct DeviceInfo {
  std::string name;
  std::string kind;
  std::string detail;
  std::string state;   // "READY", "QUARANTINED", "PROBATION", "HELD"
  std::string reason;  // why it is not ready; else of its last failure
  absl::Time since;    // in this state
  std::optional<absl::Time> next_attempt;
  int64_t max_tokens = 0;
  int max_in_flight = 0;
  int in_flight = 0;
  int64_t batches = 0;
  int64_t tokens = 0;
  int64_t failures = 0;
  int64_t audits = 0;
  int64_t audit_mismatches = 0;
  absl::Duration busy;
  std::optional<double> temperature_celsius;
};

struct DeviceList {
  std::vector<DeviceInfo> devices;
  int arithmetic_version = 0;
  absl::Time time;            // when the devices were so
  absl::Time counting_since;  // when the counters began
};

// What a version has done since its first request, as ModelStatistics tells it.
struct ModelTotals {
  std::string name;
  int64_t version = 0;  // 0: not a number
  int64_t rows = 0;     // of requests that were answered
  int64_t batches = 0;
  int64_t answered = 0;  // requests
  int64_t failed = 0;
  // Of the requests that were answered, summed.
  absl::Duration total_time;
  absl::Duration queue_time;
  absl::Duration compute_time;  // on devices
  // How many of the answered took how long; nothing of a server that is not an sta-server. One
  // count more than bounds: histogram/bucket_counts.h.
  std::vector<double> latency_bounds_seconds = {};
  std::vector<int64_t> latency_counts = {};
  // What waits for a device now.
  int64_t queued_requests = 0;
  int64_t queued_tokens = 0;
};

struct ServerInfo {
  std::string name;
  std::string version;
  std::vector<std::string> extensions;
};

struct TensorInfo {
  std::string name;
  std::string datatype;
  std::vector<int64_t> shape;  // -1: any size
};

struct ModelInfo {
  std::string name;
  std::vector<std::string> versions;
  std::string platform;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  std::map<std::string, std::string> properties;
};

enum class Health { kUnknown, kServing, kNotServing };

class Client {
 public:
  // INVALID_ARGUMENT for an option out of range, NOT_FOUND for a file that cannot be read. Does not
  // connect.
  static absl::StatusOr<std::unique_ptr<Client>> Create(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // One row a text, in order. Any UTF-8 text; one that is too long is cut as the model says.
  // `version`: a number or an alias; "": the server's choice.
  absl::StatusOr<Embeddings> Embed(const std::string& model, const std::vector<std::string>& texts,
                                   const std::string& version = "");
  // One answer a text, in order.
  absl::StatusOr<std::vector<Classification>> Classify(const std::string& model,
                                                       const std::vector<std::string>& texts,
                                                       const std::string& version = "");
  // Any model, any tensors. INVALID_ARGUMENT, without a call, for a tensor that contradicts itself.
  absl::StatusOr<InferResult> Infer(const InferRequest& request);

  // `done` is called exactly once, from a thread of gRPC's, or before InferAsync returns where the
  // request is refused here. It must not block; it may call the Async functions.
  using InferCallback = std::function<void(absl::StatusOr<InferResult>)>;
  void InferAsync(const InferRequest& request, InferCallback done);
  using EmbedCallback = std::function<void(absl::StatusOr<Embeddings>)>;
  void EmbedAsync(const std::string& model, const std::vector<std::string>& texts,
                  EmbedCallback done, const std::string& version = "");
  using ClassifyCallback = std::function<void(absl::StatusOr<std::vector<Classification>>)>;
  void ClassifyAsync(const std::string& model, const std::vector<std::string>& texts,
                     ClassifyCallback done, const std::string& version = "");
  // Ends every pending Async call with CANCELLED.
  void CancelPending();

  // What the store holds: every version, by name, newest first. UNIMPLEMENTED where the server is
  // not an sta-server.
  absl::StatusOr<std::vector<ModelVersion>> ListModels();
  // NOT_FOUND for an unknown model. `version`: a number or an alias; "": what requests without a
  // version get.
  absl::StatusOr<ModelDetails> GetModel(const std::string& name, const std::string& version = "");

  // Of every version that is ready. UNIMPLEMENTED where the server has no statistics.
  absl::StatusOr<std::vector<ModelTotals>> ModelStatistics();

  // UNIMPLEMENTED where the server is not an sta-server.
  absl::StatusOr<DeviceList> ListDevices();
  // Calls `next` with the list at once, after every change and, unless it is infinite, at every
  // `interval`, until it returns false: OK. Blocks as long as that; the timeout does not count.
  // UNAVAILABLE when the server shuts down.
  absl::Status WatchDevices(absl::Duration interval,
                            const std::function<bool(const DeviceList&)>& next);
  // NOT_FOUND for an unknown device; FAILED_PRECONDITION where no other is ready, unless `force`.
  absl::Status QuarantineDevice(const std::string& name, const std::string& reason, bool force);
  absl::Status ReleaseDevice(const std::string& name);

  absl::StatusOr<ServerInfo> ServerMetadata();
  absl::StatusOr<ModelInfo> ModelMetadata(const std::string& name, const std::string& version = "");
  absl::StatusOr<bool> ServerLive();
  absl::StatusOr<bool> ServerReady();
  // False for a model that is not there.
  absl::StatusOr<bool> ModelReady(const std::string& name, const std::string& version = "");
  // grpc.health.v1. `service` "" is the whole server; NOT_FOUND for a name it does not know.
  absl::StatusOr<Health> CheckHealth(const std::string& service = "");

 private:
  friend class PackageUpload;
  friend class StoreClient;
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sta::client

#endif  // CLIENT_CLIENT_H_
