// SPDX-License-Identifier: Apache-2.0
//
// A DevicePool over FakeDevices that can pass its probe.
#ifndef TESTS_SUPPORT_FAKE_POOL_H_
#define TESTS_SUPPORT_FAKE_POOL_H_

#include <memory>
#include <string>
#include <utility>

#include "accel/device_pool/device_pool.h"
#include "accel/reference/interpreter.h"
#include "tests/support/fake_device.h"

namespace sta {

// Nobody listens.
class SilentPoolObserver : public PoolObserver {
 public:
  void OnRun(std::string_view /*device*/, int64_t /*tokens*/, absl::Duration /*duration*/,
             const absl::Status& /*status*/) override {}
  void OnFailover(std::string_view /*from*/, std::string_view /*to*/) override {}
  void OnStateChange(std::string_view /*device*/, std::string_view /*state*/,
                     std::string_view /*reason*/) override {}
  void OnAudit(std::string_view /*device*/, AuditVerdict /*verdict*/) override {}
};

// A device that computes Programs as accel/reference does.
inline std::unique_ptr<FakeDevice> MakeFakeDevice(DeviceCaps caps) {
  if (caps.max_tokens == 0) caps.max_tokens = 1 << 20;
  if (caps.kind.empty()) caps.kind = "fake";
  auto device = std::make_unique<FakeDevice>(std::move(caps));
  device->ComputeWith(
      [](const Program& program, const PackedSequences& batch, std::span<int16_t> output) {
        Interpret(program, batch, output, {}).IgnoreError();  // without an observer it cannot fail
      });
  return device;
}

}  // namespace sta

#endif  // TESTS_SUPPORT_FAKE_POOL_H_
