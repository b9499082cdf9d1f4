#include <csignal>
#include <cstdio>
#include <exception>

#include "app/command.h"

int main(int argc, char** argv) {
  // A file that may not grow any more is an error of the write that finds out, which has a message.
  std::signal(SIGXFSZ, SIG_IGN);
  // The only catch-all: what gets here is a mistake in this program, and is said as one.
  try {
    return retaind::app::run_command(retaind::app::Words(argv + 1, argv + argc));
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "error: internal: %s; please report it with what you did\n",
                 exception.what());
    return retaind::app::exit_wrong;
  }
}
