// SPDX-License-Identifier: Apache-2.0
//
// stactl: see client/commands.
#include <unistd.h>

#include <iostream>

#include "client/commands/stactl.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  sta::client::Console console{.in = std::cin,
                               .out = std::cout,
                               .err = std::cerr,
                               .in_is_terminal = isatty(STDIN_FILENO) != 0,
                               .out_is_terminal = isatty(STDOUT_FILENO) != 0,
                               .err_is_terminal = isatty(STDERR_FILENO) != 0};
  return sta::client::RunStactl(std::vector<std::string>(argv + 1, argv + argc), console);
}
