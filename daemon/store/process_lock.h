#pragma once
#include <filesystem>

#include "base/result.h"

namespace retaind::store {

/// One process sends from a store: flock on `<store>.lock`, which the kernel lets go when the
/// process ends, however it ends. The file stays; it holds the process id for whoever is refused.
class ProcessLock {
 public:
  /// `conflict` names the process that has it.
  static Result<ProcessLock> take(const std::filesystem::path& store);
  ProcessLock(ProcessLock&& other) noexcept;
  ProcessLock& operator=(ProcessLock&&) = delete;
  ~ProcessLock();

 private:
  explicit ProcessLock(int file) : file_(file) {}
  int file_;
};

}  // namespace retaind::store
