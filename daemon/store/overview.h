#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/fields.h"
#include "model/ledger.h"
#include "store/database.h"

namespace retaind::store {

/// What the ledger holds, as people ask for it. Reads only; addresses do not appear.
class Overview {
 public:
  explicit Overview(Database& database) : database_(&database) {}

  struct Filter {
    std::optional<MessageState> state;
    std::string rule;         ///< empty: every rule
    std::string customer;     ///< the site's own id; empty: everybody
    std::int64_t before = 0;  ///< ids below this only; 0: from the newest
    int limit = 100;
  };
  struct Line {
    std::int64_t id = 0;
    std::string rule;
    std::string step;
    std::string variant;  ///< template, of a step with variants
    int repeat = 0;
    bool draft = false;
    std::string customer;  ///< empty: a digest, or a row without one
    Subject subject = Subject::customer;
    std::string row;  ///< key of what it is about; empty: a digest
    MessageState state = MessageState::planned;
    Reason reason = Reason::none;
    Time due;
    std::optional<Time> next_at;
    std::optional<Time> ended_at;
    std::optional<std::int64_t> envelope;  ///< the digest that it left in
    bool is_envelope = false;
    int attempts = 0;
    int code = 0;
    std::string reply;
  };
  /// Newest first.
  std::vector<Line> messages(const Filter& filter);
  /// Occurrences that ended before a message was planned, newest first; the state is `skipped`, the
  /// step empty, and ids are the firings'.
  std::vector<Line> occurrences(const Filter& filter);

  struct Count {
    MessageState state = MessageState::planned;
    Reason reason = Reason::none;
    bool over = false;  ///< nothing will happen any more
    std::int64_t messages = 0;
  };
  /// Messages of a rule due in [from, to), by state and reason. Drafts, and digests (their items
  /// are counted), left out.
  std::vector<Count> messages_due(std::int64_t rule, Time from, Time to);
  struct VariantCount {
    std::string step;
    std::string variant;
    std::int64_t sent = 0, waiting = 0, unknown = 0,
                 ended = 0;  ///< as messages_due tells them apart
  };
  /// The same for each text of the steps with variants.
  std::vector<VariantCount> variants_due(std::int64_t rule, Time from, Time to);
  /// Orders that no roll-up adds up, because their customer's are in another currency.
  std::int64_t orders_in_other_currency();
  /// How many messages of a rule are due in [from, to), counted without a look at their state.
  std::int64_t planned(std::int64_t rule, Time from, Time to);
  /// Of these, how many contradict themselves (a state that waits without a next check, a reason
  /// that does not go with the state), and how many firings due then are open with nothing to wait
  /// for or closed with something: 0, or a mistake of this program.
  std::int64_t stranded(std::int64_t rule, Time from, Time to);

  /// Occurrences and messages that ended for want of data, by the condition that decided.
  struct Unknown {
    int line = -1;  ///< of Message::line
    std::int64_t count = 0;
  };
  std::vector<Unknown> unknown_data(std::int64_t rule, Time from, Time to);

  struct Firings {
    std::int64_t with_messages = 0;
    /// Occurrences that planned no message, by reason; of a pass those that are only counted, too.
    std::map<Reason, std::int64_t> without;
    [[nodiscard]] std::int64_t all() const;
  };
  /// Firings of a rule due in [from, to); withdrawn ones, whose facts are gone, left out.
  Firings firings(std::int64_t rule, bool draft, Time from, Time to);

 private:
  Database* database_;
};

}  // namespace retaind::store
