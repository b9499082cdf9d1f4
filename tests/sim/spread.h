#pragma once
#include "options.h"
#include "simulation.h"

namespace sim {

/// What all seeds did together.
struct Sum {
  Result all;
  int failed = 0;  ///< seeds; each has said why
};

/// Runs the seeds in several processes: seed by seed in turn, so that each gets its share of busy
/// shops. Says what failed on standard output; a process that dies counts as a failed seed.
Sum run_seeds(const Options& options);

}  // namespace sim
