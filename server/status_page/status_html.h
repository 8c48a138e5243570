// SPDX-License-Identifier: Apache-2.0
//
// A status report as a page that is whole without a script: where there is one, it writes newer
// numbers over these, cell by cell. Text of models and devices is escaped. Pure.
#ifndef SERVER_STATUS_PAGE_STATUS_HTML_H_
#define SERVER_STATUS_PAGE_STATUS_HTML_H_

#include <string>
#include <string_view>

#include "server/status_page/status_report.h"

namespace sta {

// Refers to status.css and status.js beside it, and to nothing else.
std::string StatusHtml(const StatusReport& report);

// Text as content of an element, or of an attribute in double or single quotes.
std::string EscapeHtml(std::string_view text);

}  // namespace sta

#endif  // SERVER_STATUS_PAGE_STATUS_HTML_H_
