// SPDX-License-Identifier: Apache-2.0
#include "model_store/store/file_error.h"

#include <cerrno>
#include <string>
#include <system_error>

#include "strings/str_cat.h"

namespace sta {
namespace {

absl::StatusCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT:
      return absl::StatusCode::kNotFound;
    case EEXIST:
    case ENOTEMPTY:
      return absl::StatusCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::StatusCode::kResourceExhausted;
    case EROFS:
      return absl::StatusCode::kFailedPrecondition;
    case EACCES:
    case EPERM:
      return absl::StatusCode::kPermissionDenied;
    case ENAMETOOLONG:
      return absl::StatusCode::kInvalidArgument;
    case EIO:
    case EUCLEAN:
    case EBADMSG:
    case ELOOP:
    case ENOTDIR:
    case EISDIR:
    case ENXIO:
      return absl::StatusCode::kDataLoss;
    default:
      return absl::StatusCode::kInternal;
  }
}

std::string Reason(int error_number) {
  // The system's text, "too many levels of symbolic links", says the opposite of what happened.
  if (error_number == ELOOP) return "it is a symbolic link";
  return std::generic_category().message(error_number);
}

}  // namespace

absl::Status FileError(int error_number, std::string_view attempt,
                       const std::filesystem::path& path) {
  return {CodeOf(error_number),
          StrCat("cannot ", attempt, " '", path.string(), "': ", Reason(error_number))};
}

absl::Status LinkError(int error_number, const std::filesystem::path& path) {
  const absl::Status status = FileError(error_number, "make the link", path);
  if (error_number == EPERM || error_number == EMLINK || error_number == EOPNOTSUPP ||
      error_number == EXDEV) {
    return {absl::StatusCode::kUnimplemented, status.message()};
  }
  return status;
}

}  // namespace sta
