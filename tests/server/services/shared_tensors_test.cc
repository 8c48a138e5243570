// SPDX-License-Identifier: Apache-2.0
#include "server/services/shared_tensors.h"

#include <functional>
#include <string>

#include "server/services/infer_parameters.h"
#include "tests/server/services/infer_messages.h"
#include "tests/server/services/shared_segment.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using inference::ModelInferRequest;
using inference::ModelInferResponse;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kMaxBytes = 64;

void Place(ParameterMap& parameters, const std::string& region, int64_t byte_size, int64_t offset) {
  parameters["shared_memory_region"].set_string_param(region);
  parameters["shared_memory_byte_size"].set_int64_param(byte_size);
  if (offset != 0) parameters["shared_memory_offset"].set_int64_param(offset);
}

class SharedTensorsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_THAT(
        memory_.Register({.name = "r", .key = segment_.key(), .offset = 0, .byte_size = 128}),
        IsOk());
    segment_.Write(0, "0123456789");
  }

  // An input "x" in shared memory.
  static ModelInferRequest SharedInput(int64_t byte_size, int64_t offset) {
    ModelInferRequest request;
    InputTensor& input = AddInput(request, "x", "UINT8", {byte_size});
    Place(*input.mutable_parameters(), "r", byte_size, offset);
    return request;
  }

  absl::StatusOr<std::optional<ModelInferRequest>> Fetch(const ModelInferRequest& request) {
    return FetchSharedInputs(request, memory_, kMaxBytes);
  }

  const SharedSegment segment_{128};
  SharedMemory memory_;
};

TEST_F(SharedTensorsTest, LeavesOtherRequestsAsTheyAre) {
  STA_ASSERT_OK_AND_ASSIGN(const auto whole, Fetch(TextMessage({"a"})));
  EXPECT_FALSE(whole.has_value());
}

TEST_F(SharedTensorsTest, PutsInputsAmongTheRawContents) {
  ModelInferRequest request;
  AddInput(request, "a", "UINT8", {1});
  Place(*AddInput(request, "b", "UINT8", {4}).mutable_parameters(), "r", 4, 0);
  AddInput(request, "c", "UINT8", {1});
  Place(*AddInput(request, "d", "UINT8", {2}).mutable_parameters(), "r", 2, 7);
  request.add_raw_input_contents("A");
  request.add_raw_input_contents("C");
  STA_ASSERT_OK_AND_ASSIGN(const auto whole, Fetch(request));
  ASSERT_TRUE(whole.has_value());
  EXPECT_THAT(whole->raw_input_contents(), ElementsAre("A", "0123", "C", "78"));
  EXPECT_EQ(whole->inputs_size(), 4);
}

TEST_F(SharedTensorsTest, RefusesInputsThatAreNotInside) {
  EXPECT_THAT(Fetch(SharedInput(kMaxBytes, 64)), IsOk());
  EXPECT_THAT(Fetch(SharedInput(kMaxBytes, 65)),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("64 at offset 65 are not inside")));
  EXPECT_THAT(Fetch(SharedInput(kMaxBytes + 1, 0)),
              StatusIs(StatusCode::kInvalidArgument,
                       "'x': 65 bytes of shared memory are over this server's limit for a "
                       "request, of which 64 are left"));
  ModelInferRequest two = SharedInput(40, 0);
  *two.add_inputs() = two.inputs(0);
  EXPECT_THAT(Fetch(two), StatusIs(StatusCode::kInvalidArgument, HasSubstr("24 are left")));
  segment_.Resize(5);
  EXPECT_THAT(Fetch(SharedInput(6, 0)), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(SharedTensorsTest, RefusesBadParameters) {
  const auto refused = [this](const std::function<void(ParameterMap&)>& spoil, StatusCode code,
                              const std::string& message) {
    ModelInferRequest request = SharedInput(4, 0);
    spoil(*request.mutable_inputs(0)->mutable_parameters());
    EXPECT_THAT(Fetch(request), StatusIs(code, message));
  };
  refused([](auto& p) { p["shared_memory_region"].set_string_param("nobody"); },
          StatusCode::kNotFound, "shared memory region 'nobody' is not registered");
  refused([](auto& p) { p["shared_memory_region"].set_int64_param(1); },
          StatusCode::kInvalidArgument,
          "'x': parameter 'shared_memory_region' is no string; allowed: string_param");
  refused([](auto& p) { p["shared_memory_byte_size"].set_int64_param(-1); },
          StatusCode::kInvalidArgument,
          "'x': parameter 'shared_memory_byte_size': -1 is negative; allowed: 0 and above");
  refused([](auto& p) { p["shared_memory_offset"].set_string_param("0"); },
          StatusCode::kInvalidArgument,
          "'x': parameter 'shared_memory_offset' is no integer; allowed: int64_param or "
          "uint64_param");
  ModelInferRequest request = SharedInput(4, 0);
  request.add_raw_input_contents("0123");
  EXPECT_THAT(Fetch(request),
              StatusIs(StatusCode::kInvalidArgument,
                       "raw_input_contents has 1 entries for 0 inputs that are not in shared "
                       "memory; allowed: one each, in their order"));
}

class SharedOutputsTest : public SharedTensorsTest {
 protected:
  SharedOutputsTest() {
    for (const char* name : {"y", "z"}) {
      request_.add_outputs()->set_name(name);
      response_.add_outputs()->set_name(name);
      response_.add_raw_output_contents(std::string(4, *name));
    }
  }

  ModelInferRequest request_;
  ModelInferResponse response_;
};

TEST_F(SharedOutputsTest, GoWhereTheRequestSays) {
  Place(*request_.mutable_outputs(1)->mutable_parameters(), "r", 100, 20);
  ASSERT_THAT(StoreSharedOutputs(request_, memory_, response_), IsOk());
  EXPECT_THAT(response_.raw_output_contents(), ElementsAre("yyyy", ""));
  EXPECT_EQ(segment_.Read(20, 4), "zzzz");
  EXPECT_EQ(response_.outputs(0).parameters_size(), 0);
  const auto& parameters = response_.outputs(1).parameters();
  EXPECT_EQ(parameters.at("shared_memory_region").string_param(), "r");
  EXPECT_EQ(parameters.at("shared_memory_byte_size").int64_param(), 4);
  EXPECT_EQ(parameters.at("shared_memory_offset").int64_param(), 20);
}

TEST_F(SharedOutputsTest, MustFitTheirRoomAndTheRegion) {
  ParameterMap& parameters = *request_.mutable_outputs(0)->mutable_parameters();
  Place(parameters, "r", 3, 0);
  EXPECT_THAT(StoreSharedOutputs(request_, memory_, response_),
              StatusIs(StatusCode::kInvalidArgument,
                       "output 'y' has 4 bytes, and parameter 'shared_memory_byte_size' gives it "
                       "3"));
  Place(parameters, "r", 4, 125);
  EXPECT_THAT(StoreSharedOutputs(request_, memory_, response_),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("4 at offset 125 are not inside")));
  Place(parameters, "nobody", 4, 0);
  EXPECT_THAT(StoreSharedOutputs(request_, memory_, response_), StatusIs(StatusCode::kNotFound));
}

}  // namespace
}  // namespace sta
