// SPDX-License-Identifier: Apache-2.0
//
// Protobuf messages as JSON in the way of Triton's HTTP server, which its clients read: names as in
// the .proto file, every plain field also where it has its default, 64-bit integers as numbers.
// (protobuf's own JSON writes those as strings, which these clients do not take.) Members of a
// oneof and messages are there where they are set.
//
//   response.body = MessageJson(metadata).dump();
//
// Pure; no field of the messages that this is for holds bytes.
#ifndef SERVER_HTTP_MESSAGE_JSON_H_
#define SERVER_HTTP_MESSAGE_JSON_H_

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>

namespace sta {

nlohmann::ordered_json MessageJson(const google::protobuf::Message& message);

}  // namespace sta

#endif  // SERVER_HTTP_MESSAGE_JSON_H_
