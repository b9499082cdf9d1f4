#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/fields.h"
#include "model/ledger.h"
#include "store/database.h"

namespace retaind::store {

/// A message, or an occurrence that has none, by the keys of its facts.
struct LedgerEntry {
  std::int64_t message = 0;  ///< 0: an occurrence without a message
  std::int64_t firing = 0;   ///< 0: the envelope of a digest
  std::string rule;
  std::string step;     ///< of an envelope its step's key alone
  std::string variant;  ///< template, of a step with variants
  int repeat = 0;
  std::string recipient;  ///< keyed address, team or endpoint
  Subject subject = Subject::customer;
  std::int64_t row = 0;
  std::string key;       ///< of the row; empty for a schedule
  std::string customer;  ///< key; empty: none
  MessageState state = MessageState::planned;
  Reason reason = Reason::none;
  int line = -1;  ///< of the condition that decided
  Time due;
  std::optional<Time> anchor;
  std::optional<Time> next_at;
  std::optional<std::int64_t> envelope;  ///< the digest that an item rides in
};

/// The whole ledger, by (due, rule, id). For a store with the rows of a story: it is read at once.
std::vector<LedgerEntry> ledger_entries(Database& database);

}  // namespace retaind::store
