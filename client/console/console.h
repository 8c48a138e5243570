// SPDX-License-Identifier: Apache-2.0
//
// Console: where a command reads and writes, handed in so that tests can capture it.
// Holds references: the streams must outlive it. Not thread-safe.
#ifndef CLIENT_CONSOLE_CONSOLE_H_
#define CLIENT_CONSOLE_CONSOLE_H_

#include <istream>
#include <ostream>

namespace sta::client {

struct Console {
  std::istream& in;
  std::ostream& out;  // results
  std::ostream& err;  // progress and errors
  // Whether a person types into `in`, and watches `out` and `err`, so that what is there may be
  // redrawn.
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
};

}  // namespace sta::client

#endif  // CLIENT_CONSOLE_CONSOLE_H_
