#pragma once
#include <filesystem>
#include <memory>

#include "base/result.h"

namespace retaind::app {

/// The process that sends: one loop, one timer armed for the core's next due time, signals, the
/// control socket, sd_notify. Idle it wakes once a minute, for the watchdog and to see whether
/// another process has written to the store.
class Daemon {
 public:
  struct Options {
    std::filesystem::path directory;
    bool until_idle =
        false;  ///< ends when nothing is on its way and nothing is due soon, for trying out
  };

  /// Locks and opens the store, loads the site, adopts its rules, binds the control socket.
  static Result<std::unique_ptr<Daemon>> start(const Options& options);
  /// Until SIGTERM, SIGINT or idleness; what is on the wire then is waited for, at most 30 seconds.
  /// The exit status.
  int run();

  struct Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace retaind::app
