// SPDX-License-Identifier: Apache-2.0
//
// From a Status to an HTTP response. The codes' meanings are those of status_mapping.h, their HTTP
// statuses the ones that Google's APIs use. A refusal that says when to try again
// (server/batching/retry_after.h) has the headers `Retry-After`, in whole seconds, and
// `retry-after-ms`.
//
// Pure functions.
#ifndef SERVER_HTTP_HTTP_ERROR_H_
#define SERVER_HTTP_HTTP_ERROR_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/http/http_message.h"

namespace sta {

// 200 for OK, else 400 to 599; 499 where the client has gone.
int HttpStatusOf(absl::StatusCode code);

// {"error": "..."}, as the Open Inference Protocol has it. `status` is not OK.
HttpResponse ErrorResponse(const absl::Status& status);

// {"error": {"message", "type", "param", "code"}}, as OpenAI's clients read it. `param` is the
// member that the message begins with, where it begins with one: "input[3]: ...".
HttpResponse OpenAiErrorResponse(const absl::Status& status);

// Text as a JSON string with its quotes. What is not UTF-8 is replaced.
std::string JsonString(std::string_view text);

}  // namespace sta

#endif  // SERVER_HTTP_HTTP_ERROR_H_
