// SPDX-License-Identifier: Apache-2.0
//
// Runs stactl in this process, with streams in place of a terminal:
//
//   const Outcome run = RunWith({"embed", "--help"});
#ifndef TESTS_CLIENT_COMMANDS_RUN_STACTL_H_
#define TESTS_CLIENT_COMMANDS_RUN_STACTL_H_

#include <sstream>
#include <string>
#include <vector>

#include "client/commands/stactl.h"

namespace sta::client {

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

struct StreamsForTest {
  std::string input;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
};

inline Outcome RunWith(const std::vector<std::string>& args, const StreamsForTest& streams = {}) {
  std::istringstream in(streams.input);
  std::ostringstream out;
  std::ostringstream err;
  Console console{in, out, err, false, streams.out_is_terminal, streams.err_is_terminal};
  const int code = RunStactl(args, console);
  return {code, out.str(), err.str()};
}

}  // namespace sta::client

#endif  // TESTS_CLIENT_COMMANDS_RUN_STACTL_H_
