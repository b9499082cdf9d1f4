#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "base/text.h"
#include "store/facts.h"
#include "store/happened.h"

namespace retaind::store {
namespace {

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Result<void> check(const ConsentFact& fact, Time now) {
  if (fact.customer.empty()) {
    return Error{ErrorKind::invalid, "the customer is empty: consent needs the key of a customer"};
  }
  if (!one_of(fact.purpose, {"marketing", "feedback", "tracking"})) {
    return Error{
        ErrorKind::invalid,
        fmt::format("unknown purpose `{}`: write marketing, feedback or tracking", fact.purpose)};
  }
  return check_happened("at", fact.at, now);
}

Result<std::string> check(const SuppressionFact& fact, Time now) {
  std::string key = email_key(fact.email);
  if (key.empty()) {
    return Error{ErrorKind::invalid, fmt::format("`{}` is no e-mail address", fact.email)};
  }
  if (!one_of(fact.scope, {"all", "marketing", "feedback"})) {
    return Error{ErrorKind::invalid,
                 fmt::format("unknown scope `{}`: write all, marketing or feedback", fact.scope)};
  }
  if (auto result = check_happened("at", fact.at, now); !result) return result.error();
  if (!fact.lifted_at) return key;
  if (auto result = check_happened("lifted_at", *fact.lifted_at, now); !result)
    return result.error();
  return key;
}

}  // namespace

bool Facts::would_change(const ConsentFact& fact) {
  if (!check(fact, now_)) return true;
  const std::int64_t id = find_customer(fact.customer);
  if (id == 0) return true;
  Statement& row = database_.prepared(
      "SELECT granted FROM consent WHERE customer = ?1 AND purpose = ?2 AND at = ?3");
  const bool stored = row.bind(1, id).bind(2, fact.purpose).bind(3, fact.at).step();
  const bool withdrawn_now = stored && row.integer(0) == 1 && !fact.granted;
  row.reset();
  return !stored || withdrawn_now;
}

Result<Written> Facts::put(const ConsentFact& fact) {
  if (auto result = check(fact, now_); !result) return result.error();
  const std::int64_t id = customer(fact.customer);
  if (!would_change(fact)) return Written{Change::unchanged, id, 0};
  // Of two words at one time the withdrawal counts. Deleting first lets the triggers on INSERT see
  // it.
  database_.prepared("DELETE FROM consent WHERE customer = ?1 AND purpose = ?2 AND at = ?3")
      .bind(1, id)
      .bind(2, fact.purpose)
      .bind(3, fact.at)
      .run();
  database_
      .prepared(
          "INSERT INTO consent (customer, purpose, granted, at, expires_at, basis, source, "
          "text_version) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
      .bind(1, id)
      .bind(2, fact.purpose)
      .bind(3, fact.granted ? 1 : 0)
      .bind(4, fact.at)
      .bind(5, fact.expires_at)
      .bind_or_null(6, fact.basis)
      .bind_or_null(7, fact.source)
      .bind_or_null(8, fact.text_version)
      .run();
  return Written{Change::inserted, id, 0};
}

bool Facts::would_change(const SuppressionFact& fact) {
  const auto key = check(fact, now_);
  if (!key) return true;
  Statement& row = database_.prepared(
      "SELECT at, lifted_at FROM suppression WHERE email_key = ?1 AND scope = ?2");
  const bool stored = row.bind(1, *key).bind(2, fact.scope).step();
  const bool same = stored && row.time(0) <= fact.at && row.maybe_time(1) == fact.lifted_at;
  row.reset();
  return !same;
}

Result<Written> Facts::put(const SuppressionFact& fact) {
  const auto key = check(fact, now_);
  if (!key) return key.error();
  if (!would_change(fact)) return Written{Change::unchanged, 0, 0};
  // The earliest date counts, so that the same list imported twice, or two lists, do not shorten
  // it.
  database_
      .prepared(
          "INSERT INTO suppression (email_key, scope, cause, source, at, lifted_at) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (email_key, scope) DO UPDATE SET "
          "at = min(at, excluded.at), lifted_at = excluded.lifted_at")
      .bind(1, *key)
      .bind(2, fact.scope)
      .bind_or_null(3, fact.cause)
      .bind_or_null(4, fact.source)
      .bind(5, fact.at)
      .bind(6, fact.lifted_at)
      .run();
  return Written{Change::inserted, 0, 0};
}

}  // namespace retaind::store
