#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/zone.h"
#include "store/facts.h"

namespace sim {

using retaind::Duration;
using retaind::LocalDate;
using retaind::Time;

/// The shop as it truly is, kept beside the store by whoever lives in it: what the checkers compare
/// the daemon's doings with. Indexes stand for rows; -1 is nobody.
struct Customer {
  std::string key, email, zone;
  std::int64_t row = 0;
  std::optional<LocalDate> birthday;
  std::optional<Time> created_at, history_until, first_order, paused_until;
  bool consent[2] = {false, false};  ///< marketing, feedback
  std::optional<Time> consent_at[2], consent_until[2];
  int orders = 0;
  int open_tickets = 0;
  struct Active {
    Time since;
    std::optional<Time> until;
  };
  std::vector<Active> active;
};

struct Order {
  std::string key;
  std::int64_t row = 0;
  int customer = -1;
  Time placed;
  std::optional<Time> shipped, completed, refunded, history_until;
};

struct Ticket {
  std::string key;
  std::int64_t row = 0;
  int customer = -1;
  Time opened;
  std::optional<Time> first_response, history_until;
  std::map<Time, std::string> words;  ///< status from then on
  [[nodiscard]] const std::string& status() const { return words.rbegin()->second; }
};

struct Feedback {
  std::string key, kind;
  std::int64_t row = 0;
  int customer = -1;
  std::optional<std::int64_t> score;
  Time received;
};

struct Subscription {
  std::string key, status;
  std::int64_t row = 0;
  int customer = -1;
  std::optional<std::int64_t> price;
  Time started;
  std::optional<Time> renews, history_until;
};

struct Event {
  std::string key, name;
  std::int64_t row = 0;
  int customer = -1;
  Time at;
};

bool is_resolved(const std::string& status);

struct Shop {
  std::vector<Customer> customers;
  std::vector<Order> orders;
  std::vector<Ticket> tickets;
  std::vector<Feedback> feedback;
  std::vector<Subscription> subscriptions;
  std::vector<Event> events;
  std::map<std::string, std::set<std::string>> suppressed;  ///< address → scopes

  [[nodiscard]] bool is_suppressed(const std::string& email, const std::string& purpose) const;
};

/// Random life in the shop: every call writes some facts in one transaction, and notes them in the
/// Shop when they are committed.
class Life {
 public:
  Life(retaind::store::Database& database, Shop& shop, retaind::Rng& rng);

  /// Customers with orders, tickets and subscriptions from before `now`.
  void populate(int customers, Time now, bool as_history);
  /// One thing happens.
  void happen(Time now);
  [[nodiscard]] std::int64_t facts() const { return facts_; }
  [[nodiscard]] const std::vector<std::string>& refusals() const { return refusals_; }

 private:
  int new_customer(Time created, Time now, bool hurried);
  void new_order(int customer, Time placed, Time now, bool done);
  void move_order(Time now);
  void correct_order(Time now);
  void new_ticket(int customer, Time opened);
  void ticket_word(int ticket, Time as_of, const std::string& status);
  void move_ticket(Time now);
  void answer(Time now);
  void new_subscription(int customer, Time started, Time now);
  void renew(Time now);
  void log_in(Time now);
  void attend(Time now);
  void consent(int customer, int purpose, bool granted, Time at, std::optional<Time> until);
  void change_consent(Time now);
  void suppress(Time now);
  void correct_customer(Time now);
  void act(int customer, Time at);
  int anyone() { return static_cast<int>(rng_->below(shop_->customers.size())); }
  bool chance(int percent) { return rng_->below(100) < static_cast<std::uint64_t>(percent); }
  Duration up_to(Duration most);
  template <class Fact>
  std::int64_t put(const Fact& fact);

  retaind::store::Database* database_;
  Shop* shop_;
  retaind::Rng* rng_;
  retaind::store::Facts writer_;
  std::optional<Time> history_;
  std::int64_t facts_ = 0;
  std::vector<std::string> refusals_;
};

}  // namespace sim
