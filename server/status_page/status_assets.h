// SPDX-License-Identifier: Apache-2.0
//
// What belongs to the status page and never changes: its style and its script. They are files of
// their own so that the page's policy forbids what stands in the page itself.
#ifndef SERVER_STATUS_PAGE_STATUS_ASSETS_H_
#define SERVER_STATUS_PAGE_STATUS_ASSETS_H_

#include <string_view>

namespace sta {

extern const std::string_view kStatusStyle;   // CSS
extern const std::string_view kStatusScript;  // JavaScript

// Content-Security-Policy of the page: its own style and script, its own JSON, and nothing else
// from anywhere.
inline constexpr std::string_view kStatusPolicy =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace sta

#endif  // SERVER_STATUS_PAGE_STATUS_ASSETS_H_
