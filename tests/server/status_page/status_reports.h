// SPDX-License-Identifier: Apache-2.0
//
// A report with something of everything, whose words are not harmless as HTML.
#ifndef TESTS_SERVER_STATUS_PAGE_STATUS_REPORTS_H_
#define TESTS_SERVER_STATUS_PAGE_STATUS_REPORTS_H_

#include "server/status_page/status_report.h"

namespace sta {

inline StatusReport MakeStatusReport() {
  const absl::Time start = absl::FromUnixSeconds(1'796'034'667);  // 2026-11-30 10:31:07 UTC
  StatusReport report{.server_version = "1<2",
                      .state = "not ready",
                      .started = start,
                      .time = start + absl::Hours(1),
                      .window = absl::Seconds(61)};
  VersionReport ready{.answered = 7,
                      .failed = 2,
                      .queued_requests = 4,
                      .queued_tokens = 70,
                      .answers_per_second = 2.25,
                      .p50 = absl::Microseconds(1250),
                      .p99 = absl::Milliseconds(20)};
  ready.status.name = "m";
  ready.status.version = 3;
  ready.status.state = ModelState::kReady;
  ready.status.since = start;
  ready.status.aliases = {"canary", "prod"};
  ready.status.is_default = true;
  ready.status.memory_bytes = 16'100'000;
  VersionReport failed;
  failed.status.name = "m";
  failed.status.version = 2;
  failed.status.state = ModelState::kFailed;
  failed.status.since = start;
  failed.status.reason = "<script>alert('\"&')</script>";
  report.versions = {ready, failed};
  DeviceStatus device;
  device.caps.name = "xrt:0";
  device.caps.kind = "xrt";
  device.caps.detail = "4x4x4 & more";
  device.state = DeviceState::kQuarantined;
  device.reason = "it <hangs>";
  device.since = start;
  device.in_flight = 1;
  device.batches = 11;
  device.tokens = 1234;
  device.failures = 5;
  device.busy = absl::Milliseconds(2500);
  report.devices = {device};
  return report;
}

}  // namespace sta

#endif  // TESTS_SERVER_STATUS_PAGE_STATUS_REPORTS_H_
