// SPDX-License-Identifier: Apache-2.0
//
// XrtProgram: a Program for cards of one array size: what goes into a card's memory, and what the
// host has to know of it. Internal to accel/xrt.
#ifndef ACCEL_XRT_XRT_PROGRAM_H_
#define ACCEL_XRT_XRT_PROGRAM_H_

#include <cstdint>
#include <utility>

#include "accel/device.h"
#include "accel/program/card/card_image.h"
#include "accel/program/card/expected_checksum.h"
#include "accel/xrt/run_estimate.h"

namespace sta {

struct XrtProgram final : public LoadedProgram {
  // `program_id` is unique among those of a device, for ever.
  XrtProgram(uint64_t program_id, card::CardImage card_image, double clock_mhz)
      : id(program_id),
        image(std::move(card_image)),
        checksums(image),
        estimate(image, clock_mhz) {}

  int64_t memory_bytes() const override { return std::ssize(image.bytes); }

  const uint64_t id;
  const card::CardImage image;
  const card::ImageChecksums checksums;
  const RunEstimate estimate;
};

}  // namespace sta

#endif  // ACCEL_XRT_XRT_PROGRAM_H_
