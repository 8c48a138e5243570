// SPDX-License-Identifier: Apache-2.0
//
// A status report as JSON, which the page's script reads. docs/protocol.md has its members. Pure.
#ifndef SERVER_STATUS_PAGE_STATUS_JSON_H_
#define SERVER_STATUS_PAGE_STATUS_JSON_H_

#include <string>

#include "server/status_page/status_report.h"

namespace sta {

std::string StatusJson(const StatusReport& report);

}  // namespace sta

#endif  // SERVER_STATUS_PAGE_STATUS_JSON_H_
