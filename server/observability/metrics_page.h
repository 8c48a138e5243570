// SPDX-License-Identifier: Apache-2.0
//
// MetricsPage: /metrics over HTTP, by prometheus-cpp's civetweb, with one thread of its own.
//
//   absl::StatusOr<std::unique_ptr<MetricsPage>> page = MetricsPage::Open("127.0.0.1", 0);
//   (*page)->Add(registry);
//   Log((*page)->port());
//
// The destructor ends it at once. By itself civetweb would take up to two seconds: its thread looks
// whether it should stop when a connection comes, or after that time. So it gets a connection.
#ifndef SERVER_OBSERVABILITY_METRICS_PAGE_H_
#define SERVER_OBSERVABILITY_METRICS_PAGE_H_

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace sta {

class MetricsPage {
 public:
  // `host` is a numeric address, without brackets; port 0 takes a free one. UNAVAILABLE with
  // civetweb's words.
  static absl::StatusOr<std::unique_ptr<MetricsPage>> Open(const std::string& host, int port);
  ~MetricsPage();
  MetricsPage(const MetricsPage&) = delete;
  MetricsPage& operator=(const MetricsPage&) = delete;

  // What is shown, for as long as it exists.
  void Add(const std::weak_ptr<prometheus::Collectable>& collectable) {
    exposer_->RegisterCollectable(collectable);
  }
  int port() const { return port_; }

 private:
  MetricsPage(std::unique_ptr<prometheus::Exposer> exposer, std::string host);

  std::unique_ptr<prometheus::Exposer> exposer_;
  const std::string host_;
  const int port_;
};

}  // namespace sta

#endif  // SERVER_OBSERVABILITY_METRICS_PAGE_H_
