#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/rng.h"
#include "store/database.h"

namespace retaind::store {

/// Recognises a store that was restored from an older copy, or copied from another machine: its
/// ledger does not know of every message that left, so the daemon must hold and ask (semantics 23).
///
/// The store counts its ledger commits. The same count, with the store's id, is written after each
/// commit into
/// `<store>.seen`, which no backup contains: a store that is behind its .seen, or has none or
/// another's, is a copy. The file is written without a flush of its own: it never runs ahead of a
/// durable commit, and after a power loss an older .seen beside a newer store is what an
/// undisturbed one looks like.
class Identity {
 public:
  enum class Kind : std::uint8_t {
    same,   ///< nothing to do
    fresh,  ///< never sent anything before; is known from now on
    older,  ///< in its old place, but from an earlier time
    copy,   ///< made by `retaind backup`, or without its .seen, or with another store's
  };
  struct Recognised {
    Kind kind = Kind::same;
    /// The last ledger commit that the store knows; messages may be missing after it. Empty: it
    /// knows none.
    std::optional<Time> missing_since;
    /// For people: what was seen, without a remedy. Empty for `same` and `fresh`.
    std::string about;
    [[nodiscard]] bool must_hold() const { return kind == Kind::older || kind == Kind::copy; }
  };

  /// Once at start, by the process that holds the ProcessLock. A store in memory is always fresh.
  static Result<Identity> open(Database& database, Rng& rng);
  [[nodiscard]] const Recognised& recognised() const { return recognised_; }

  /// Takes the store as this machine's from now on, under a new id; in the transaction that records
  /// the hold, followed by note(). Until then every start recognises it again.
  void adopt(Time now);
  /// Counts a ledger commit; inside its transaction.
  void advance(Time now);
  /// Writes the count beside the store; after the commit.
  Result<void> note();

  Identity(Identity&& other) noexcept;
  Identity& operator=(Identity&&) = delete;
  ~Identity();

 private:
  struct Mark {
    std::string id;
    std::int64_t counter = 0;
    std::int64_t at = 0;
  };
  Identity(Database& database, std::string next_id)
      : database_(&database), next_id_(std::move(next_id)) {}
  static std::optional<Mark> parse(const std::string& text);
  [[nodiscard]] static std::string text_of(const Mark& mark);
  std::optional<Mark> stored();
  void compare(const std::optional<Mark>& seen, bool marked);
  void write_mark();
  Result<void> open_seen(std::optional<Mark>& seen);

  Database* database_;
  std::string next_id_;  ///< for adopt()
  Mark mark_;
  Recognised recognised_;
  int seen_file_ = -1;
};

}  // namespace retaind::store
