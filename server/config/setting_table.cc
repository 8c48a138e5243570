// SPDX-License-Identifier: Apache-2.0
#include "server/config/setting_table.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "server/config/setting_values.h"
#include "strings/nearest_name.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

template <typename T>
absl::Status Store(absl::StatusOr<T> value, T& member) {
  if (!value.ok()) return value.status();
  member = *std::move(value);
  return absl::OkStatus();
}

absl::Status StorePath(std::string_view text, std::string& member) {
  if (text.empty() || text.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("the path is empty; allowed: the path of a file or folder");
  }
  member = std::string(text);
  return absl::OkStatus();
}

absl::Status StoreBool(std::string_view text, bool& member) {
  const absl::StatusOr<std::string> choice = ParseChoice(text, {"true", "false"});
  if (choice.ok()) member = *choice == "true";
  return choice.status();
}

std::string ShowBool(bool value) { return value ? "true" : "false"; }

// Of connections: gRPC counts in milliseconds, and 0 is not for ever.
absl::Status StoreTimeout(std::string_view text, absl::Duration& member) {
  const absl::StatusOr<absl::Duration> value = ParseDuration(text, absl::Hours(24));
  if (!value.ok()) return value.status();
  if (*value < absl::Milliseconds(1)) {
    return absl::InvalidArgumentError(StrCat("'", text, "' is too short; allowed: 1ms to 24h"));
  }
  member = *value;
  return absl::OkStatus();
}

constexpr int64_t kMaxStoreBytes = int64_t{1} << 50;

constexpr std::array kSettings = {
    SettingSpec{"store", "DIR",
                "Folder of models, DIR/NAME/VERSION/; the newest version of each is served. "
                "Required.",
                [](std::string_view text, Settings& s) { return StorePath(text, s.store); },
                [](const Settings& s) { return s.store; }},
    SettingSpec{
        "store_read_only", "BOOL",
        "Whether the store is left as it is: true or false. Nothing is written, not even a "
        "lock, so that servers may share it; a volume that cannot be written is treated so.",
        [](std::string_view text, Settings& s) { return StoreBool(text, s.store_read_only); },
        [](const Settings& s) { return ShowBool(s.store_read_only); }},
    SettingSpec{"store_max_bytes", "SIZE",
                "What all versions and unfinished uploads may take on the disk, what they share "
                "counted once; uploads beyond it are refused with RESOURCE_EXHAUSTED. 0: no bound.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseByteSize(text, 0, kMaxStoreBytes), s.store_max_bytes);
                },
                [](const Settings& s) { return FormatByteSize(s.store_max_bytes); }},
    SettingSpec{"model_max_bytes", "SIZE",
                "What the versions and unfinished uploads of one name may take. 0: no bound.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseByteSize(text, 0, kMaxStoreBytes), s.model_max_bytes);
                },
                [](const Settings& s) { return FormatByteSize(s.model_max_bytes); }},
    SettingSpec{"model_max_versions", "VERSIONS",
                "Versions and unfinished uploads that one name may have. 0: no bound.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 0, 1 << 20), s.model_max_versions);
                },
                [](const Settings& s) { return StrCat(s.model_max_versions); }},
    SettingSpec{"store_min_free_bytes", "SIZE",
                "Space that uploads leave free on the store's volume.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseByteSize(text, 0, kMaxStoreBytes), s.store_min_free_bytes);
                },
                [](const Settings& s) { return FormatByteSize(s.store_min_free_bytes); }},
    SettingSpec{"upload_expiry", "DURATION",
                "An upload to which nothing came for so long is given up.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseDuration(text, absl::Hours(24 * 7)), s.upload_expiry);
                },
                [](const Settings& s) { return absl::FormatDuration(s.upload_expiry); }},
    SettingSpec{
        "keep_versions", "VERSIONS",
        "Uploaded versions of a name beyond its newest so many are deleted, unless an alias "
        "names one or would be rolled back to it. 0: all are kept.",
        [](std::string_view text, Settings& s) {
          return Store(ParseCount(text, 0, 1 << 20), s.keep_versions);
        },
        [](const Settings& s) { return StrCat(s.keep_versions); }},
    SettingSpec{
        "store_poll", "DURATION",
        "How often the store is searched for versions that came or went by other means than "
        "uploads. 0: only at the start.",
        [](std::string_view text, Settings& s) {
          return Store(ParseDuration(text, absl::Hours(24)), s.store_poll);
        },
        [](const Settings& s) { return absl::FormatDuration(s.store_poll); }},
    SettingSpec{
        "allow_diagnostic_models", "BOOL",
        "Whether packages without weights, which answer with what they were sent, are taken "
        "in uploads and loaded: true or false. For measuring and for tests of clients.",
        [](std::string_view text, Settings& s) {
          return StoreBool(text, s.allow_diagnostic_models);
        },
        [](const Settings& s) { return ShowBool(s.allow_diagnostic_models); }},
    SettingSpec{"load_newest", "VERSIONS",
                "Newest versions of each name that are loaded besides those that have an alias.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 0, 1 << 20), s.load_newest);
                },
                [](const Settings& s) { return StrCat(s.load_newest); }},
    SettingSpec{
        "model_memory", "SIZE",
        "What models may take in memory together, embedding tables apart. Where it is full, "
        "idle models are put out, the least recently used first, and loaded again when they "
        "are asked for. 0: no bound.",
        [](std::string_view text, Settings& s) {
          return Store(ParseByteSize(text, 0, kMaxStoreBytes), s.model_memory);
        },
        [](const Settings& s) { return FormatByteSize(s.model_memory); }},
    SettingSpec{
        "listen", "LIST",
        "Where gRPC is served: HOST:PORT, where port 0 takes a free one, and unix:/PATH, with "
        "commas between.",
        [](std::string_view text, Settings& s) { return Store(ParseAddresses(text), s.listen); },
        [](const Settings& s) { return FormatAddresses(s.listen); }},
    SettingSpec{"http_listen", "LIST",
                "Where HTTP is served: HOST:PORT, where port 0 takes a free one, with commas "
                "between; 'off' turns it off.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseHttpAddresses(text), s.http_listen);
                },
                [](const Settings& s) {
                  return s.http_listen.empty() ? "off" : FormatAddresses(s.http_listen);
                }},
    SettingSpec{
        "metrics", "HOST:PORT",
        "Where Prometheus finds /metrics; 'off' turns it off, port 0 takes a free one.",
        [](std::string_view text, Settings& s) {
          if (text.empty() || text == "off") {
            s.metrics = Address{};
            return absl::OkStatus();
          }
          return Store(ParseAddress(text), s.metrics);
        },
        [](const Settings& s) { return s.metrics.host.empty() ? "off" : s.metrics.ToString(); }},
    SettingSpec{"ports_file", "FILE",
                "Written once the server listens, with one line NAME=HOST:PORT for each address of "
                "grpc, http and metrics.",
                [](std::string_view text, Settings& s) { return StorePath(text, s.ports_file); },
                [](const Settings& s) { return s.ports_file; }},
    SettingSpec{
        "tls_cert", "FILE",
        "Certificate of the server, with the chain to its authority, in PEM form: HOST:PORT "
        "is served with TLS. Reloaded when it changes, like the next three.",
        [](std::string_view text, Settings& s) { return StorePath(text, s.tls_cert); },
        [](const Settings& s) { return s.tls_cert; }},
    SettingSpec{"tls_key", "FILE", "The certificate's key, in PEM form, not encrypted.",
                [](std::string_view text, Settings& s) { return StorePath(text, s.tls_key); },
                [](const Settings& s) { return s.tls_key; }},
    SettingSpec{"tls_client_ca", "FILE",
                "Authorities of clients' certificates, in PEM form: clients need one of theirs.",
                [](std::string_view text, Settings& s) { return StorePath(text, s.tls_client_ca); },
                [](const Settings& s) { return s.tls_client_ca; }},
    SettingSpec{"tokens", "FILE",
                "Who may call what, lines NAME ROLES sha256:HEX: every call needs a token, probes "
                "apart. Without it everybody may read, and write from this host.",
                [](std::string_view text, Settings& s) { return StorePath(text, s.tokens); },
                [](const Settings& s) { return s.tokens; }},
    SettingSpec{
        "devices", "LIST",
        "Devices that compute: auto, which is every card that XRT shows and an emulator, or a "
        "list of xrt:INDEX, emulator, emulator:THREADS and emulator=COUNT with commas between. "
        "Emulators without THREADS share the processors.",
        [](std::string_view text, Settings& s) { return Store(ParseDevices(text), s.devices); },
        [](const Settings& s) { return FormatDevices(s.devices); }},
    SettingSpec{
        "pin_threads", "BOOL",
        "Whether an emulator's threads keep to a core each: true or false. For machines that "
        "run nothing else.",
        [](std::string_view text, Settings& s) { return StoreBool(text, s.pin_threads); },
        [](const Settings& s) { return ShowBool(s.pin_threads); }},
    SettingSpec{"xclbin", "FILE", "What is put on the cards: the STA kernel as Vitis links it.",
                [](std::string_view text, Settings& s) { return StorePath(text, s.xclbin); },
                [](const Settings& s) { return s.xclbin; }},
    SettingSpec{"xrt_shim", "FILE",
                "The library through which XRT reaches cards: a path, or a name that the loader "
                "finds. libsta_virtual_xrt.so makes cards of software.",
                [](std::string_view text, Settings& s) { return StorePath(text, s.xrt_shim); },
                [](const Settings& s) { return s.xrt_shim; }},
    SettingSpec{"card_timeout", "DURATION",
                "A run on a card that takes longer, and longer than four times its estimate, is "
                "taken to hang: it is aborted and runs elsewhere.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseDuration(text, absl::Hours(1)), s.card_timeout);
                },
                [](const Settings& s) { return absl::FormatDuration(s.card_timeout); }},
    SettingSpec{"audit_fraction", "FRACTION",
                "Share of the batches, 0 to 1, that are computed on a second device and compared "
                "before they are answered.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseFraction(text), s.audit_fraction);
                },
                [](const Settings& s) { return StrCat(s.audit_fraction); }},
    SettingSpec{"max_batch_tokens", "TOKENS", "Tokens that are computed together at the most.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 16, 1 << 20), s.max_batch_tokens);
                },
                [](const Settings& s) { return StrCat(s.max_batch_tokens); }},
    SettingSpec{"max_queue_tokens", "TOKENS",
                "Tokens that may wait for a model; more are refused with RESOURCE_EXHAUSTED.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 16, int64_t{1} << 32), s.max_queue_tokens);
                },
                [](const Settings& s) { return StrCat(s.max_queue_tokens); }},
    SettingSpec{"max_queue_requests", "REQUESTS",
                "Requests that may wait for a model; more are refused with RESOURCE_EXHAUSTED.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 1, 1 << 20), s.max_queue_requests);
                },
                [](const Settings& s) { return StrCat(s.max_queue_requests); }},
    SettingSpec{"max_total_queue_tokens", "TOKENS",
                "Tokens that may wait for all models together; more are refused with "
                "RESOURCE_EXHAUSTED.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 16, int64_t{1} << 32), s.max_total_queue_tokens);
                },
                [](const Settings& s) { return StrCat(s.max_total_queue_tokens); }},
    SettingSpec{"max_total_queue_requests", "REQUESTS",
                "Requests that may wait for all models together; more are refused with "
                "RESOURCE_EXHAUSTED.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 1, 1 << 20), s.max_total_queue_requests);
                },
                [](const Settings& s) { return StrCat(s.max_total_queue_requests); }},
    SettingSpec{"max_queue_delay", "DURATION",
                "How long a request may wait for others to share its batch; 0 never waits while a "
                "device is idle.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseDuration(text, absl::Seconds(10)), s.max_queue_delay);
                },
                [](const Settings& s) { return absl::FormatDuration(s.max_queue_delay); }},
    SettingSpec{
        "overload_wait", "DURATION",
        "How long requests may have to wait while more comes than the devices work off, and at "
        "least four times as long as one takes; those that would wait longer are refused with "
        "RESOURCE_EXHAUSTED. 0: nothing but the queues' bounds.",
        [](std::string_view text, Settings& s) {
          return Store(ParseDuration(text, absl::Hours(1)), s.overload_wait);
        },
        [](const Settings& s) { return absl::FormatDuration(s.overload_wait); }},
    SettingSpec{"client_rate_tokens", "TOKENS",
                "Tokens that one client may ask for in a second; more are refused with "
                "RESOURCE_EXHAUSTED. 0: no bound.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 0, int64_t{1} << 32), s.client_rate_tokens);
                },
                [](const Settings& s) { return StrCat(s.client_rate_tokens); }},
    SettingSpec{"client_rate_requests", "REQUESTS",
                "Requests that one client may send in a second; more are refused with "
                "RESOURCE_EXHAUSTED. 0: no bound.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 0, 1 << 30), s.client_rate_requests);
                },
                [](const Settings& s) { return StrCat(s.client_rate_requests); }},
    SettingSpec{
        "max_connections", "CONNECTIONS",
        "Connections that clients may have open at a time; further ones are closed at once. Fewer "
        "where the process may not have so many descriptors, of which an eighth is kept for files.",
        [](std::string_view text, Settings& s) {
          return Store(ParseCount(text, 1, 1 << 20), s.max_connections);
        },
        [](const Settings& s) { return StrCat(s.max_connections); }},
    SettingSpec{"max_connection_calls", "CALLS",
                "Calls that one connection may have open at a time; further ones wait at the "
                "client, so it should be more than --max-queue-requests.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 1, 1 << 20), s.max_connection_calls);
                },
                [](const Settings& s) { return StrCat(s.max_connection_calls); }},
    SettingSpec{"max_calls", "CALLS",
                "Calls of all connections that may be in memory, those that were cancelled "
                "included until they are worked off. Beyond it the connections with the most are "
                "ended, and new ones wait. It should be more than --max-total-queue-requests.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 1, 1 << 20), s.max_calls);
                },
                [](const Settings& s) { return StrCat(s.max_calls); }},
    SettingSpec{
        "connection_timeout", "DURATION",
        "How long a new connection may take to begin: TLS, and the greeting of HTTP/2.",
        [](std::string_view text, Settings& s) { return StoreTimeout(text, s.connection_timeout); },
        [](const Settings& s) { return absl::FormatDuration(s.connection_timeout); }},
    SettingSpec{
        "connection_idle", "DURATION",
        "A connection without calls is ended after so long; clients open another by "
        "themselves when they need it.",
        [](std::string_view text, Settings& s) { return StoreTimeout(text, s.connection_idle); },
        [](const Settings& s) { return absl::FormatDuration(s.connection_idle); }},
    SettingSpec{
        "connection_age", "DURATION",
        "A connection of gRPC is ended after so long, a tenth more or less; its calls are "
        "finished, "
        "and its client asks for the servers' addresses again: behind a headless service it finds "
        "new ones so. 0: no bound.",
        [](std::string_view text, Settings& s) {
          return Store(ParseDuration(text, absl::Hours(24)), s.connection_age);
        },
        [](const Settings& s) { return absl::FormatDuration(s.connection_age); }},
    SettingSpec{
        "keepalive_time", "DURATION",
        "A client from which nothing came for so long is asked whether it is still there.",
        [](std::string_view text, Settings& s) { return StoreTimeout(text, s.keepalive_time); },
        [](const Settings& s) { return absl::FormatDuration(s.keepalive_time); }},
    SettingSpec{
        "keepalive_timeout", "DURATION",
        "How long it may take to say so; then its connection and its calls are ended.",
        [](std::string_view text, Settings& s) { return StoreTimeout(text, s.keepalive_timeout); },
        [](const Settings& s) { return absl::FormatDuration(s.keepalive_timeout); }},
    SettingSpec{
        "max_message_bytes", "SIZE",
        "Largest request message; a larger one is refused with RESOURCE_EXHAUSTED, over HTTP with "
        "413.",
        [](std::string_view text, Settings& s) {
          return Store(ParseByteSize(text, 1 << 10, int64_t{1} << 30), s.max_message_bytes);
        },
        [](const Settings& s) { return FormatByteSize(s.max_message_bytes); }},
    SettingSpec{"max_rows_per_request", "ROWS",
                "Texts or rows of ids in one request; more are refused with INVALID_ARGUMENT.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseCount(text, 1, 1 << 20), s.max_rows_per_request);
                },
                [](const Settings& s) { return StrCat(s.max_rows_per_request); }},
    SettingSpec{
        "request_memory", "SIZE",
        "What all requests together may take in memory, from their arrival to their replies; more "
        "are refused with RESOURCE_EXHAUSTED. What gRPC holds of them may take as much again, what "
        "HTTP holds half as much, and each of these two of the largest messages.",
        [](std::string_view text, Settings& s) {
          return Store(ParseByteSize(text, 1 << 20, kMaxStoreBytes), s.request_memory);
        },
        [](const Settings& s) { return FormatByteSize(s.request_memory); }},
    SettingSpec{"drain_timeout", "DURATION",
                "How long requests in flight may take to finish after SIGTERM.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseDuration(text, absl::Hours(1)), s.drain_timeout);
                },
                [](const Settings& s) { return absl::FormatDuration(s.drain_timeout); }},
    SettingSpec{"log_level", "LEVEL",
                "Least severe level that is logged: debug, info, warn, error.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseChoice(text, {"debug", "info", "warn", "error"}), s.log_level);
                },
                [](const Settings& s) { return s.log_level; }},
    SettingSpec{"log_format", "FORMAT", "How log lines look: json or text.",
                [](std::string_view text, Settings& s) {
                  return Store(ParseChoice(text, {"json", "text"}), s.log_format);
                },
                [](const Settings& s) { return s.log_format; }},
    SettingSpec{
        "access_log", "FRACTION",
        "Share of the inference requests, 0 to 1, that get a line in the log. Those that the "
        "server itself fails get one in any case, five a second at the most.",
        [](std::string_view text, Settings& s) { return Store(ParseFraction(text), s.access_log); },
        [](const Settings& s) { return StrCat(s.access_log); }},
};

}  // namespace

std::span<const SettingSpec> SettingTable() { return kSettings; }

std::string FlagName(std::string_view setting_name) {
  return absl::StrReplaceAll(AbslView(setting_name), {{"_", "-"}});
}

absl::Status ApplySetting(std::string_view name, std::string_view text, Settings& settings) {
  const auto found = std::find_if(kSettings.begin(), kSettings.end(),
                                  [&](const SettingSpec& spec) { return spec.name == name; });
  if (found == kSettings.end()) {
    std::vector<std::string> names;
    names.reserve(kSettings.size());
    for (const SettingSpec& spec : kSettings) names.emplace_back(spec.name);
    const std::string nearest = NearestName(std::string(name), names);
    return absl::InvalidArgumentError(StrCat("unknown key '", name, "'; ",
                                             nearest.empty()
                                                 ? "sta-server --help lists the known ones"
                                                 : StrCat("did you mean '", nearest, "'?")));
  }
  const absl::Status status = found->apply(text, settings);
  if (status.ok()) return status;
  return absl::Status(status.code(), StrCat(name, ": ", status.message()));
}

std::string SettingsMarkdown() {
  const Settings defaults;
  std::string table = "| flag | default | meaning |\n|---|---|---|\n";
  for (const SettingSpec& spec : kSettings) {
    const std::string value = spec.show(defaults);
    StrAppend(&table, "| `--", FlagName(spec.name), " ", spec.value_name, "` | ",
              value.empty() ? "" : StrCat("`", value, "`"), " | ", spec.help, " |\n");
  }
  return table;
}

}  // namespace sta
