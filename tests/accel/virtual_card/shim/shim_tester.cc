// SPDX-License-Identifier: Apache-2.0
#include "tests/accel/virtual_card/shim/shim_tester.h"

#include <dlfcn.h>
#include <experimental/xrt_ini.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>

#include "accel/program/card/activation_layout.h"
#include "accel/program/card/checksum.h"
#include "accel/program/card/expected_checksum.h"
#include "accel/program/compiler.h"
#include "accel/program/random_encoder.h"
#include "accel/reference/interpreter.h"
#include "strings/str_cat.h"
#include "tests/support/random_rows.h"
#include "tests/support/temporary_directory.h"

namespace sta::virtual_xrt {
namespace {

using ControlFunction = int(const char* line, char* reply, size_t size);

// The process's shim, with one spec for all tests: XRT takes no second one.
class LoadedShim {
 public:
  LoadedShim() {
    nlohmann::json cards;
    for (unsigned int i = 0; i < kCardCount; ++i) cards.push_back({{"memory_mb", 16}});
    cards[kNone]["body"] = "none";
    cards[kSmall]["memory_mb"] = 1;
    cards[kLong]["body"] = "none";
    cards[kLong]["compute_us_per_run"] = 60'000'000;
    cards[kMillisecond]["body"] = "none";
    cards[kMillisecond]["compute_us_per_run"] = 1000;
    const std::string spec = directory_.path() / "cards.json";
    std::ofstream(spec) << nlohmann::json{{"directory", directory_.path() / "cards"},
                                          {"cards", cards}};
    setenv("STA_VIRTUAL_CARDS", spec.c_str(), /*replace=*/1);
    xrt::ini::set("Runtime.runtime_log", "null");
    void* const shim = dlopen(STA_VIRTUAL_XRT_LIBRARY, RTLD_NOW | RTLD_GLOBAL);
    if (shim == nullptr) throw std::runtime_error(dlerror());
    control_ = reinterpret_cast<ControlFunction*>(dlsym(shim, "sta_virtual_card_control"));
  }

  std::string Control(const std::string& line) const {
    char reply[1024];
    control_(line.c_str(), reply, sizeof(reply));
    return reply;
  }

  const TemporaryDirectory& directory() const { return directory_; }

 private:
  TemporaryDirectory directory_;
  ControlFunction* control_ = nullptr;
};

LoadedShim& Shim() {
  static LoadedShim shim;
  return shim;
}

void Fill(xrt::bo& buffer, std::span<const uint8_t> bytes) {
  std::ranges::copy(bytes, buffer.map<uint8_t*>());
}

constexpr size_t Pages(size_t bytes) { return (bytes + 4095) / 4096 * 4096; }

uint32_t Beats(size_t bytes) { return static_cast<uint32_t>(bytes / card::kBeatBytes); }

}  // namespace

xrt::xclbin XclbinOf(const StaXclbinOptions& options) {
  return XclbinOf(MakeStaXclbin(options).value());
}

xrt::xclbin XclbinOf(std::span<const uint8_t> bytes) {
  return xrt::xclbin(std::vector<char>(bytes.begin(), bytes.end()));
}

EncodedBatch EncodedBatch::Make(uint64_t seed) {
  EncodedBatch batch = {.config = card::CardConfig::Preset("8x8x8").value()};
  const auto program = CompileProgram(RandomEncoder({.seed = seed, .pattern = {2, 4}})).value();
  const std::vector<int32_t> offsets = {0, 5, 12};
  const std::vector<int16_t> rows = RandomRows(offsets.back(), program->hidden_size, seed);
  batch.expected.resize(rows.size());
  if (!Interpret(*program, {rows, offsets}, batch.expected, nullptr).ok()) abort();
  batch.image = MakeCardImage(*program, batch.config).value();
  batch.run = card::ScheduleBatch(batch.image, offsets).value().at(0);
  batch.instructions = card::EncodeStream(batch.run.stream, batch.config).value();
  batch.input = card::PackRows(batch.image, batch.run, rows);
  batch.program_checksum = card::ExpectedProgramChecksum(
      card::ImageChecksums(batch.image), batch.run.stream, batch.instructions, batch.config);
  return batch;
}

XrtHost::XrtHost(unsigned int card, const EncodedBatch& encoded)
    : batch(encoded),
      device(card),
      uuid(device.load_xclbin(XclbinOf({.array = batch.config, .memory_mb = 16}))),
      kernel(device, uuid, "sta", xrt::kernel::cu_access_mode::exclusive),
      program(device, Pages(batch.image.bytes.size()), kernel.group_id(0)),
      instructions(device, Pages(batch.instructions.size()), kernel.group_id(1)),
      input(device, Pages(batch.input.size()), kernel.group_id(2)),
      output(device, Pages(batch.input.size()), kernel.group_id(3)),
      run(MakeRun()) {
  Fill(program, batch.image.bytes);
  Fill(instructions, batch.instructions);
  Fill(input, batch.input);
}

xrt::run XrtHost::MakeRun() {
  xrt::run made(kernel);
  made.set_arg(0, program);
  made.set_arg(1, instructions);
  made.set_arg(2, input);
  made.set_arg(3, output);
  made.set_arg(4, Beats(batch.instructions.size()));
  made.set_arg(5, Beats(batch.image.bytes.size()));
  made.set_arg(6, Beats(batch.input.size()));
  made.set_arg(7, Beats(batch.input.size()));
  return made;
}

void XrtHost::Upload() {
  for (xrt::bo* buffer : {&program, &instructions, &input}) {
    buffer->sync(XCL_BO_SYNC_BO_TO_DEVICE);
  }
}

std::vector<int16_t> XrtHost::Output() {
  output.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  std::vector<int16_t> rows(batch.expected.size());
  const std::span<const uint8_t> region(output.map<uint8_t*>(), batch.input.size());
  if (!card::UnpackRows(batch.image, batch.run, region, rows).ok()) abort();
  return rows;
}

uint32_t XrtHost::OutputChecksum() {
  return card::RegionChecksum({output.map<uint8_t*>(), batch.input.size()}, 0);
}

ert_cmd_state XrtHost::Run() {
  run.start();
  return WaitFor(run);
}

void ShimTest::SetUpTestSuite() { Shim(); }

void ShimTest::TearDown() {
  for (unsigned int card = 0; card < kCardCount; ++card) {
    EXPECT_EQ(Control(StrCat("clear ", card)), "ok");
    EXPECT_EQ(Control(StrCat("return ", card)), "ok");
  }
}

std::string ShimTest::Control(const std::string& line) { return Shim().Control(line); }

nlohmann::json ShimTest::Status(unsigned int card) {
  return nlohmann::json::parse(Control(StrCat("status ", card)).substr(3));
}

std::string ShimTest::Directory() { return Shim().directory().path() / "cards"; }

ert_cmd_state WaitFor(xrt::run& run) { return run.wait(std::chrono::minutes(1)); }

}  // namespace sta::virtual_xrt
