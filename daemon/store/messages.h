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

  /// The new message's id, or nullopt when the firing has this step already. A message that has an
  /// id already, from next_id(), keeps it.
  std::optional<std::int64_t> add(const Message& message);
  /// The id that the next message gets.
  std::int64_t next_id();
  std::optional<Message> find(std::int64_t id);
  /// Everything that changes: state, reason, line, due, late_from, next_at, attempts, envelope,
  /// times, reply, recipient, customer. Not the variant.
  void save(const Message& message);

  void set_variant(std::int64_t id, const std::string& variant);

  /// Ids whose next check is due, by (next check, priority, due, id).
  std::vector<std::int64_t> due(Channel channel, Time now, int limit);
  /// The same for looks that follow at once: find() and Ledger::firing() need not read them again.
  std::vector<std::int64_t> fetch_due(Channel channel, Time now, int limit);
  /// The same by id, behind one.
  std::vector<std::int64_t> due_behind(Channel channel, Time now, std::int64_t id, int limit);
  /// The earliest next check of a channel.
  std::optional<Time> next_check(Channel channel);
  /// When the last message left that is known to have left, or may have.
  std::optional<Time> last_handed();
  std::vector<std::int64_t> of_firing(std::int64_t firing);
  /// Whether the firing has a message that is not final; `except`, one of its own, left aside.
  bool firing_waits(std::int64_t firing, std::int64_t except);
  /// When the next later message of the firing is due: from then on this one, due at `due`, does
  /// not go any more.
  std::optional<Time> overtaken_at(std::int64_t firing, Time due);
  /// Whether something of the firing may still arrive: handed over, or frozen in a digest.
  bool on_its_way(std::int64_t firing);
  /// The first message of a firing that was handed over and neither refused nor given up since.
  std::optional<std::int64_t> first_handed(std::int64_t firing);
  std::vector<std::int64_t> in_state(MessageState state);
  /// Waiting messages of a customer, or of a rule.
  std::vector<std::int64_t> waiting_of_customer(std::int64_t customer);
  std::vector<std::int64_t> waiting_of_rule(std::int64_t rule, int limit, std::int64_t after);
  /// Those that a change of a row may concern: messages of its firings that run and, of a customer,
  /// those to it. Only who is not looked at by `at` anyway.
  struct Asleep {
    std::int64_t id = 0;
    std::int64_t rule = 0;
  };
  std::vector<Asleep> asleep_of_row(Subject subject, std::int64_t row, Time at);
  std::vector<Asleep> asleep_of_customer(std::int64_t customer, Time at);
  /// Brings the next check forward, unless the message waits out a peer's refusal; nothing else
  /// changes.
  void wake(std::int64_t id, Time at);
  /// Messages waiting for one of these reasons are looked at again: a hold was released, a rule
  /// resumed.
  int wake_reason(Reason reason, std::optional<std::int64_t> rule, Time at);

  /// Everything of a rule that waits is looked at again: it was removed.
  int wake_rule(std::int64_t rule, Time at);

  /// For a wait whose end nobody knows: a change of the facts brings the look forward.
  static constexpr Time never{Duration{253370764800000}};
  /// When a message is looked at next, for people; nothing where nobody knows.
  static std::optional<Time> look_at(std::optional<Time> next_at) {
    return next_at && *next_at < never ? next_at : std::nullopt;
  }
  // Recipients are served one at a time: who comes while another message is on its way is parked.
  static constexpr Time parked{Duration{253370851200000}};
  /// The recipient is free for the first of those who wait: by priority, due, id. False: nobody
  /// did.
  bool unpark(Channel channel, std::string_view recipient, Time at);
  void unpark_all(Time at);

  // Restored stores (semantics 23), and the brake
  /// Waiting messages of live rules that were due by `until`, by (due, id): by their own due, or,
  /// when planned after `replaced_at`, by that of their occurrence.
  std::vector<std::int64_t> lost_by(Time until, Time replaced_at, int limit);
  /// How many of a rule's messages wait with a due time by `until`, or were handed over since.
  std::int64_t let_loose(std::int64_t rule, Time since, Time until);

  // Digests
  std::optional<std::int64_t> open_envelope(std::int64_t rule, std::string_view step,
                                            std::string_view recipient);
  std::vector<std::int64_t> items_of(std::int64_t envelope);
  /// Nothing was left to put into it, and nobody has seen it.
  void remove_envelope(std::int64_t id);

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
  /// The last day to which messages were moved.
  std::optional<std::pair<int, Day>> last_reserved(std::int64_t rule);
  /// The messages get their due times anew, so nothing is reserved from this day on.
  void forget_reserved(std::int64_t rule, int from_yyyymmdd);

  // Minted with the message, once
  std::optional<CouponRow> coupon(std::int64_t message);
  void add_coupon(const CouponRow& coupon);
  /// The send was put off, and the coupon is valid from the send.
  void extend_coupon(std::int64_t message, Time valid_until);
  std::optional<SurveyRow> survey(std::int64_t message);
  void add_survey(const SurveyRow& survey);
  void void_minted(std::int64_t message, Time at);
  /// The message goes after all (`retaind retry`).
  void revive_minted(std::int64_t message);

  void pause_marketing(std::int64_t customer, Time until);

 private:
  std::optional<std::int64_t> insert(const Message& message);
  void write_behind(const Message& message);
  /// `old`: what the row has; nullptr: unknown.
  void update(const Message& message, const Message* old);
  Database* database_;
};

}  // namespace retaind::store
