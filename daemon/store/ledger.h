#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/outbox.h"
#include "store/database.h"
#include "store/ended_firings.h"

namespace retaind::store {

/// A rule as the ledger knows it.
struct RuleRow {
  std::int64_t id = 0;
  std::string name;
  std::string first_name;
  int status = 0;
  std::string revision;
  std::string timing;
  std::optional<Time> activated_at;
  Time revised_at;
  std::optional<Time> counts_from;
  std::optional<Time> evaluated;
  std::int64_t left_out = 0;
  std::optional<Time> removed_at;
};

struct FeedRow {
  std::int64_t seq = 0;
  Subject subject = Subject::customer;
  std::int64_t row = 0;  ///< 0: any
  std::uint64_t columns = 0;
};

/// Who has a once-per place.
struct Place {
  std::int64_t firing = 0;
  bool kept = false;
  std::optional<Time> first_at;
};
/// Row and kind of the once-per subject in one number: an edit that counts by another kind of
/// subject meets no stranger's place.
constexpr std::int64_t scope_of(Subject subject, std::int64_t row) {
  return row * 8 + static_cast<std::int64_t>(subject);
}

/// Rules, firings and once-per places. Every call belongs to the caller's transaction; what
/// was sent is a fact here and is never recomputed.
class Ledger {
 public:
  explicit Ledger(Database& database) : database_(&database) {}

  // Rules
  std::vector<RuleRow> rules();
  std::int64_t add_rule(const RuleRow& rule, std::string_view text);
  void save_rule(const RuleRow& rule);
  /// Its holds go with it.
  void rename_rule(RuleRow& rule, const std::string& name);
  void add_revision(std::int64_t rule, Time at, std::string_view revision, std::string_view text);
  /// The rule file as it runs.
  std::string running_text(std::int64_t rule);
  /// vocabulary.yaml as the running rules read it; empty: the shipped words.
  std::string running_vocabulary();
  void set_running_vocabulary(std::string_view text);
  void set_evaluated(std::int64_t rule, Time through);
  std::int64_t trigger_id(std::string_view name);

  // Change feed
  std::int64_t feed_seen();
  void set_feed_seen(std::int64_t seq);
  std::vector<FeedRow> changes_after(std::int64_t seq, int limit);
  std::int64_t last_change();

  // Firings
  /// From now on what ends without a message stays in memory, and add_sent() is there, for a store
  /// that ends with this process. Everything here, Outlook and each_outcome() know it; other
  /// readers of the tables miss it.
  void keep_ended_aside();
  /// Nothing unless it is kept.
  const EndedFirings* ended_aside();
  /// Adds one of which the store's own table is known to have nothing.
  void add_ended(const Firing& firing, const EndedFirings::Keys& keys);
  /// Whether one more is kept aside: of a very large past the rest goes where it always goes.
  bool has_room_aside();
  /// Adds one whose only message was sent with it; has_firing() was false, and its id is that of
  /// ended_aside()->next_id().
  void add_sent(const Firing& firing, const Message& message,
                const std::optional<EndedFirings::Keys>& keys);
  /// The new firing's id, or nullopt when the occurrence has one already.
  std::optional<std::int64_t> add_firing(const Firing& firing);
  bool has_firing(const Firing& key);
  /// How many occurrences of a trigger that were due by a time are in the ledger.
  std::int64_t firings_through(std::int64_t rule, bool draft, std::int64_t trigger, Time through);
  std::optional<Firing> firing(std::int64_t id);
  std::optional<Firing> find_firing(const Firing& key);
  /// Ids of a rule's firings that still run.
  std::vector<std::int64_t> open_firings_of_rule(std::int64_t rule, bool draft, std::int64_t after,
                                                 int limit);
  /// All firings of a rule for a row, over and running.
  std::vector<Firing> firings_of_row(std::int64_t rule, bool draft, std::int64_t trigger,
                                     std::int64_t row);
  /// The facts have moved: anchor, due, planned and customer are what `firing` says; whatever was
  /// withdrawn is there again.
  void move_firing(const Firing& firing);
  void withdraw_firing(std::int64_t id);
  void set_held_out(std::int64_t id, bool held_out);
  void close_firing(std::int64_t id, Reason reason, int line);
  void add_decision(std::optional<std::int64_t> firing, std::optional<std::int64_t> message,
                    Time at, Reason reason, std::string_view values);

  // once-per
  std::optional<Place> place(std::int64_t rule, bool draft, std::int64_t scope);
  /// What a place is whose firing is over, though keep_place() was never told.
  Place as_kept(Place place);
  void take_place(std::int64_t rule, bool draft, std::int64_t scope, std::int64_t firing);
  /// Known without a look: it has taken its place since its row was read.
  [[nodiscard]] bool has_place(std::int64_t firing) const;
  /// The firing has sent: the place stays, and again-after counts from its first send. False when
  /// that was so already, or the firing does not have the place.
  bool keep_place(std::int64_t rule, bool draft, std::int64_t scope, std::int64_t firing,
                  Time first_at);
  void give_back_place(std::int64_t rule, bool draft, std::int64_t scope, std::int64_t firing);

  // Customers
  /// How many there have been: the highest id, found without a count.
  std::int64_t customers();
  std::optional<std::int64_t> customer_by_key(std::string_view key);

 private:
  bool is_in_table(const Firing& key);
  EndedFirings* aside();

  Database* database_;
};

}  // namespace retaind::store
