// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/file_error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <utility>

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using testing::HasSubstr;
using enum absl::StatusCode;

TEST(FileErrorTest, GivesEveryErrnoItsCode) {
  constexpr std::pair<int, absl::StatusCode> kCodes[] = {{ENOENT, kNotFound},
                                                         {EEXIST, kAlreadyExists},
                                                         {ENOTEMPTY, kAlreadyExists},
                                                         {ENOSPC, kResourceExhausted},
                                                         {EDQUOT, kResourceExhausted},
                                                         {EFBIG, kResourceExhausted},
                                                         {EMFILE, kResourceExhausted},
                                                         {ENFILE, kResourceExhausted},
                                                         {ENOMEM, kResourceExhausted},
                                                         {EROFS, kFailedPrecondition},
                                                         {EACCES, kPermissionDenied},
                                                         {EPERM, kPermissionDenied},
                                                         {ENAMETOOLONG, kInvalidArgument},
                                                         {EIO, kDataLoss},
                                                         {EUCLEAN, kDataLoss},
                                                         {EBADMSG, kDataLoss},
                                                         {ELOOP, kDataLoss},
                                                         {ENOTDIR, kDataLoss},
                                                         {EISDIR, kDataLoss},
                                                         {ENXIO, kDataLoss},
                                                         {EINVAL, kInternal},
                                                         {EXDEV, kInternal},
                                                         {EMLINK, kInternal}};
  for (const auto& [error_number, code] : kCodes) {
    EXPECT_THAT(FileError(error_number, "open", "/m/a"), StatusIs(code)) << error_number;
  }
}

TEST(FileErrorTest, SaysWhatWasTriedWhereAndWhyNot) {
  EXPECT_EQ(FileError(ENOSPC, "write to", "/m/a").message(),
            "cannot write to '/m/a': No space left on device");
  EXPECT_EQ(FileError(ELOOP, "open", "/m/a").message(),
            "cannot open '/m/a': it is a symbolic link");
}

TEST(FileErrorTest, ALinkThatIsNotPossibleHereIsUnimplemented) {
  for (const int error_number : {EPERM, EMLINK, EOPNOTSUPP, EXDEV}) {
    EXPECT_THAT(LinkError(error_number, "/m/a"), StatusIs(kUnimplemented, HasSubstr("'/m/a'")));
  }
  EXPECT_THAT(LinkError(EACCES, "/m/a"), StatusIs(kPermissionDenied));
  EXPECT_THAT(LinkError(EEXIST, "/m/a"), StatusIs(kAlreadyExists));
}

}  // namespace
}  // namespace sta
