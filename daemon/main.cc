#include <cstdio>
#include <exception>

#include "app/command.h"

int main(int argc, char** argv) {
  // The only catch-all: what gets here is a mistake in this program, and is said as one.
  try {
    return retaind::app::run_command(retaind::app::Words(argv + 1, argv + argc));
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "error: internal: %s; please report it with what you did\n",
                 exception.what());
    return retaind::app::exit_wrong;
  }
}
