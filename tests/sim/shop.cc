#include "shop.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "store/columns.h"

namespace sim {

using namespace std::chrono_literals;
using retaind::Subject;
using std::chrono::days;
namespace store = retaind::store;

bool is_resolved(const std::string& status) { return status == "solved" || status == "closed"; }

bool Shop::is_suppressed(const std::string& email, const std::string& purpose) const {
  const auto found = suppressed.find(email);
  return found != suppressed.end() &&
         (found->second.count("all") != 0 || found->second.count(purpose) != 0);
}

Life::Life(store::Database& database, Shop& shop, retaind::Rng& rng)
    : database_(&database), shop_(&shop), rng_(&rng), writer_(database, Time{}) {}

Duration Life::up_to(Duration most) {
  return Duration{static_cast<std::int64_t>(
      rng_->below(static_cast<std::uint64_t>(std::max<std::int64_t>(1, most.count()))))};
}

template <class Fact>
std::int64_t Life::put(const Fact& fact) {
  ++facts_;
  const auto written = writer_.put(fact);
  if (written) return written->row;
  refusals_.push_back(written.error().message);
  return 0;
}

int Life::new_customer(Time created, Time now, bool hurried) {
  static constexpr std::array<const char*, 7> zones{
      "",          "Europe/Berlin", "America/New_York",   "Asia/Tokyo",
      "Mars/Base", "Asia/Kolkata",  "Australia/Lord_Howe"};
  Customer c;
  const int index = static_cast<int>(shop_->customers.size());
  c.key = fmt::format("c{}", index);
  c.email = fmt::format("c{}@example.com", index);
  if (chance(4)) c.email.clear();
  if (chance(4) && index > 0) c.email = shop_->customers.back().email;  // a shared address
  if (chance(1)) c.email.clear();
  if (chance(50)) c.zone = zones[rng_->below(zones.size())];
  c.created_at = created;
  c.history_until = history_;
  retaind::CustomerFact fact;
  fact.key = c.key;
  if (!c.email.empty()) fact.email = c.email;
  if (chance(1)) fact.email = "not an address", c.email.clear();
  if (!c.zone.empty()) fact.time_zone = c.zone;
  if (c.zone == "Mars/Base") c.zone.clear();
  fact.created_at = created;
  fact.currency = "EUR";
  if (chance(60)) {
    const auto year = std::chrono::year{static_cast<int>(1950 + rng_->below(55))};
    const auto month = std::chrono::month{static_cast<unsigned>(1 + rng_->below(12))};
    LocalDate date = year / month / std::chrono::day{static_cast<unsigned>(1 + rng_->below(28))};
    if (chance(4)) date = std::chrono::year{1996} / 2 / 29;
    c.birthday = date;
    fact.birthday = retaind::to_string(date);
  }
  c.row = put(fact);
  shop_->customers.push_back(c);
  for (int purpose = 0; purpose < 2; ++purpose) {
    if (chance(80)) consent(index, purpose, true, created, std::nullopt);
  }
  if (!hurried && chance(60)) new_order(index, std::min(created + up_to(2h), now), created, false);
  return index;
}

void Life::act(int customer, Time at) {
  if (customer < 0) return;
  auto& active = shop_->customers[static_cast<std::size_t>(customer)].active;
  if (!active.empty() && at <= active.back().since) return;
  if (!active.empty()) active.back().until = at;
  active.push_back({at, std::nullopt});
}

void Life::new_order(int customer, Time placed, Time now, bool done) {
  Order o;
  o.key = fmt::format("o{}", shop_->orders.size());
  o.customer = customer;
  o.placed = placed;
  o.history_until = history_;
  retaind::OrderFact fact;
  fact.key = o.key;
  fact.number = o.key;
  if (customer >= 0) fact.customer = shop_->customers[static_cast<std::size_t>(customer)].key;
  fact.placed_at = placed;
  fact.status = "placed";
  fact.total_minor = static_cast<std::int64_t>(500 + rng_->below(20000));
  fact.currency = "EUR";
  if (done) {
    o.shipped = placed + 1h + up_to(48h);
    o.completed = *o.shipped + 1h + up_to(96h);
    if (*o.completed > now) o.completed.reset();
    if (o.completed && chance(10)) o.refunded = *o.completed + up_to(48h);
    fact.shipped_at = o.shipped;
    fact.completed_at = o.completed;
    fact.refunded_at = o.refunded;
  }
  o.row = put(fact);
  shop_->orders.push_back(o);
  if (customer < 0) return;
  Customer& c = shop_->customers[static_cast<std::size_t>(customer)];
  ++c.orders;
  if (!c.first_order || placed < *c.first_order) c.first_order = placed;
  if (history_) c.history_until = history_;
  act(customer, placed);
}

void Life::move_order(Time now) {
  std::vector<std::size_t> open;
  const std::size_t last = shop_->orders.size();
  for (std::size_t i = last > 120 ? last - 120 : 0; i < last; ++i) {
    if (!shop_->orders[i].completed) open.push_back(i);
  }
  if (open.empty()) return;
  Order& o = shop_->orders[open[rng_->below(open.size())]];
  retaind::OrderFact fact;
  fact.key = o.key;
  // Now and then the shop's system tells late.
  const Time at = chance(12) ? now - up_to(5 * 24h) : now - up_to(5s);
  if (!o.shipped) {
    o.shipped = at;
    fact.shipped_at = at;
    fact.status = "shipped";
  } else {
    o.completed = at;
    fact.completed_at = at;
    fact.status = "completed";
  }
  put(fact);
}

// A refund, or a completion time that was wrong.
void Life::correct_order(Time now) {
  std::vector<std::size_t> done;
  const std::size_t last = shop_->orders.size();
  for (std::size_t i = last > 150 ? last - 150 : 0; i < last; ++i) {
    if (shop_->orders[i].completed && !shop_->orders[i].refunded) done.push_back(i);
  }
  if (done.empty()) return;
  Order& o = shop_->orders[done[rng_->below(done.size())]];
  retaind::OrderFact fact;
  fact.key = o.key;
  if (chance(50)) {
    o.refunded = chance(20) ? now + up_to(48h) : now;  // announced, or done
    fact.refunded_at = o.refunded;
  } else if (chance(25)) {
    o.completed.reset();
    fact.cleared = store::column_mask(Subject::order, "completed_at");
  } else {
    o.completed = std::max(o.placed, *o.completed - 36h + up_to(72h));
    fact.completed_at = o.completed;
  }
  put(fact);
}

void Life::ticket_word(int ticket, Time as_of, const std::string& status) {
  Ticket& t = shop_->tickets[static_cast<std::size_t>(ticket)];
  const bool open_before = !is_resolved(t.status());
  retaind::TicketFact fact;
  fact.key = t.key;
  fact.status = status;
  fact.as_of = as_of;
  t.words[as_of] = status;
  put(fact);
  if (t.customer < 0) return;
  const bool open_after = !is_resolved(t.status());
  shop_->customers[static_cast<std::size_t>(t.customer)].open_tickets +=
      static_cast<int>(open_after) - static_cast<int>(open_before);
  if (history_ && open_after != open_before)
    shop_->customers[static_cast<std::size_t>(t.customer)].history_until = history_;
}

void Life::new_ticket(int customer, Time opened) {
  Ticket t;
  t.key = fmt::format("t{}", shop_->tickets.size());
  t.customer = customer;
  t.opened = opened;
  t.history_until = history_;
  t.words[opened] = "new";
  retaind::TicketFact fact;
  fact.key = t.key;
  fact.number = t.key;
  fact.subject = "It does not work";
  if (customer >= 0) fact.customer = shop_->customers[static_cast<std::size_t>(customer)].key;
  fact.status = "new";
  fact.opened_at = opened;
  fact.as_of = opened;
  t.row = put(fact);
  shop_->tickets.push_back(t);
  if (customer < 0) return;
  Customer& c = shop_->customers[static_cast<std::size_t>(customer)];
  ++c.open_tickets;
  if (history_) c.history_until = history_;
}

void Life::move_ticket(Time now) {
  if (shop_->tickets.empty()) return;
  const std::size_t last = shop_->tickets.size();
  const std::size_t from = last > 60 ? last - 60 : 0;
  const auto index = static_cast<int>(from + rng_->below(last - from));
  Ticket& t = shop_->tickets[static_cast<std::size_t>(index)];
  if (!t.first_response && chance(30)) {
    retaind::TicketFact fact;
    fact.key = t.key;
    t.first_response = std::max(now, t.opened + 1s);
    fact.first_response_at = t.first_response;
    put(fact);
    return;
  }
  static constexpr std::array<const char*, 7> words{
      "open", "waiting_for_customer", "on_hold", "solved", "solved", "closed", "open"};
  Time as_of = chance(10) ? now - up_to(4 * 24h) : now;
  as_of = std::max(as_of, t.opened + 1s);
  while (t.words.count(as_of) != 0) as_of += Duration{1};
  ticket_word(index, as_of, words[rng_->below(words.size())]);
}

void Life::answer(Time now) {
  Feedback f;
  f.key = fmt::format("f{}", shop_->feedback.size());
  f.customer = anyone();
  f.received = chance(10) ? now - up_to(4 * 24h) : now;
  if (chance(85)) f.kind = chance(70) ? "nps" : "csat";
  const bool csat = f.kind == "csat";
  if (chance(90)) f.score = static_cast<std::int64_t>(csat ? 1 + rng_->below(5) : rng_->below(11));
  retaind::FeedbackFact fact;
  fact.key = f.key;
  fact.customer = shop_->customers[static_cast<std::size_t>(f.customer)].key;
  if (!f.kind.empty()) fact.kind = f.kind;
  fact.score = f.score;
  fact.received_at = f.received;
  f.row = put(fact);
  shop_->feedback.push_back(f);
}

void Life::new_subscription(int customer, Time started, Time now) {
  Subscription s;
  s.key = fmt::format("s{}", shop_->subscriptions.size());
  s.customer = customer;
  s.started = started;
  s.history_until = history_;
  s.status = "active";
  s.renews = started;
  while (*s.renews <= now) *s.renews += days{30};
  if (chance(85)) s.price = static_cast<std::int64_t>(500 + rng_->below(1500));
  retaind::SubscriptionFact fact;
  fact.key = s.key;
  fact.customer = shop_->customers[static_cast<std::size_t>(customer)].key;
  fact.status = s.status;
  fact.started_at = s.started;
  fact.renews_at = s.renews;
  fact.price_minor = s.price;
  fact.currency = "EUR";
  s.row = put(fact);
  shop_->subscriptions.push_back(s);
}

// The next period begins, or the date was wrong, or the subscription ends.
void Life::renew(Time now) {
  if (shop_->subscriptions.empty()) return;
  Subscription& s = shop_->subscriptions[rng_->below(shop_->subscriptions.size())];
  retaind::SubscriptionFact fact;
  fact.key = s.key;
  if (s.renews && *s.renews <= now) {
    s.renews = *s.renews + days{30};
    fact.renews_at = s.renews;
  } else if (s.renews && chance(30)) {
    s.renews = *s.renews - 48h + up_to(120h);
    fact.renews_at = s.renews;
  } else if (s.renews && chance(10)) {
    s.renews.reset();
    fact.cleared = store::column_mask(Subject::subscription, "renews_at");
  } else if (chance(10)) {
    s.status = s.status == "active" ? "paused" : "active";
    fact.status = s.status;
  } else {
    return;
  }
  put(fact);
}

void Life::log_in(Time now) {
  Event e;
  e.key = fmt::format("e{}", shop_->events.size());
  e.customer = anyone();
  e.name = "login";
  e.at = chance(10) ? now - up_to(6 * 24h) : now;
  retaind::EventFact fact;
  fact.key = e.key;
  fact.customer = shop_->customers[static_cast<std::size_t>(e.customer)].key;
  fact.name = e.name;
  fact.at = e.at;
  e.row = put(fact);
  shop_->events.push_back(e);
  act(e.customer, e.at);
}

void Life::attend(Time now) {
  Event e;
  e.key = fmt::format("e{}", shop_->events.size());
  e.customer = anyone();
  e.name = "webinar.attended";
  e.at = now - up_to(3h);
  retaind::EventFact fact;
  fact.key = e.key;
  fact.customer = shop_->customers[static_cast<std::size_t>(e.customer)].key;
  fact.name = e.name;
  fact.at = e.at;
  e.row = put(fact);
  shop_->events.push_back(e);
}

void Life::consent(int customer, int purpose, bool granted, Time at, std::optional<Time> until) {
  Customer& c = shop_->customers[static_cast<std::size_t>(customer)];
  retaind::ConsentFact fact;
  fact.customer = c.key;
  fact.purpose = purpose == 0 ? "marketing" : "feedback";
  fact.granted = granted;
  fact.at = at;
  fact.expires_at = until;
  put(fact);
  // The latest word counts; after the clock was set back, one may come that is older.
  auto& last = c.consent_at[purpose];
  if (last && (at < *last || (at == *last && granted))) return;
  last = at;
  c.consent[purpose] = granted;
  c.consent_until[purpose] = until;
}

void Life::change_consent(Time now) {
  const int customer = anyone();
  const int purpose = static_cast<int>(rng_->below(2));
  const bool granted = !shop_->customers[static_cast<std::size_t>(customer)].consent[purpose];
  std::optional<Time> until;
  if (granted && chance(30)) until = now + up_to(days{20});
  consent(customer, purpose, granted, now, until);
}

void Life::suppress(Time now) {
  const Customer& c = shop_->customers[static_cast<std::size_t>(anyone())];
  if (c.email.empty()) return;
  static constexpr std::array<const char*, 3> scopes{"all", "marketing", "feedback"};
  const std::string scope = scopes[rng_->below(3)];
  auto& known = shop_->suppressed[c.email];
  retaind::SuppressionFact fact;
  fact.email = c.email;
  fact.scope = scope;
  fact.cause = "complaint";
  fact.at = now;
  if (known.count(scope) != 0) {
    fact.lifted_at = now;
    known.erase(scope);
  } else {
    known.insert(scope);
  }
  put(fact);
}

void Life::correct_customer(Time now) {
  Customer& c = shop_->customers[static_cast<std::size_t>(anyone())];
  retaind::CustomerFact fact;
  fact.key = c.key;
  if (chance(50)) {
    const auto soon = std::chrono::floor<days>(now + up_to(days{20}));
    const std::chrono::year_month_day date{soon};
    const auto day = std::min(static_cast<unsigned>(date.day()), 28U);
    c.birthday = std::chrono::year{1980} / date.month() / std::chrono::day{day};
    fact.birthday = retaind::to_string(*c.birthday);
  } else if (c.created_at) {
    c.created_at = std::min(*c.created_at - 24h + up_to(36h), now);
    fact.created_at = c.created_at;
  }
  put(fact);
}

void Life::populate(int customers, Time now, bool as_history) {
  auto transaction = store::Transaction::begin(*database_);
  writer_.set_now(now);
  if (as_history) history_ = now;
  writer_.set_history_until(history_);
  for (int i = 0; i < customers; ++i) {
    const Time created = now - up_to(days{200});
    const int index = new_customer(created, now, true);
    const auto orders = rng_->below(4);
    for (std::uint64_t n = 0; n < orders; ++n)
      new_order(index, created + up_to(now - created), now, true);
    if (chance(20)) new_ticket(index, now - up_to(days{20}));
    if (chance(25)) new_subscription(index, now - up_to(days{90}), now);
  }
  history_.reset();
  writer_.set_history_until(history_);
  if (auto done = transaction->commit(); !done) refusals_.push_back(done.error().message);
}

void Life::happen(Time now) {
  auto transaction = store::Transaction::begin(*database_);
  writer_.set_now(now);
  const auto what = rng_->below(100);
  const bool ownerless = chance(4);
  if (what < 18)
    new_order(ownerless ? -1 : anyone(), chance(10) ? now - up_to(5 * 24h) : now, now, false);
  else if (what < 46)
    move_order(now);
  else if (what < 52)
    correct_order(now);
  else if (what < 57)
    new_ticket(ownerless ? -1 : anyone(), chance(15) ? now - up_to(4 * 24h) : now);
  else if (what < 70)
    move_ticket(now);
  else if (what < 75)
    answer(now);
  else if (what < 79)
    renew(now);
  else if (what < 81)
    new_subscription(anyone(), now - up_to(2h), now);
  else if (what < 86)
    log_in(now);
  else if (what < 89)
    attend(now);
  else if (what < 92)
    change_consent(now);
  else if (what < 93)
    suppress(now);
  else if (what < 95)
    correct_customer(now);
  else
    new_customer(chance(10) ? now - up_to(4 * 24h) : now, now, false);
  if (auto done = transaction->commit(); !done) refusals_.push_back(done.error().message);
}

}  // namespace sim
