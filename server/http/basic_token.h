// SPDX-License-Identifier: Apache-2.0
//
// A browser asks a person for a name and a password, and sends them as "Basic
// BASE64(NAME:PASSWORD)": the password is the token, the name is anybody's. For pages that a person
// looks at; other clients send "Bearer TOKEN".
//
//   std::string bearer = BearerOfBasic("Basic Om9wZW4=");   // "Bearer open"
//
// A pure function.
#ifndef SERVER_HTTP_BASIC_TOKEN_H_
#define SERVER_HTTP_BASIC_TOKEN_H_

#include <string>
#include <string_view>

namespace sta {

// What a 401 says so that a browser asks.
inline constexpr std::string_view kBasicChallenge = "Basic realm=\"sta-server\", charset=\"UTF-8\"";

// Empty where `authorization` is anything else.
std::string BearerOfBasic(std::string_view authorization);

}  // namespace sta

#endif  // SERVER_HTTP_BASIC_TOKEN_H_
