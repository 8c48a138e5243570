// SPDX-License-Identifier: Apache-2.0
#include "server/status_page/status_html.h"

#include <optional>
#include <span>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/status_page/status_time.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

// One row of a table. status.js makes the same cells of the JSON.
struct Row {
  std::string state;  // by which it is colored
  std::vector<std::string> cells;
};

std::string Milliseconds(const std::optional<absl::Duration>& duration) {
  if (!duration.has_value()) return "–";
  return absl::StrFormat("%.2f ms", absl::ToDoubleMilliseconds(*duration));
}

std::string StateText(std::string_view state, std::string_view reason) {
  return reason.empty() ? std::string(state) : StrCat(state, ": ", reason);
}

std::string QueueText(const VersionReport& version) {
  if (version.queued_requests == 0) return "0";
  return StrCat(version.queued_requests, " (", version.queued_tokens, " tokens)");
}

Row VersionRow(const VersionReport& version) {
  const ModelStatus& status = version.status;
  std::vector<std::string> names = status.aliases;
  if (status.is_default) names.insert(names.begin(), "(default)");
  std::string state(ModelStateName(status.state));
  std::string state_text = StateText(state, status.reason);
  return {.state = std::move(state),
          .cells = {status.name, StrCat(status.version), std::move(state_text),
                    absl::StrJoin(names, ", "),
                    absl::StrFormat("%.1f MB", static_cast<double>(status.memory_bytes) / 1e6),
                    StrCat(version.answered), StrCat(version.failed), QueueText(version),
                    absl::StrFormat("%.1f", version.answers_per_second), Milliseconds(version.p50),
                    Milliseconds(version.p99)}};
}

Row DeviceRow(const DeviceStatus& device) {
  const bool is_ready = device.state == DeviceState::kReady;
  std::string state(DeviceStateName(device.state));
  std::string state_text = StateText(state, is_ready ? "" : device.reason);
  return {.state = std::move(state),
          .cells = {device.caps.name, device.caps.kind, device.caps.detail, std::move(state_text),
                    StrCat(device.in_flight), StrCat(device.batches), StrCat(device.tokens),
                    StrCat(device.failures),
                    absl::StrFormat("%.1f s", absl::ToDoubleSeconds(device.busy))}};
}

void AppendTable(std::string_view id, std::string_view title,
                 std::span<const std::string_view> columns, const std::vector<Row>& rows,
                 std::string& page) {
  StrAppend(&page, "<section>\n<h2>", title,
            "</h2>\n<div class=\"scroll\" tabindex=\"0\"><table id=\"", id, "\">\n<thead><tr>");
  for (const std::string_view column : columns) {
    StrAppend(&page, "<th scope=\"col\">", column, "</th>");
  }
  StrAppend(&page, "</tr></thead>\n<tbody>\n");
  for (const Row& row : rows) {
    StrAppend(&page, "<tr data-state=\"", EscapeHtml(row.state), "\">");
    for (const std::string& cell : row.cells) StrAppend(&page, "<td>", EscapeHtml(cell), "</td>");
    StrAppend(&page, "</tr>\n");
  }
  StrAppend(&page, "</tbody>\n</table></div>\n</section>\n");
}

template <typename T, typename ToRow>
std::vector<Row> RowsOf(const std::vector<T>& values, ToRow to_row) {
  std::vector<Row> rows;
  rows.reserve(values.size());
  for (const T& value : values) rows.push_back(to_row(value));
  return rows;
}

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>sta-server</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="status.css">
<script src="status.js" defer></script>
<noscript><meta http-equiv="refresh" content="5"></noscript>
</head>
<body>
)";

constexpr std::string_view kModelColumns[] = {"Model",     "Version",  "State",  "Aliases",
                                              "Memory",    "Answered", "Failed", "Queue",
                                              "Answers/s", "p50",      "p99"};
constexpr std::string_view kDeviceColumns[] = {
    "Device", "Kind", "Detail", "State", "In flight", "Batches", "Tokens", "Failures", "Busy"};

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string StatusHtml(const StatusReport& report) {
  std::string page(kHead);
  StrAppend(&page, "<header>\n<h1>sta-server <span id=\"version\">",
            EscapeHtml(report.server_version), "</span></h1>\n<p id=\"state\" data-state=\"",
            EscapeHtml(report.state), "\">", EscapeHtml(report.state),
            "</p>\n</header>\n<p>At <b id=\"time\">", StatusTime(report.time),
            "</b>, up since <span id=\"started\">", StatusTime(report.started),
            "</span>. <span id=\"trouble\" role=\"status\"></span></p>\n<main>\n");
  AppendTable("models", "Models", kModelColumns, RowsOf(report.versions, VersionRow), page);
  StrAppend(&page,
            "<p>Answers/s, p50 and p99 are of the requests answered in the last "
            "<span id=\"window\">",
            absl::StrFormat("%.0f", absl::ToDoubleSeconds(report.window)),
            "</span> seconds, from their arrival to their answer.</p>\n");
  AppendTable("devices", "Devices", kDeviceColumns, RowsOf(report.devices, DeviceRow), page);
  StrAppend(&page, "</main>\n</body>\n</html>\n");
  return page;
}

}  // namespace sta
