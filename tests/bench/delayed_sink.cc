// The sink with late replies as a process: delayed_sink PORT MILLISECONDS
#include "bench/delayed_sink.h"

#include <cstdlib>

int main(int count, char** arguments) {
  if (count != 3) return 2;
  retaind::bench::DelayedSink(std::atoi(arguments[1]), retaind::Duration{std::atoi(arguments[2])})
      .run();
}
