// SPDX-License-Identifier: Apache-2.0
//
// sta.v1.Devices over gRPC, with fake devices behind the pool.
#include "server/services/devices_service.h"

#include <grpcpp/create_channel.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/services/grpc_server.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_pool.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

using Reader = std::unique_ptr<grpc::ClientReader<v1::ListDevicesResponse>>;

class DevicesServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    STA_ASSERT_OK_AND_ASSIGN(server_,
                             GrpcServer::Start({.listen = {{"127.0.0.1", 0}}}, {&service_}));
    stub_ = v1::Devices::NewStub(
        grpc::CreateChannel(server_->address().ToString(), grpc::InsecureChannelCredentials()));
  }

  static std::vector<std::unique_ptr<Device>> TwoDevices() {
    std::vector<std::unique_ptr<Device>> devices;
    devices.push_back(MakeFakeDevice({.name = "a", .detail = "first", .max_in_flight = 2}));
    devices.push_back(MakeFakeDevice({.name = "b", .max_tokens = 64}));
    return devices;
  }

  v1::ListDevicesResponse List() {
    grpc::ClientContext context;
    v1::ListDevicesResponse response;
    EXPECT_TRUE(stub_->ListDevices(&context, {}, &response).ok());
    return response;
  }

  absl::Status Quarantine(const std::string& name, const std::string& reason = "",
                          bool force = false) {
    grpc::ClientContext context;
    v1::QuarantineDeviceRequest request;
    request.set_name(name);
    request.set_reason(reason);
    request.set_force(force);
    v1::QuarantineDeviceResponse response;
    return FromGrpc(stub_->QuarantineDevice(&context, request, &response));
  }

  absl::Status Release(const std::string& name) {
    grpc::ClientContext context;
    v1::ReleaseDeviceRequest request;
    request.set_name(name);
    v1::ReleaseDeviceResponse response;
    return FromGrpc(stub_->ReleaseDevice(&context, request, &response));
  }

  Reader Watch(grpc::ClientContext& context, absl::Duration interval = absl::ZeroDuration()) {
    v1::WatchDevicesRequest request;
    if (interval != absl::ZeroDuration()) {
      request.mutable_interval()->set_seconds(interval / absl::Seconds(1));
      request.mutable_interval()->set_nanos(
          static_cast<int32_t>(absl::ToInt64Nanoseconds(interval % absl::Seconds(1))));
    }
    return stub_->WatchDevices(&context, request);
  }

  static absl::Status FromGrpc(const grpc::Status& status) {
    return absl::Status(static_cast<StatusCode>(status.error_code()), status.error_message());
  }

  // Reads until device `index` is in `state`.
  static void ReadUntil(grpc::ClientReader<v1::ListDevicesResponse>& reader, int index,
                        v1::DeviceState state) {
    v1::ListDevicesResponse list;
    do {
      ASSERT_TRUE(reader.Read(&list));
    } while (list.devices(index).state() != state);
  }

  FakeClock clock_;
  Metrics metrics_{"1"};
  AccessControl control_;
  RpcAccess access_{control_, metrics_};
  SilentPoolObserver observer_;
  DevicePool pool_{TwoDevices(), {}, clock_, observer_};
  DevicesService service_{pool_, clock_, metrics_, access_};
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<v1::Devices::Stub> stub_;
};

TEST_F(DevicesServiceTest, Lists) {
  clock_.Advance(absl::Seconds(2.5));
  const v1::ListDevicesResponse list = List();
  EXPECT_EQ(list.arithmetic_version(), kArithmeticVersion);
  EXPECT_EQ(list.time().seconds() - list.counting_since().seconds(), 2);
  EXPECT_EQ(list.time().nanos(), 500'000'000);
  ASSERT_EQ(list.devices_size(), 2);
  EXPECT_EQ(list.devices(0).name(), "a");
  EXPECT_EQ(list.devices(0).kind(), "fake");
  EXPECT_EQ(list.devices(0).detail(), "first");
  EXPECT_EQ(list.devices(0).state(), v1::DEVICE_STATE_READY);
  EXPECT_EQ(list.devices(0).since().seconds(), list.counting_since().seconds());
  EXPECT_FALSE(list.devices(0).has_next_attempt());
  EXPECT_EQ(list.devices(0).max_in_flight(), 2);
  EXPECT_FALSE(list.devices(0).has_temperature_celsius());
  EXPECT_EQ(list.devices(1).max_tokens(), 64);
  EXPECT_THAT(metrics_.Text(), HasSubstr(R"(code="OK",model="",rpc="ListDevices",version="0"} 1)"));
}

TEST_F(DevicesServiceTest, QuarantinesAndReleases) {
  EXPECT_THAT(Quarantine("b", "new fan"), IsOk());
  EXPECT_EQ(List().devices(1).state(), v1::DEVICE_STATE_HELD);
  EXPECT_EQ(List().devices(1).reason(), "new fan");
  EXPECT_THAT(Release("b"), IsOk());
  grpc::ClientContext context;
  const Reader watch = Watch(context);
  ReadUntil(*watch, 1, v1::DEVICE_STATE_READY);
  EXPECT_THAT(Quarantine("b"), IsOk());
  EXPECT_EQ(List().devices(1).reason(), "by an operator");
}

TEST_F(DevicesServiceTest, RefusesWhatCannotBeDone) {
  EXPECT_THAT(Quarantine("c"), StatusIs(StatusCode::kNotFound, HasSubstr("there are: a, b")));
  EXPECT_THAT(Release("c"), StatusIs(StatusCode::kNotFound, HasSubstr("there are: a, b")));
  EXPECT_THAT(
      Quarantine("a", std::string(257, 'x')),
      StatusIs(StatusCode::kInvalidArgument, "reason: 257 bytes are over the limit of 256"));
  EXPECT_EQ(List().devices(0).state(), v1::DEVICE_STATE_READY);
  EXPECT_THAT(Quarantine("a", std::string(256, 'x')), IsOk());
  EXPECT_THAT(Quarantine("b"),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("only device that is ready")));
  EXPECT_EQ(List().devices(1).state(), v1::DEVICE_STATE_READY);
  EXPECT_THAT(Quarantine("b", "", /*force=*/true), IsOk());
  EXPECT_EQ(List().devices(1).state(), v1::DEVICE_STATE_HELD);
}

TEST_F(DevicesServiceTest, WatchSendsAtOnceAndAtEveryChange) {
  grpc::ClientContext context;
  const Reader watch = Watch(context);
  v1::ListDevicesResponse list;
  ASSERT_TRUE(watch->Read(&list));
  EXPECT_EQ(list.devices_size(), 2);
  EXPECT_EQ(list.devices(0).state(), v1::DEVICE_STATE_READY);
  EXPECT_THAT(Quarantine("a", "one"), IsOk());
  ASSERT_TRUE(watch->Read(&list));
  EXPECT_EQ(list.devices(0).state(), v1::DEVICE_STATE_HELD);
  EXPECT_EQ(list.devices(0).reason(), "one");
  EXPECT_THAT(Release("a"), IsOk());
  ReadUntil(*watch, 0, v1::DEVICE_STATE_READY);
}

TEST_F(DevicesServiceTest, WatchWithAnIntervalSendsWithoutAChange) {
  grpc::ClientContext context;
  const Reader watch = Watch(context, absl::Seconds(1));
  v1::ListDevicesResponse first;
  ASSERT_TRUE(watch->Read(&first));
  for (int i = 1; i <= 3; ++i) {
    clock_.Advance(absl::Seconds(1));
    v1::ListDevicesResponse list;
    ASSERT_TRUE(watch->Read(&list));
    EXPECT_EQ(list.time().seconds(), first.time().seconds() + i);
  }
}

TEST_F(DevicesServiceTest, RefusesIntervalsThatAreOutOfRange) {
  for (const absl::Duration interval :
       {absl::Milliseconds(99), -absl::Seconds(1), absl::Hours(1) + absl::Nanoseconds(1)}) {
    grpc::ClientContext context;
    const Reader watch = Watch(context, interval);
    v1::ListDevicesResponse list;
    EXPECT_FALSE(watch->Read(&list));
    EXPECT_THAT(FromGrpc(watch->Finish()),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("is not in 100ms .. 1h")));
  }
}

TEST_F(DevicesServiceTest, CloseEndsEveryWatchNowAndToCome) {
  grpc::ClientContext context;
  const Reader early = Watch(context);
  v1::ListDevicesResponse list;
  ASSERT_TRUE(early->Read(&list));
  service_.Close();
  EXPECT_FALSE(early->Read(&list));
  EXPECT_THAT(FromGrpc(early->Finish()), StatusIs(StatusCode::kUnavailable));
  grpc::ClientContext later_context;
  const Reader later = Watch(later_context);
  EXPECT_TRUE(later->Read(&list));
  EXPECT_FALSE(later->Read(&list));
  EXPECT_THAT(FromGrpc(later->Finish()), StatusIs(StatusCode::kUnavailable));
}

TEST_F(DevicesServiceTest, AWatchEndsWithItsClient) {
  grpc::ClientContext context;
  const Reader watch = Watch(context);
  v1::ListDevicesResponse list;
  ASSERT_TRUE(watch->Read(&list));
  context.TryCancel();
  EXPECT_FALSE(watch->Read(&list));
  EXPECT_EQ(watch->Finish().error_code(), grpc::CANCELLED);
  EXPECT_THAT(Quarantine("a"), IsOk());  // must not reach the dead call
}

TEST_F(DevicesServiceTest, ShutdownCancelsWatchesAtItsDeadline) {
  grpc::ClientContext context;
  const Reader watch = Watch(context);
  v1::ListDevicesResponse list;
  ASSERT_TRUE(watch->Read(&list));
  server_->Shutdown(absl::Now());  // returns although the watch would go on for ever
  EXPECT_FALSE(watch->Read(&list));
  EXPECT_FALSE(watch->Finish().ok());
}

// More of them than gRPC has threads; other calls go on.
TEST_F(DevicesServiceTest, ManyWatchesHoldNoThread) {
  constexpr int kWatches = 100;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<Reader> watches;
  v1::ListDevicesResponse list;
  for (int i = 0; i < kWatches; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    watches.push_back(Watch(*contexts.back()));
    ASSERT_TRUE(watches.back()->Read(&list));
  }
  EXPECT_THAT(Quarantine("b"), IsOk());
  for (const Reader& watch : watches) {
    ASSERT_TRUE(watch->Read(&list));
    EXPECT_EQ(list.devices(1).state(), v1::DEVICE_STATE_HELD);
  }
}

}  // namespace
}  // namespace sta
