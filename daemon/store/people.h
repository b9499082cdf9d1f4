#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/fields.h"
#include "model/ledger.h"
#include "store/database.h"

namespace retaind::store {

/// What the store holds about one customer, for people who ask. Reads only; each question costs
/// what it returns, whatever the store holds besides.
class People {
 public:
  explicit People(Database& database) : database_(&database) {}

  struct Person {
    std::int64_t id = 0;
    std::string key;
    std::string name;   ///< first and last name; may be empty
    std::string email;  ///< as written
    std::string time_zone;
    std::optional<Time> created_at;
  };
  /// Whom a word may mean, by key, else by alias, else by e-mail address; at most ten.
  std::vector<Person> find(std::string_view word);
  std::optional<Person> person(std::int64_t id);
  /// Keys just before and behind the word in their order.
  std::vector<std::string> keys_near(std::string_view word);

  /// The site's own id of a row; empty when it is gone.
  std::string key_of(Subject subject, std::int64_t row);
  /// The number of a trigger's name; empty when nothing was ever counted by it.
  std::optional<std::int64_t> trigger_id(std::string_view name);
  /// A column of a row that holds a time.
  std::optional<Time> time_of(Subject subject, std::int64_t row, std::string_view column);
  /// The values that the decision about a message read at that time, as they were written down;
  /// empty when the traces are gone.
  std::string values_read(std::int64_t message, Time at);

  struct Consent {
    bool granted = false;
    Time at;
    std::optional<Time> expires_at;
    std::string purpose, source;
  };
  /// Every word on consent, oldest first.
  std::vector<Consent> consents(std::int64_t customer);
  struct Suppression {
    std::string scope, cause;
    Time at;
    std::optional<Time> lifted_at;
  };
  std::vector<Suppression> suppressions(std::int64_t customer);

  struct Hold {
    std::string because, author;
    Time at;
    std::optional<Time> until, released_at;
  };
  /// Every hold of this customer alone, also those that are over.
  std::vector<Hold> holds(std::string_view key);

  /// One dated column of one of the customer's rows.
  struct Fact {
    Subject subject = Subject::customer;
    std::string key;
    std::string_view column;  ///< "completed_at"
    std::string about;        ///< name of the event, score, total: what one wants to see beside it
    Time at;
  };
  /// All facts with a date in [from, to], not sorted.
  std::vector<Fact> facts(std::int64_t customer, Time from, Time to);

  /// Every firing of the customer's rows, by id: (rule, trigger, row) is looked up for each,
  /// because only what still waits is indexed by customer.
  std::vector<std::int64_t> firings(std::int64_t customer);

 private:
  Database* database_;
};

}  // namespace retaind::store
