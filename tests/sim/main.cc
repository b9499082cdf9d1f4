#define CATCH_CONFIG_RUNNER
#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "options.h"

sim::Options& sim::options() {
  static Options options;
  return options;
}

int main(int argc, char** argv) {
  Catch::Session session;
  using Catch::clara::Opt;
  sim::Options& options = sim::options();
  session.cli(session.cli() |
              Opt(options.first, "number")["--seed"]("first seed of the simulation") |
              Opt(options.seeds, "count")["--seeds"]("how many seeds") |
              Opt(options.processes, "count")["--processes"]("to share the seeds among") |
              Opt(options.failures, "count")["--failures"]("after which a process stops") |
              Opt(options.verbose)["--trace"]("print what happens"));
  if (const int wrong = session.applyCommandLine(argc, argv); wrong != 0) return wrong;
  // One thread and no account of memory: a tenth less time in SQLite.
  sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  // A thousand shops have a lot to say; the problems go to standard output.
  if (!options.verbose && std::freopen("/dev/null", "w", stderr) == nullptr) return 1;
  return session.run();
}
