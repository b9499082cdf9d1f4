#pragma once
#include <cstdint>
#include <string>

namespace retaind {

/// Seeded randomness (xoshiro256**, Blackman and Vigna 2018): jitter, coupon codes, ids. The same
/// seed gives the same sequence on every machine. Buckets and keys use hashes, never this.
class Rng {
 public:
  explicit Rng(std::uint64_t seed);
  std::uint64_t next();
  /// Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit();
  /// `length` characters of Crockford's base32 alphabet (no I, L, O, U), upper case.
  std::string code(std::size_t length);

 private:
  std::uint64_t state_[4];
};

/// A seed from the operating system, for the process that runs live.
std::uint64_t seed_from_system();

}  // namespace retaind
