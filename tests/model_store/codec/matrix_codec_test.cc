// SPDX-License-Identifier: Apache-2.0
#include "model_store/codec/matrix_codec.h"

#include <gtest/gtest.h>

#include "accel/program/random_encoder.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;

// Weights of few different values, which zstd shrinks.
NmMatrix CompressibleMatrix() {
  NmMatrix matrix = RandomMatrix(3, 64, 100, {2, 8});
  for (int8_t& value : matrix.values) value = static_cast<int8_t>(value % 3);
  return matrix;
}

TEST(MatrixCodecTest, RoundTripsRawAndCompressedValues) {
  const NmMatrix random = RandomMatrix(5, 64, 100, {3, 16});
  const EncodedMatrix raw = EncodeMatrix(random);
  EXPECT_FALSE(raw.values_compressed);
  STA_ASSERT_OK_AND_ASSIGN(const NmMatrix raw_back, DecodeMatrix(64, 100, {3, 16}, raw.View()));
  EXPECT_EQ(raw_back, random);

  const NmMatrix compressible = CompressibleMatrix();
  const EncodedMatrix small = EncodeMatrix(compressible);
  EXPECT_TRUE(small.values_compressed);
  EXPECT_LT(small.values.size(), compressible.values.size());
  STA_ASSERT_OK_AND_ASSIGN(const NmMatrix back, DecodeMatrix(64, 100, {2, 8}, small.View()));
  EXPECT_EQ(back, compressible);
}

TEST(MatrixCodecTest, RefusesDamagedValues) {
  EncodedMatrix encoded = EncodeMatrix(CompressibleMatrix());
  const auto decode = [&] { return DecodeMatrix(64, 100, {2, 8}, encoded.View()); };
  encoded.values.pop_back();
  EXPECT_THAT(decode(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("damaged")));
  encoded.values.assign(3, 0);
  EXPECT_THAT(decode(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("damaged")));
  encoded.values_compressed = false;
  EXPECT_THAT(decode(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("expected are 1664")));
  encoded.values.assign(1664, 0x80);
  EXPECT_THAT(decode(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("-128")));
}

TEST(MatrixCodecTest, RefusesShapesBeforeAllocating) {
  const EncodedMatrixView empty;
  for (const auto& [rows, columns] :
       {std::pair<int64_t, int64_t>{0, 8}, {8, 0}, {-1, 8}, {65537, 8}, {8, INT64_MAX}}) {
    EXPECT_THAT(DecodeMatrix(rows, columns, {2, 8}, empty),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(DecodeMatrix(8, 8, {2, 5}, empty), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(DecodeMatrix(65536, 65536, Pattern::Dense(), empty),
              StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace sta
