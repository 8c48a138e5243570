// SPDX-License-Identifier: Apache-2.0
#include "server/status_page/status_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/server/status_page/status_reports.h"

namespace sta {
namespace {

TEST(StatusJsonTest, TellsEverything) {
  EXPECT_EQ(nlohmann::json::parse(StatusJson(MakeStatusReport())), nlohmann::json::parse(R"({
    "server_version": "1<2", "state": "not ready", "started": "2026-11-30 10:31:07 UTC",
    "time": "2026-11-30 11:31:07 UTC", "window_seconds": 61.0,
    "models": [
      {"name": "m", "version": 3, "state": "READY", "reason": "",
       "since": "2026-11-30 10:31:07 UTC", "aliases": ["canary", "prod"], "is_default": true,
       "memory_bytes": 16100000, "answered": 7, "failed": 2, "queued_requests": 4,
       "queued_tokens": 70, "answers_per_second": 2.25,
       "p50_seconds": 0.00125, "p99_seconds": 0.02},
      {"name": "m", "version": 2, "state": "FAILED", "reason": "<script>alert('\"&')</script>",
       "since": "2026-11-30 10:31:07 UTC", "aliases": [], "is_default": false,
       "memory_bytes": 0, "answered": 0, "failed": 0, "queued_requests": 0,
       "queued_tokens": 0, "answers_per_second": 0.0,
       "p50_seconds": null, "p99_seconds": null}],
    "devices": [
      {"name": "xrt:0", "kind": "xrt", "detail": "4x4x4 & more", "state": "quarantined",
       "reason": "it <hangs>", "since": "2026-11-30 10:31:07 UTC", "in_flight": 1, "batches": 11,
       "tokens": 1234, "failures": 5, "busy_seconds": 2.5}]})"));
}

TEST(StatusJsonTest, TheFailureOfADeviceThatIsBackIsNotItsState) {
  StatusReport report = MakeStatusReport();
  report.devices.front().state = DeviceState::kReady;
  const nlohmann::json status = nlohmann::json::parse(StatusJson(report));
  EXPECT_EQ(status["devices"][0]["reason"], "");
}

TEST(StatusJsonTest, WhatIsNotUtf8IsReplaced) {
  StatusReport report = MakeStatusReport();
  report.devices.front().reason = "\xff";
  const nlohmann::json status = nlohmann::json::parse(StatusJson(report));
  EXPECT_EQ(status["devices"][0]["reason"], "\xef\xbf\xbd");
}

}  // namespace
}  // namespace sta
