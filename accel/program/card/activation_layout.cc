// SPDX-License-Identifier: Apache-2.0
#include "accel/program/card/activation_layout.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

#include "strings/str_cat.h"

namespace sta::card {
namespace {

constexpr int64_t kValueBytes = 2;  // int16

static_assert(std::endian::native == std::endian::little, "values are copied as they lie");

// visit(index of a value in the batch's rows, its first byte in the region, bytes): a token's
// channels of one granule, which lie side by side in both.
template <typename Visitor>
void VisitPieces(const CardImage& image, const ScheduledRun& run, const Visitor& visit) {
  const CardConfig& config = image.config;
  const int64_t granule_tokens = config.granule_tokens();
  for (const RunSequence& sequence : run.sequences) {
    for (int64_t token = 0; token < sequence.tokens; ++token) {
      const int64_t place = sequence.first_group * config.tile + token;
      const int64_t granule = place / granule_tokens * image.hidden_blocks();
      const int64_t row = (sequence.first_row + token) * image.hidden_size;
      const int64_t in_granule = place % granule_tokens * config.tile * kValueBytes;
      for (int64_t block = 0; block * config.tile < image.hidden_size; ++block) {
        const int64_t channel = block * config.tile;
        const int64_t values = std::min(config.tile, image.hidden_size - channel);
        visit(static_cast<size_t>(row + channel),
              static_cast<size_t>((granule + block) * config.granule_bytes() + in_granule),
              static_cast<size_t>(values * kValueBytes));
      }
    }
  }
}

}  // namespace

std::vector<uint8_t> PackRows(const CardImage& image, const ScheduledRun& run,
                              std::span<const int16_t> rows) {
  std::vector<uint8_t> region(static_cast<size_t>(run.region_beats() * kBeatBytes));
  PackRows(image, run, rows, region);
  return region;
}

void PackRows(const CardImage& image, const ScheduledRun& run, std::span<const int16_t> rows,
              std::span<uint8_t> region) {
  std::ranges::fill(region, uint8_t{0});
  VisitPieces(image, run, [&](size_t value, size_t byte, size_t bytes) {
    std::memcpy(&region[byte], &rows[value], bytes);
  });
}

absl::Status UnpackRows(const CardImage& image, const ScheduledRun& run,
                        std::span<const uint8_t> region, std::span<int16_t> rows) {
  if (std::ssize(region) != run.region_beats() * kBeatBytes) {
    return absl::InvalidArgumentError(absl::StrCat("output region of ", region.size(),
                                                   " bytes, the run's has ",
                                                   run.region_beats() * kBeatBytes));
  }
  VisitPieces(image, run, [&](size_t value, size_t byte, size_t bytes) {
    std::memcpy(&rows[value], &region[byte], bytes);
  });
  return absl::OkStatus();
}

}  // namespace sta::card
