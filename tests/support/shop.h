#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "engine/balance.h"
#include "replay/world.h"
#include "store/facts.h"
#include "support/directory.h"

// A small shop in memory with the whole core on a virtual clock: what the tests of semantics drive.
// Times are written as wall time in the shop's zone, Europe/Berlin. It begins on Monday 2026-03-02
// at 10:00 with the calendars daytime (09:00-20:00) and support-hours (mon-fri 09:00-18:00).
namespace retaind::test {

using Lines = std::vector<std::string>;

class Shop {
 public:
  explicit Shop(std::string_view starts = "2026-03-02 10:00");
  Shop(const Shop&) = delete;
  Shop& operator=(const Shop&) = delete;
  /// Fails the test unless both balances add up for every local day so far.
  ~Shop();

  // The site's files, as they are when the daemon starts or reloads next
  Site site;
  std::string secret = "a secret of the tests";
  std::map<std::string, std::string> rules;  ///< id → YAML
  /// Name, or name.locale, → front matter and body; without a locale it is English.
  std::map<std::string, std::string> templates;
  /// The rule's text begins with "rule: ID".
  void rule(const std::string& text);
  void start();
  void reload();
  /// Of the store as it is.
  store::Database shadow();
  /// All of these, checked, as a start or a backtest takes them.
  Result<delivery::SiteFiles> files();

  // Time
  [[nodiscard]] Time at(std::string_view text) const;
  void run_to(std::string_view text);
  [[nodiscard]] std::string now() const;
  /// kill -9, perhaps time without a process, and a new start.
  void crash(std::string_view until = "");
  /// A clean stop and a later start.
  void down(std::string_view until);

  // Facts, which become known now
  void customer(const std::string& key, const std::string& consent = "marketing feedback");
  void customer(const CustomerFact& fact);
  void consent(const std::string& key, const std::string& purpose, bool granted);
  void suppress(const std::string& email, const std::string& scope = "all");
  /// Placed and completed now unless told otherwise.
  void order(const std::string& key, const std::string& who, std::string_view completed = "");
  /// At most one word is dated now.
  void ticket(const std::string& key, const std::string& status, const std::string& who = "",
              std::string_view opened = "");
  void feedback(const std::string& key, const std::string& who, int score,
                const std::string& kind = "nps");
  void event(const std::string& key, const std::string& who, const std::string& name);
  template <class Fact>
  void put(const Fact& fact) {
    write([&](store::Facts& facts) { expect(facts.put(fact)); });
  }
  void write(const std::function<void(store::Facts&)>& what);
  /// What is written until the next call with false came by `import --history`.
  void as_history(bool on) { history_ = on; }

  // What the world has seen
  /// "2026-03-09 10:00 email:thanks anna@example.com", arrived since the last call.
  Lines sent();
  /// All that arrived, with the bytes.
  struct Arrived {
    std::string line;
    delivery::Outgoing message;
  };
  std::vector<Arrived> arrived;
  /// Handed to a transport, whether or not anything came of it.
  std::vector<delivery::Outgoing> handed;

  // The ledger
  /// "email:thanks o1 sent", "reminder t1 held outside-window", and "- o2 condition-false" for an
  /// occurrence without a message; of every rule, by id.
  Lines ledger(const std::string& rule = "");
  /// Of the message of a step about a subject: when it is due, looked at next, over; "-" for never.
  std::string due(const std::string& step, const std::string& subject);
  std::string next(const std::string& step, const std::string& subject);
  std::string ended(const std::string& step, const std::string& subject);
  std::int64_t hold(const std::string& scope, const std::string& target,
                    std::string_view until = "");
  void release(const std::string& scope, const std::string& target);
  std::string ask(const std::string& sql);
  template <class Value>
  static void expect_ok(const Result<Value>& result) {
    expect(result);
  }
  void check_balance();

  store::Database database;
  SimClock clock;
  Rng rng{7};
  std::unique_ptr<replay::World> world;
  /// A world anew, for a database that was swapped while there was none.
  void begin_world(store::Identity* identity = nullptr);

 private:
  template <class Value>
  static void expect(const Result<Value>& result) {
    if (!result) fail(result.error().message);
  }
  [[noreturn]] static void fail(const std::string& message);
  void note(const delivery::Outgoing& message);
  std::string time_of(const std::string& column, const std::string& step,
                      const std::string& subject);
  std::string line_of(const delivery::Outgoing& message);

  Directory directory_;
  std::vector<language::Rule> rules_seen_;
  std::size_t told_ = 0;
  bool history_ = false;
  int uncaught_ = 0;
};

}  // namespace retaind::test
