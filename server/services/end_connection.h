// SPDX-License-Identifier: Apache-2.0
//
// Ends a TCP connection of this process that somebody else owns the descriptor of, such as gRPC,
// and says who was at its other end.
//
//   EndConnection({"\x7f\0\0\1", 8001}, {"\x7f\0\0\1", 40122}, 10'000);
//
// Thread-safe.
#ifndef SERVER_SERVICES_END_CONNECTION_H_
#define SERVER_SERVICES_END_CONNECTION_H_

#include <string>

#include "server/services/open_calls.h"

namespace sta {

// Its owner and its peer find it reset, and what the owner has not read is dropped. Looks at all
// descriptors below `descriptor_limit`, half a microsecond each. False: there is none that has
// these ends.
bool EndConnection(const Endpoint& local, const Endpoint& remote, int descriptor_limit);

// "192.0.2.7:40122", "[2001:db8::7]:40122"; "unknown" where it is not one of IP.
std::string FormatEndpoint(const Endpoint& endpoint);

}  // namespace sta

#endif  // SERVER_SERVICES_END_CONNECTION_H_
