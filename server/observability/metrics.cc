// SPDX-License-Identifier: Apache-2.0
#include "server/observability/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/models/model_status.h"
#include "server/observability/buckets.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr std::string_view kUnknown = "unknown";

prometheus::Family<prometheus::Counter>& CounterFamily(prometheus::Registry& registry,
                                                       const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
prometheus::Family<prometheus::Gauge>& GaugeFamily(prometheus::Registry& registry, const char* name,
                                                   const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
prometheus::Family<prometheus::Histogram>& HistogramFamily(prometheus::Registry& registry,
                                                           const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

// Of a request: model, version and RPC.
prometheus::Labels LabelsOf(const std::tuple<std::string_view, int64_t, std::string_view>& key) {
  const auto& [model, version, rpc] = key;
  return {{"model", std::string(model)}, {"version", StrCat(version)}, {"rpc", std::string(rpc)}};
}

}  // namespace

Metrics::Metrics(std::string_view version)
    : registry_(std::make_shared<prometheus::Registry>()),
      request_duration_(HistogramFamily(*registry_, "sta_request_duration_seconds",
                                        "Time from an RPC's arrival to its reply.")),
      requests_(CounterFamily(*registry_, "sta_requests_total", "RPCs that are over, by code.")),
      phase_duration_(HistogramFamily(*registry_, "sta_phase_duration_seconds",
                                      "Time of an inference request in each phase.")),
      batch_tokens_(HistogramFamily(*registry_, "sta_batch_tokens", "Tokens in a batch.")),
      batch_sequences_(HistogramFamily(*registry_, "sta_batch_sequences", "Sequences in a batch.")),
      queue_requests_(
          GaugeFamily(*registry_, "sta_queue_depth_requests", "Requests that wait for a device.")),
      queue_tokens_(
          GaugeFamily(*registry_, "sta_queue_depth_tokens", "Tokens that wait for a device.")),
      rejected_(CounterFamily(*registry_, "sta_rejected_total",
                              "Requests that were answered without being computed, by reason.")),
      load_duration_(HistogramFamily(*registry_, "sta_model_load_duration_seconds",
                                     "Time to load a model version.")),
      load_failures_(CounterFamily(*registry_, "sta_model_load_failures_total",
                                   "Model versions that could not be loaded.")),
      model_state_(GaugeFamily(*registry_, "sta_model_state",
                               "1 for the state that a model version is in, 0 for the others.")) {
  prometheus::BuildGauge()
      .Name("sta_build_info")
      .Help("Always 1; the labels tell what is running.")
      .Register(*registry_)
      .Add({{"version", std::string(version)}})
      .Set(1);
  RegisterModel(kUnknown, 0);
}

void Metrics::RegisterModel(std::string_view model, int64_t version) {
  const std::string name(model);
  {
    const absl::MutexLock lock(&mutex_);
    if (!models_.contains(name)) {
      const auto phase = [&](const char* label) -> prometheus::Histogram& {
        return phase_duration_.Add({{"model", name}, {"phase", label}}, DurationBuckets());
      };
      const prometheus::Labels labels = {{"model", name}};
      models_[name] = std::make_unique<ModelMetrics>(
          ModelMetrics{.phases = {.tokenize = phase("tokenize"),
                                  .queue = phase("queue"),
                                  .compute = phase("compute"),
                                  .head = phase("head"),
                                  .serialize = phase("serialize")},
                       .batch_tokens = batch_tokens_.Add(labels, SizeBuckets()),
                       .batch_sequences = batch_sequences_.Add(labels, SizeBuckets()),
                       .queue_requests = queue_requests_.Add(labels),
                       .queue_tokens = queue_tokens_.Add(labels)});
      for (const RejectReasonName& reason : kRejectReasons) {
        rejected_.Add({{"model", name}, {"reason", std::string(reason.name)}});
      }
      load_duration_.Add({{"model", name}}, LoadDurationBuckets());
      load_failures_.Add({{"model", name}});
    }
  }
  // The success series of the RPC that matters, so that a rate over it starts at zero.
  const absl::MutexLock lock(&mutex_);
  const RequestKeyView key = {name, version, "ModelInfer"};
  CounterOf(key, SeriesOf(key), absl::StatusCode::kOk);
}

bool Metrics::KeyOrder::operator()(const RequestKeyView& a, const RequestKeyView& b) const {
  const auto& [model_a, version_a, rpc_a] = a;
  const auto& [model_b, version_b, rpc_b] = b;
  if (model_a != model_b) return model_a < model_b;
  if (version_a != version_b) return version_a < version_b;
  return rpc_a < rpc_b;
}

Metrics::RequestSeries& Metrics::SeriesOf(const RequestKeyView& key) {
  const auto known = series_.find(key);
  if (known != series_.end()) return known->second;
  RequestSeries& series = series_[RequestKey(key)];
  series.duration = &request_duration_.Add(LabelsOf(key), DurationBuckets());
  return series;
}

prometheus::Counter& Metrics::CounterOf(const RequestKeyView& key, RequestSeries& series,
                                        absl::StatusCode code) {
  prometheus::Counter*& counter = series.by_code[code];
  if (counter == nullptr) {
    prometheus::Labels labels = LabelsOf(key);
    labels["code"] = absl::StatusCodeToString(code);
    counter = &requests_.Add(labels);
  }
  return *counter;
}

void Metrics::SetModelState(std::string_view model, int64_t version, std::string_view state) {
  const std::pair key(std::string(model), version);
  if (!state.empty()) {
    const absl::MutexLock lock(&mutex_);
    StateGauges& gauges = states_[key];
    if (gauges.empty()) {
      for (int i = 0; i <= static_cast<int>(ModelState::kFailed); ++i) {
        const std::string name(ModelStateName(static_cast<ModelState>(i)));
        gauges[name] = &model_state_.Add(
            {{"model", key.first}, {"version", StrCat(version)}, {"state", name}});
      }
    }
    for (const auto& [name, gauge] : gauges) gauge->Set(name == state ? 1 : 0);
    if (series_.contains(RequestKeyView(model, version, "ModelInfer"))) return;
  } else {
    const absl::MutexLock lock(&mutex_);
    const auto gauges = states_.find(key);
    if (gauges == states_.end()) return;
    for (const auto& [name, gauge] : gauges->second) model_state_.Remove(gauge);
    states_.erase(gauges);
    ForgetVersion(key.first, version);
    return;
  }
  RegisterModel(model, version);
}

void Metrics::ForgetVersion(const std::string& model, int64_t version) {
  statistics_.Forget(model, version);
  std::erase_if(series_, [&](const auto& entry) {
    const auto& [key, series] = entry;
    if (std::get<0>(key) != model || std::get<1>(key) != version) return false;
    request_duration_.Remove(series.duration);
    for (const auto& [code, counter] : series.by_code) requests_.Remove(counter);
    return true;
  });
}

prometheus::Family<prometheus::Counter>& Metrics::AddCounters(const char* name, const char* help) {
  return CounterFamily(*registry_, name, help);
}

prometheus::Family<prometheus::Gauge>& Metrics::AddGauges(const char* name, const char* help) {
  return GaugeFamily(*registry_, name, help);
}

void Metrics::AddCollectable(std::shared_ptr<prometheus::Collectable> collectable) {
  collectables_.push_back(std::move(collectable));
}

ModelMetrics& Metrics::ForModel(std::string_view model) {
  const absl::MutexLock lock(&mutex_);
  const auto known = models_.find(model);
  return *(known != models_.end() ? known : models_.find(kUnknown))->second;
}

std::string_view Metrics::Label(std::string_view model) const {
  return model.empty() || models_.contains(model) ? model : kUnknown;
}

void Metrics::CountRequest(std::string_view model, int64_t version, std::string_view rpc,
                           absl::StatusCode code, absl::Duration duration) {
  // Counted under the lock: a version that is deleted takes its series with it.
  const absl::MutexLock lock(&mutex_);
  const std::string_view label = Label(model);
  const RequestKeyView key = {label, label == model ? version : 0, rpc};
  RequestSeries& series = SeriesOf(key);
  series.duration->Observe(absl::ToDoubleSeconds(duration));
  CounterOf(key, series, code).Increment();
}

void Metrics::CountRejected(std::string_view model, RejectReason reason) {
  std::string label;
  {
    const absl::MutexLock lock(&mutex_);
    label = Label(model);
  }
  const auto named = std::ranges::find(kRejectReasons, reason, &RejectReasonName::reason);
  rejected_.Add({{"model", label}, {"reason", std::string(named->name)}}).Increment();
}

void Metrics::ObserveModelLoad(std::string_view model, absl::Duration duration, bool succeeded) {
  std::string label;
  {
    const absl::MutexLock lock(&mutex_);
    label = Label(model);
  }
  load_duration_.Add({{"model", label}}, LoadDurationBuckets())
      .Observe(absl::ToDoubleSeconds(duration));
  if (!succeeded) load_failures_.Add({{"model", label}}).Increment();
}

absl::StatusOr<int> Metrics::Serve(const std::string& host, int port) {
  absl::StatusOr<std::unique_ptr<MetricsPage>> page = MetricsPage::Open(host, port);
  if (!page.ok()) return page.status();
  page_ = *std::move(page);
  page_->Add(registry_);
  for (const auto& collectable : collectables_) page_->Add(collectable);
  return page_->port();
}

std::string Metrics::Text() const {
  std::vector<prometheus::MetricFamily> families = registry_->Collect();
  for (const auto& collectable : collectables_) {
    std::ranges::move(collectable->Collect(), std::back_inserter(families));
  }
  return prometheus::TextSerializer().Serialize(families);
}

void Metrics::OnBatch(const ServedModel& model, const BatchRecord& record) {
  ModelMetrics& of_model = ForModel(model.name);
  of_model.batch_tokens.Observe(static_cast<double>(record.tokens));
  of_model.batch_sequences.Observe(static_cast<double>(record.sequences));
}

void Metrics::OnBatchDone(const ServedModel& model, const BatchRecord& record,
                          absl::Duration compute) {
  statistics_.CountBatch(model.name, model.version, record.sequences, compute);
}

void Metrics::OnQueueChange(const ServedModel& model, int64_t requests, int64_t tokens) {
  ModelMetrics& of_model = ForModel(model.name);
  of_model.queue_requests.Increment(static_cast<double>(requests));
  of_model.queue_tokens.Increment(static_cast<double>(tokens));
  statistics_.CountQueued(model.name, model.version, requests, tokens);
}

void Metrics::OnRejected(const ServedModel& model, RejectReason reason) {
  CountRejected(model.name, reason);
}

}  // namespace sta
