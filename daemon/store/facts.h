#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/facts.h"
#include "store/database.h"
#include "store/roll_ups.h"
#include "store/row.h"

namespace retaind::store {

enum class Change : std::uint8_t { unchanged, inserted, updated };

struct Written {
  Change change = Change::unchanged;
  std::int64_t row = 0;
  std::uint64_t columns = 0;  ///< that changed (store/columns.h)
};

struct TicketWord;

/// Puts facts into the store by their external keys, in the caller's transaction: the row, the
/// roll-ups on customer and order, `history`, `ended_episode` and the change feed move together. An
/// identical fact writes nothing at all.
///
/// A refusal (`invalid`, `not_found`) says why and has written nothing. Failures of the store
/// itself come from the transaction's commit(), like those of all statements.
class Facts {
 public:
  /// `now` dates the change feed and the changes whose source does not date them.
  Facts(Database& database, Time now);
  void set_now(Time now) { now_ = now; }
  /// `import --history`: what is due by then for the rows written from now on is backlog.
  void set_history_until(std::optional<Time> until) { history_until_ = until; }

  Result<Written> put(const CustomerFact& fact) { return put(row_of(fact)); }
  Result<Written> put(const OrderFact& fact) { return put(row_of(fact)); }
  Result<Written> put(const ItemFact& fact) { return put(row_of(fact)); }
  Result<Written> put(const SubscriptionFact& fact) { return put(row_of(fact)); }
  Result<Written> put(const TicketFact& fact) { return put(row_of(fact)); }
  Result<Written> put(const FeedbackFact& fact) { return put(row_of(fact)); }
  Result<Written> put(const EventFact& fact) { return put(row_of(fact)); }
  Result<Written> put(const Row& given);
  /// Append-only. The same customer, purpose and time again changes nothing, except that a
  /// withdrawal wins.
  Result<Written> put(const ConsentFact& fact);
  Result<Written> put(const SuppressionFact& fact);

  /// Reads only: what put() would do. A row that it would refuse comes back as inserted, without a
  /// row.
  Written preview(const Row& given);
  bool would_change(const Row& row) { return preview(row).change != Change::unchanged; }
  bool would_change(const ConsentFact& fact);
  bool would_change(const SuppressionFact& fact);

  /// By key, else by alias; 0 when there is none.
  std::int64_t find_customer(std::string_view key);
  /// The same; an unknown key becomes a customer with nothing but the key, so that files may come
  /// in any order.
  std::int64_t customer(std::string_view key);
  /// How many such.
  [[nodiscard]] std::int64_t customers_made() const { return customers_made_; }
  bool has_alias(std::string_view alias, std::string_view customer_key);
  void add_alias(std::string_view alias, std::int64_t customer);
  std::int64_t find(Subject subject, std::string_view key);

 private:
  struct Found {
    std::int64_t id = 0;          ///< 0: not stored yet
    Statement* stored = nullptr;  ///< stands on the row: column 0 is id, then store/columns.h
    std::uint64_t changed = 0;
  };
  Result<void> resolve_parents(Row& row);
  void inherit_customer(Row& row, std::string_view sql, std::int64_t parent);
  Found compare(const Row& row);
  static void release(const Found& found) { found.stored->reset(); }
  std::int64_t insert(const Row& row);
  void update(const Row& row, std::int64_t id, std::uint64_t columns);
  void keep_history(const Row& row, const Found& found);
  void follow(const Row& row, const Found& found, std::int64_t id);
  void follow_customer(const Row& row, const Found& found, std::int64_t id);
  void follow_order(const Row& row, const Found& found);
  void follow_event(const Row& row, const Found& found);
  Written put_ticket(Row row);
  Written preview_ticket(Row row);
  Found compare_ticket(Row& row, TicketWord& word);

  Database& database_;
  Time now_;
  std::optional<Time> history_until_;
  RollUps roll_ups_;
  std::string email_key_;
  std::int64_t customers_made_ = 0;
};

}  // namespace retaind::store
