// SPDX-License-Identifier: Apache-2.0
//
// Settings: everything that an operator can choose about the server, checked. Made by
// LoadSettings (command_line.h) from flags and an optional file; the table of names, help texts
// and checks is setting_table.h. A default-constructed Settings holds every default.
#ifndef SERVER_CONFIG_SETTINGS_H_
#define SERVER_CONFIG_SETTINGS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace sta {

// Where to listen. `host` is a name or a numeric address (IPv6 without brackets).
struct Address {
  std::string host;
  int port = 0;           // 0: any free port
  std::string path = {};  // not empty: a Unix socket, instead of host and port

  // "host:port", with brackets around an IPv6 host, or "unix:path".
  std::string ToString() const;

  friend bool operator==(const Address&, const Address&) = default;
};

// One device that computes batches, or "auto": every card that there is, and an emulator.
struct DeviceSetting {
  std::string kind = "auto";  // "auto", "emulator" or "xrt"
  int threads = 0;            // of an emulator; 0: those without share the processors
  int index = 0;              // of a card

  friend bool operator==(const DeviceSetting&, const DeviceSetting&) = default;
};

struct Settings {
  std::string store;
  bool store_read_only = false;
  // Bounds of what uploads may take; 0: none.
  int64_t store_max_bytes = 0;
  int64_t model_max_bytes = 0;
  int64_t model_max_versions = 0;
  int64_t store_min_free_bytes = 0;
  absl::Duration upload_expiry = absl::Hours(24);
  int64_t keep_versions = 0;  // 0: all
  // How often what came into the store by other means is looked for; 0: never.
  absl::Duration store_poll = absl::Seconds(2);
  bool allow_diagnostic_models = false;
  int64_t load_newest = 1;
  int64_t model_memory = 0;  // bytes; 0: no bound

  std::vector<Address> listen = {{"127.0.0.1", 8001}};
  // HTTP: hosts and ports, no Unix sockets; none turns it off.
  std::vector<Address> http_listen = {{"127.0.0.1", 8000}};
  // The metrics page; an empty host turns it off.
  Address metrics = {"127.0.0.1", 8002};
  std::string ports_file;

  // Files in PEM form; empty: without TLS, and clients without certificates.
  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;
  std::string tokens;  // empty: everybody may read, and write from this host

  std::vector<DeviceSetting> devices = {DeviceSetting{}};
  bool pin_threads = false;
  // What XRT puts on the cards, and what it reaches them through.
  std::string xclbin = "/usr/share/sta/sta.xclbin";
  std::string xrt_shim = "libxrt_core.so.2";
  absl::Duration card_timeout = absl::Seconds(5);
  double audit_fraction = 0;
  int64_t max_batch_tokens = 4096;
  int64_t max_queue_tokens = 1 << 18;
  int64_t max_queue_requests = 4096;
  int64_t max_total_queue_tokens = 1 << 20;
  int64_t max_total_queue_requests = 16384;
  absl::Duration max_queue_delay = absl::ZeroDuration();
  absl::Duration overload_wait = absl::Milliseconds(12);
  // What one client may ask for in a second; 0: no bound.
  int64_t client_rate_tokens = 0;
  int64_t client_rate_requests = 0;

  int64_t max_connections = 10'000;
  // More than may wait for a model: what is over that is refused, which a client learns at once,
  // and would wait unseen at a client that has no call left.
  int64_t max_connection_calls = 8192;
  // More than may wait for all models.
  int64_t max_calls = 20'000;
  absl::Duration connection_timeout = absl::Seconds(20);
  absl::Duration connection_idle = absl::Hours(1);
  absl::Duration connection_age = absl::ZeroDuration();  // 0: no bound
  absl::Duration keepalive_time = absl::Seconds(60);
  absl::Duration keepalive_timeout = absl::Seconds(20);

  int64_t max_message_bytes = 64 << 20;
  int64_t max_rows_per_request = 4096;
  int64_t request_memory = 512 << 20;
  absl::Duration drain_timeout = absl::Seconds(20);

  std::string log_level = "info";
  std::string log_format = "json";
  double access_log = 0;  // share of the inference requests that get a line
};

}  // namespace sta

#endif  // SERVER_CONFIG_SETTINGS_H_
