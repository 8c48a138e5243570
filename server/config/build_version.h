// SPDX-License-Identifier: Apache-2.0
//
// The version of this build, as --version and ServerMetadata tell it.
#ifndef SERVER_CONFIG_BUILD_VERSION_H_
#define SERVER_CONFIG_BUILD_VERSION_H_

#include <string_view>

namespace sta {

inline constexpr std::string_view kBuildVersion = STA_VERSION;

}  // namespace sta

#endif  // SERVER_CONFIG_BUILD_VERSION_H_
