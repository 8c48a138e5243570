// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/image_header.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "accel/program/card/beat_writer.h"
#include "accel/program/card/card_image.h"
#include "accel/program/card/checksum.h"

namespace sta::card {
namespace {

constexpr uint32_t kMagic = 0x43415453;  // "STAC"

uint32_t Shape(const CardConfig& config) {
  return static_cast<uint32_t>(config.tile | config.lanes << 16);
}

uint32_t Word(std::span<const uint8_t> bytes, size_t word) {
  uint32_t value = 0;
  for (size_t byte = 0; byte < 4; ++byte) value |= uint32_t{bytes[4 * word + byte]} << (8 * byte);
  return value;
}

}  // namespace

void WriteImageHeader(const CardConfig& config, std::vector<uint8_t>& image) {
  std::vector<uint8_t> header;
  const auto rest = std::span<const uint8_t>(image).subspan(kBeatBytes);
  for (const uint32_t word :
       {kMagic, kCardImageVersion, Shape(config), static_cast<uint32_t>(image.size() / kBeatBytes),
        RegionChecksum(rest, 1)}) {
    AppendLittleEndian(header, word);
  }
  FillBeat(header);
  std::copy(header.begin(), header.end(), image.begin());
}

absl::Status CheckCardImage(std::span<const uint8_t> bytes, const CardConfig& config) {
  if (bytes.size() < kBeatBytes || bytes.size() % kBeatBytes != 0 || Word(bytes, 0) != kMagic) {
    return absl::DataLossError(
        absl::StrCat("program image: ", bytes.size(), " bytes are not a program image"));
  }
  if (Word(bytes, 1) != kCardImageVersion) {
    return absl::DataLossError(absl::StrCat("program image: format version ", Word(bytes, 1),
                                            ", this build reads ", kCardImageVersion));
  }
  if (Word(bytes, 3) != bytes.size() / kBeatBytes) {
    return absl::DataLossError(absl::StrCat("program image: ", bytes.size() / kBeatBytes,
                                            " beats, its header says ", Word(bytes, 3)));
  }
  if (Word(bytes, 4) != RegionChecksum(bytes.subspan(kBeatBytes), 1)) {
    return absl::DataLossError("program image: the checksum does not fit the content");
  }
  if (Word(bytes, 2) != Shape(config)) {
    const int64_t tile = Word(bytes, 2) & 0xFFFF;
    return absl::FailedPreconditionError(absl::StrCat("program image: made for a ", tile, "x", tile,
                                                      "x", Word(bytes, 2) >> 16,
                                                      " array, the card's is ", config.Name()));
  }
  return absl::OkStatus();
}

}  // namespace sta::card
