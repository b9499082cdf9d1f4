#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/outbox.h"
#include "store/database.h"

namespace retaind::store {

struct CouponRow {
  std::string code;
  std::int64_t message = 0;
  std::int64_t rule = 0;
  std::optional<std::int64_t> customer;
  std::string name;
  std::optional<std::int64_t> percent_off;
  std::optional<std::int64_t> amount_minor;
  std::string currency;
  bool single_use = true;
  std::optional<Time> valid_until;
  Time minted_at;
};

struct SurveyRow {
  std::string token;
  std::int64_t message = 0;
  std::int64_t rule = 0;
  std::optional<std::int64_t> customer;
  std::string kind;
  std::optional<Subject> subject;
  std::optional<std::int64_t> row;
  Time minted_at;
};

/// Messages and what is minted for them. Every call belongs to the caller's transaction.
class Messages {
 public:
  explicit Messages(Database& database) : database_(&database) {}

  /// The new message's id, or nullopt when the firing has this step already.
  std::optional<std::int64_t> add(const Message& message);
  std::optional<Message> find(std::int64_t id);
  /// Everything that changes: state, reason, line, due, late_from, next_at, attempts, envelope,
  /// times, reply.
  void save(const Message& message);

  /// Ids whose next check is due, by (next check, priority, due, id).
  std::vector<std::int64_t> due(Channel channel, Time now, int limit);
  /// The earliest next check of a channel.
  std::optional<Time> next_check(Channel channel);
  std::vector<std::int64_t> of_firing(std::int64_t firing);
  /// Whether the firing has a message that is not final; `except` left aside.
  bool firing_waits(std::int64_t firing, std::int64_t except);
  /// Whether a later message of the firing, due by now, waits as well.
  bool overtaken(std::int64_t firing, std::int64_t id, Time due, Time now);
  /// When the next later message of the firing is due: it will overtake this one.
  std::optional<Time> overtaken_at(std::int64_t firing, std::int64_t id, Time due);
  /// The first message of a firing that was handed over.
  std::optional<std::int64_t> first_handed(std::int64_t firing);
  std::vector<std::int64_t> in_state(MessageState state);
  /// Waiting messages of a customer, or of a rule.
  std::vector<std::int64_t> waiting_of_customer(std::int64_t customer);
  std::vector<std::int64_t> waiting_of_rule(std::int64_t rule, int limit, std::int64_t after);
  /// Brings the next check forward; nothing else changes.
  void wake(std::int64_t id, Time at);
  /// Messages waiting for one of these reasons are looked at again: a hold was released, a rule
  /// resumed.
  int wake_reason(Reason reason, std::optional<std::int64_t> rule, Time at);

  /// Everything of a rule that waits is looked at again: it was edited or removed.
  int wake_rule(std::int64_t rule, Time at);

  // Digests
  std::optional<std::int64_t> open_envelope(std::int64_t rule, std::string_view step,
                                            std::string_view recipient);
  std::vector<std::int64_t> items_of(std::int64_t envelope);

  // Caps: one row a counted send
  int counted_since(std::string_view recipient, Time after);
  /// When the n-th newest counted send happened (n from 1).
  std::optional<Time> nth_newest_count(std::string_view recipient, int n);
  void add_count(std::string_view recipient, Time at, std::int64_t message);
  void drop_count(std::string_view recipient, std::int64_t message);

  // Limits: a rule's local days
  struct Day {
    int used = 0;
    int reserved = 0;
  };
  Day day(std::int64_t rule, int yyyymmdd);
  void use_day(std::int64_t rule, int yyyymmdd, int by);
  void reserve_day(std::int64_t rule, int yyyymmdd);

  // Minted with the message, once
  std::optional<CouponRow> coupon(std::int64_t message);
  void add_coupon(const CouponRow& coupon);
  std::optional<SurveyRow> survey(std::int64_t message);
  void add_survey(const SurveyRow& survey);
  void void_minted(std::int64_t message, Time at);

  void pause_marketing(std::int64_t customer, Time until);
  void save_body(std::int64_t message, Time at, std::string_view bytes);
  std::optional<std::string> body(std::int64_t message);

 private:
  Database* database_;
};

}  // namespace retaind::store
