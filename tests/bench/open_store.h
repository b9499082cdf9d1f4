#pragma once
// A store of a benchmark's own; what cannot be opened ends the run.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "store/database.h"

namespace bench {

inline retaind::store::Database open_store(const std::filesystem::path& file,
                                           retaind::store::Database::Mode mode) {
  retaind::store::Database::Options options;
  options.mode = mode;
  options.durable = false;
  auto database = retaind::store::Database::open(file, options);
  if (!database) {
    std::fprintf(stderr, "%s\n", database.error().message.c_str());
    std::exit(1);
  }
  return *std::move(database);
}

}  // namespace bench
