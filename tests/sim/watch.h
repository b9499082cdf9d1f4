#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "delivery/transport.h"
#include "naive.h"
#include "store/ledger.h"
#include "store/messages.h"

struct sqlite3;

namespace sim {

/// What occurred over all seeds: a thing that the program implements and that never occurred is a
/// hole in the simulation.
struct Tally {
  std::map<std::string, std::int64_t> states, reasons, crash_points, faults, rules;
  void add(const Tally& other);
};

/// Looks at everything that leaves and at every row of the ledger that a transaction changed, and
/// says what may not be.
class Watch {
 public:
  Watch(retaind::store::Database& database, Shop& shop, const retaind::Site& site,
        const Naive& naive, Controls& controls, Tally& tally);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// The daemon gives a message to a transport.
  void handed(const retaind::delivery::Outgoing& out, Time now, Duration elapsed);
  /// The peer took it, whether or not anybody hears of it.
  void taken(const retaind::delivery::Outgoing& out);
  /// The daemon hears the outcome.
  void answered(std::int64_t id, retaind::delivery::OutcomeKind kind);
  /// Nobody will hear the outcome: the peer hung up, or the daemon died.
  void lost(std::int64_t id);
  /// The answers so far are in the ledger: what was refused has given its places back.
  void settled();
  void daemon_died() {
    flying_.clear();
    refused_.clear();
  }

  /// After each transaction of the daemon.
  void committed(Time now, Duration elapsed);
  [[nodiscard]] bool touched_messages() const { return !messages_touched_.empty(); }
  [[nodiscard]] bool touched() const {
    return !messages_touched_.empty() || !firings_touched_.empty();
  }

  /// At rest: occurrences by brute force against firings; nothing due is forgotten.
  void balance(Time now);
  void at_rest(Time now, std::size_t in_flight);
  /// The peers have answered well for a long time: all is final or waits for what still holds.
  void at_the_end(Time now, Duration elapsed);

  void say(std::string problem);
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  [[nodiscard]] std::int64_t changes() const { return changes_; }
  [[nodiscard]] std::int64_t sends() const { return sends_; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  /// Times, numbers and words of one thing that happened: two runs of a seed say the same.
  template <class... Parts>
  void trace(const Parts&... parts) {
    (note(parts), ...);
    end_of_line();
  }
  bool verbose = false;

 private:
  using What = std::function<std::string()>;  ///< written only when there is something to say
  struct Known {
    retaind::MessageState state = retaind::MessageState::planned;
    retaind::Reason reason = retaind::Reason::none;
    bool over = false;
  };
  struct Attempts {
    int handed = 0;
    int taken = 0;
    bool lost = false;
    std::string message_id, coupon, body;
    std::optional<Time> counted;  ///< hand-over that counts in the cap
  };
  using Place = std::tuple<std::string, std::int64_t, std::int64_t, bool, std::string, int>;

  void note_byte(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001b3ULL; }
  void note(std::string_view text);
  void note(std::int64_t number);
  void note(Time time);
  void end_of_line() const;
  static void on_change(void* self, int operation, const char* database, const char* table,
                        long long row);
  void check_changed(std::int64_t id, Time now, Duration elapsed);
  void check_firing(std::int64_t id, Time now, Duration elapsed);
  void check_pass(std::int64_t id, Time now, Duration elapsed);
  void check_slots(const retaind::language::Rule& rule, std::int64_t id, Time now);
  void check_reason(const Naive::Look& look, retaind::Reason reason, const What& what, bool follows,
                    const retaind::Firing& firing);
  void check_send(const retaind::Message& message, Time now, Duration elapsed);
  void check_part(const retaind::Message& part, const retaind::Message& carrier, Time now,
                  Duration elapsed);
  void check_hold(std::int64_t id, Time now);
  void check_brake(const retaind::Message& part, Time now);
  [[nodiscard]] std::optional<int> brake_of(const std::string& rule) const;
  void check_cap(const retaind::Message& message, const std::string& address, Time now);
  void check_once(const retaind::Message& message, const retaind::Firing& firing, Time now);
  void check_coupon(const retaind::Message& message, const retaind::delivery::Outgoing& out);
  std::vector<retaind::Message> parts_of(const retaind::Message& carrier);
  Naive::Look look_of(const retaind::language::Rule& rule, const retaind::Firing& firing, Time due,
                      Time late_from, Time now, Duration elapsed) const;
  [[nodiscard]] std::string rule_name(std::int64_t id);
  [[nodiscard]] int customer_index(std::optional<std::int64_t> row) const;
  [[nodiscard]] bool counts(const retaind::Message& message);
  std::int64_t number(const std::string& sql);

  retaind::store::Database* database_;
  retaind::store::Ledger ledger_;
  retaind::store::Messages messages_;
  Shop* shop_;
  const retaind::Site* site_;
  const Naive* naive_;
  Controls* controls_;  ///< what brakes hold is seen in the ledger and noted here
  Tally* tally_;
  std::set<std::int64_t> messages_touched_, firings_touched_, holds_touched_, passes_touched_;
  std::map<std::pair<std::string, Time>, std::set<std::int64_t>> let_loose_;  ///< rule, revision
  struct Pass {
    std::int64_t last = 0;  ///< rows up to here are decided
    Time began;
  };
  std::map<std::int64_t, Pass> passes_;
  std::map<std::int64_t, Known> known_;
  std::map<std::int64_t, Time> first_dues_;  ///< of each firing that was seen
  std::set<std::int64_t> let_in_;            ///< firings that the holdout did not keep
  std::map<std::tuple<std::int64_t, bool, std::int64_t, std::int64_t>, std::int64_t> occurrences_;
  std::map<std::int64_t, Attempts> attempts_;
  std::map<Place, std::int64_t> places_;  ///< occurrence, step and repeat → the message that goes
  std::map<std::string, std::string> ids_;                       ///< Message-ID → occurrence
  std::map<std::string, std::map<std::int64_t, Time>> counted_;  ///< address → message → when
  std::map<std::pair<std::string, int>, std::set<std::int64_t>> days_;  ///< rule, local day
  struct Sent {
    Time at;
    std::int64_t firing;
    std::int64_t message;
  };
  std::map<std::pair<std::string, std::int64_t>, std::vector<Sent>> once_;
  std::map<std::string, std::int64_t> flying_;  ///< recipient → message
  std::vector<std::pair<retaind::Message, std::vector<retaind::Message>>>
      refused_;  ///< with the parts; and that is not in the ledger yet
  std::map<std::int64_t, std::string> rule_names_;
  std::vector<std::string> problems_;
  std::int64_t changes_ = 0;
  std::int64_t sends_ = 0;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace sim
