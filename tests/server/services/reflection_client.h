// SPDX-License-Identifier: Apache-2.0
//
// ReflectionClient: asks a server's grpc.reflection.v1alpha what grpcurl and ghz ask. Blocking.
#ifndef TESTS_SERVER_SERVICES_REFLECTION_CLIENT_H_
#define TESTS_SERVER_SERVICES_REFLECTION_CLIENT_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

namespace sta {

class ReflectionClient {
 public:
  explicit ReflectionClient(std::shared_ptr<grpc::Channel> channel);

  std::vector<std::string> ListServices();

  // Asks for the file that defines `symbol`; full names of that file's messages (top level),
  // services and their methods. Empty where the server does not know the symbol.
  std::vector<std::string> DefinedSymbols(const std::string& symbol);

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace sta

#endif  // TESTS_SERVER_SERVICES_REFLECTION_CLIENT_H_
