#include "naive.h"

#include <algorithm>
#include <cmath>

#include "base/digest.h"

namespace sim {

using retaind::Purpose;
using retaind::Span;
using retaind::Subject;
using retaind::Zone;
using retaind::language::Rule;
using retaind::language::RuleStatus;
using retaind::language::StepKind;
using retaind::language::TriggerKind;
using std::chrono::days;

namespace {

template <class Rows>
int find_row(const Rows& rows, std::int64_t row) {
  // Rows are stored in the order of their ids, which begin at 1 and have no gaps.
  const auto index = static_cast<std::size_t>(row - 1);
  return row >= 1 && index < rows.size() && rows[index].row == row ? static_cast<int>(index) : -1;
}

Truth is(bool value) { return value ? Truth::yes : Truth::no; }

bool mails(const Rule& rule) {
  return std::any_of(rule.steps.begin(), rule.steps.end(),
                     [](const auto& step) { return step.kind == StepKind::email; });
}

}  // namespace

bool is_bulk(const Rule& rule) {
  return rule.purpose == Purpose::marketing || rule.purpose == Purpose::feedback;
}

const Rule* Naive::rule(const std::string& name) const {
  const auto found =
      std::find_if(rules_.begin(), rules_.end(), [&](const Rule& r) { return r.id == name; });
  return found == rules_.end() ? nullptr : &*found;
}

int Naive::index_of(Subject subject, std::int64_t row) const {
  switch (subject) {
    case Subject::customer: return find_row(shop_->customers, row);
    case Subject::order: return find_row(shop_->orders, row);
    case Subject::ticket: return find_row(shop_->tickets, row);
    case Subject::feedback: return find_row(shop_->feedback, row);
    case Subject::subscription: return find_row(shop_->subscriptions, row);
    case Subject::event: return find_row(shop_->events, row);
    case Subject::item: break;
  }
  return -1;
}

const Zone& Naive::zone_of(const Rule& rule, int customer) const {
  if (!rule.customer_zone || customer < 0) return site_->zone;
  const std::string& name = shop_->customers[static_cast<std::size_t>(customer)].zone;
  if (name.empty()) return site_->zone;
  const auto known = zones_.find(name);
  if (known != zones_.end()) return known->second;
  return zones_.emplace(name, *Zone::find(name)).first->second;
}

void Naive::of_event(const Rule& rule, std::vector<NaiveOccurrence>& out) const {
  const std::string& name = rule.trigger.name;
  const auto add = [&](std::int64_t row, int customer, std::optional<Time> at,
                       std::optional<Time> history) {
    if (!at || (customer < 0 && rule.trigger.subject != Subject::ticket)) return;
    const Time due = zone_of(rule, customer).add(*at, rule.trigger.offset);
    out.push_back({row, customer, at, due, history, std::nullopt});
  };
  if (name == "customer.created") {
    for (std::size_t i = 0; i < shop_->customers.size(); ++i) {
      const Customer& c = shop_->customers[i];
      add(c.row, static_cast<int>(i), c.created_at, c.history_until);
    }
  }
  for (const Order& o : shop_->orders) {
    if (name == "order.placed") add(o.row, o.customer, o.placed, o.history_until);
    if (name == "order.shipped") add(o.row, o.customer, o.shipped, o.history_until);
    if (name == "order.completed") add(o.row, o.customer, o.completed, o.history_until);
  }
  if (name == "subscription.started") {
    for (const Subscription& s : shop_->subscriptions)
      add(s.row, s.customer, s.started, s.history_until);
  }
  if (name == "feedback.received") {
    for (const Feedback& f : shop_->feedback) add(f.row, f.customer, f.received, std::nullopt);
  }
  for (const Event& e : shop_->events) {
    if (e.name == name) add(e.row, e.customer, e.at, std::nullopt);
  }
}

std::vector<std::pair<Time, std::optional<Time>>> Naive::stretches(const Rule& rule,
                                                                   std::size_t index) const {
  std::vector<std::pair<Time, std::optional<Time>>> found;
  const std::string& name = rule.trigger.name;
  if (name == "customer.inactive") {
    for (const auto& active : shop_->customers[index].active)
      found.emplace_back(active.since, active.until);
  } else if (name == "customer.never-ordered") {
    const Customer& c = shop_->customers[index];
    if (c.created_at && (!c.first_order || *c.first_order > *c.created_at))
      found.emplace_back(*c.created_at, c.first_order);
  } else if (name == "ticket.unresolved") {
    const Ticket& t = shop_->tickets[index];
    bool open = false;  // and not an optional: g++ 12 takes its emptiness for an uninitialised read
    Time since;
    for (const auto& [from, word] : t.words) {
      if (!is_resolved(word) && !open) {
        open = true;
        since = from;
      }
      if (is_resolved(word) && open) {
        if (from > since) found.emplace_back(since, from);
        open = false;
      }
    }
    if (open) found.emplace_back(since, std::nullopt);
  } else if (name == "ticket.unanswered") {
    const Ticket& t = shop_->tickets[index];
    const bool active = !t.first_response && !is_resolved(t.status());
    std::optional<Time> until = t.first_response;
    for (const auto& [from, word] : t.words) {
      if (!is_resolved(word)) continue;
      if (!until || from < *until) until = from;
      break;
    }
    if (active) until.reset();
    if (active || (until && *until > t.opened)) found.emplace_back(t.opened, until);
  }
  return found;
}

void Naive::of_state(const Rule& rule, std::vector<NaiveOccurrence>& out) const {
  const bool of_ticket = rule.trigger.subject == Subject::ticket;
  const std::size_t rows = of_ticket ? shop_->tickets.size() : shop_->customers.size();
  for (std::size_t i = 0; i < rows; ++i) {
    const int customer = of_ticket ? shop_->tickets[i].customer : static_cast<int>(i);
    const Zone& zone = zone_of(rule, customer);
    for (const auto& [since, until] : stretches(rule, i)) {
      const Time due = zone.add(since, rule.trigger.offset);
      if (until && *until <= due) continue;
      if (of_ticket) {
        out.push_back(
            {shop_->tickets[i].row, customer, since, due, shop_->tickets[i].history_until, until});
      } else {
        out.push_back({shop_->customers[i].row, customer, since, due,
                       shop_->customers[i].history_until, until});
      }
    }
  }
}

Time Naive::date_due(const Rule& rule, LocalDate date, const Zone& zone) const {
  const LocalDate day{std::chrono::sys_days{date} + days{rule.trigger.offset.days}};
  return zone.to_time(retaind::LocalTime{std::chrono::local_days{day}} +
                      std::chrono::minutes{rule.trigger.at_minute.value_or(0)});
}

void Naive::of_date(const Rule& rule, Time through, std::vector<NaiveOccurrence>& out) const {
  if (rule.trigger.name == "customer.birthday") {
    const int last = static_cast<int>(site_->zone.date_of(through).year());
    for (std::size_t i = 0; i < shop_->customers.size(); ++i) {
      const Customer& c = shop_->customers[i];
      if (!c.birthday) continue;
      const Zone& zone = zone_of(rule, static_cast<int>(i));
      for (int year = last - 1; year <= last + 1; ++year) {
        LocalDate date = std::chrono::year{year} / c.birthday->month() / c.birthday->day();
        if (!date.ok()) date = std::chrono::year{year} / 2 / 28;
        const Time due = date_due(rule, date, zone);
        // Nobody had a birthday in a shop that did not know them yet.
        if (c.created_at && due <= *c.created_at) continue;
        out.push_back(
            {c.row, static_cast<int>(i), zone.start_of(date), due, c.history_until, std::nullopt});
      }
    }
    return;
  }
  for (const Subscription& s : shop_->subscriptions) {
    if (!s.renews || s.customer < 0) continue;
    const Zone& zone = zone_of(rule, s.customer);
    const Time due = rule.trigger.at_minute ? date_due(rule, zone.date_of(*s.renews), zone)
                                            : zone.add(*s.renews, rule.trigger.offset);
    out.push_back({s.row, s.customer, s.renews, due, s.history_until, std::nullopt});
  }
}

std::vector<NaiveOccurrence> Naive::occurrences(const Rule& rule, Time through) const {
  std::vector<NaiveOccurrence> found;
  switch (rule.trigger.kind) {
    case TriggerKind::event: of_event(rule, found); break;
    case TriggerKind::state: of_state(rule, found); break;
    case TriggerKind::date: of_date(rule, through, found); break;
    case TriggerKind::schedule: {
      const Time from = controls_->counts_from.at(rule.id);
      for (LocalDate date = site_->zone.date_of(from);
           std::chrono::sys_days{date} <= std::chrono::sys_days{site_->zone.date_of(through)};
           date = std::chrono::sys_days{date} + days{1}) {
        const unsigned weekday = std::chrono::weekday{std::chrono::sys_days{date}}.iso_encoding();
        if ((rule.trigger.weekdays >> (weekday - 1) & 1) == 0) continue;
        const Time due = date_due(rule, date, site_->zone);
        if (!rule.trigger.each)
          found.push_back({0, -1, std::nullopt, due, std::nullopt, std::nullopt});
        for (std::size_t i = 0; rule.trigger.each && i < shop_->customers.size(); ++i)
          found.push_back({shop_->customers[i].row, static_cast<int>(i), std::nullopt, due,
                           std::nullopt, std::nullopt});
      }
    }
  }
  return found;
}

bool Naive::no_address(const Look& look) const {
  return mails(*look.rule) &&
         (look.customer < 0 ||
          shop_->customers[static_cast<std::size_t>(look.customer)].email.empty());
}

bool Naive::suppressed(const Look& look) const {
  if (look.rule->purpose == Purpose::internal || !mails(*look.rule) || look.customer < 0)
    return false;
  return shop_->is_suppressed(shop_->customers[static_cast<std::size_t>(look.customer)].email,
                              std::string(retaind::name_of(look.rule->purpose)));
}

bool Naive::no_consent(const Look& look) const {
  const bool marketing = look.rule->purpose == Purpose::marketing;
  const bool feedback = look.rule->purpose == Purpose::feedback && site_->feedback_needs_consent;
  if (!marketing && !feedback) return false;
  if (look.customer < 0) return true;
  const Customer& c = shop_->customers[static_cast<std::size_t>(look.customer)];
  const int purpose = marketing ? 0 : 1;
  const auto& until = c.consent_until[purpose];
  return !c.consent[purpose] || (until && *until <= look.now);
}

bool Naive::in_facts(const Look& look) const {
  const auto all = occurrences(*look.rule, look.now + days{2});
  return std::any_of(all.begin(), all.end(), [&](const NaiveOccurrence& o) {
    return o.row == look.row && o.anchor == look.anchor;
  });
}

bool Naive::state_ended(const Look& look) const {
  if (look.rule->trigger.kind != TriggerKind::state) return false;
  const int index = index_of(look.rule->trigger.subject, look.row);
  if (index < 0) return true;
  for (const auto& [since, until] : stretches(*look.rule, static_cast<std::size_t>(index))) {
    if (since == look.anchor) return until.has_value();
  }
  return true;
}

Truth Naive::truth(const retaind::language::Condition& condition, const Look& look) const {
  const std::string& text = condition.text;
  const int index = index_of(look.rule->trigger.subject, look.row);
  const auto at = static_cast<std::size_t>(index);
  if (text.starts_with("customer.") && look.customer < 0) return Truth::unknown;
  if (index < 0) return Truth::unknown;
  if (text == "order.refunded")
    return is(shop_->orders[at].refunded && *shop_->orders[at].refunded <= look.now);
  if (text == "ticket.status = waiting_for_customer")
    return is(shop_->tickets[at].status() == "waiting_for_customer");
  if (text == "ticket.status = on_hold") return is(shop_->tickets[at].status() == "on_hold");
  if (text == "feedback.kind = 'nps'")
    return shop_->feedback[at].kind.empty() ? Truth::unknown
                                            : is(shop_->feedback[at].kind == "nps");
  if (text == "feedback.score <= 6")
    return shop_->feedback[at].score ? is(*shop_->feedback[at].score <= 6) : Truth::unknown;
  if (text == "subscription.status = active")
    return is(shop_->subscriptions[at].status == "active");
  if (text == "subscription.price > 10 EUR")
    return shop_->subscriptions[at].price ? is(*shop_->subscriptions[at].price > 1000)
                                          : Truth::unknown;
  const Customer& c = shop_->customers[static_cast<std::size_t>(look.customer)];
  if (text == "customer.open_tickets > 0") return is(c.open_tickets > 0);
  if (text == "customer.last_active_at older than 30 days") {
    if (c.active.empty()) return Truth::unknown;
    return is(c.active.back().since < site_->zone.add(look.now, Span{0, -30, Duration{0}, false}));
  }
  if (text == "customer.last_active_at within last 20 days") {
    if (c.active.empty()) return Truth::unknown;
    return is(c.active.back().since >= site_->zone.add(look.now, Span{0, -20, Duration{0}, false}));
  }
  const std::string orders = "customer.orders_count >= ";
  if (text.starts_with(orders)) return is(c.orders >= std::stoi(text.substr(orders.size())));
  std::abort();  // a condition that the naive evaluator has to learn first
}

bool Naive::stopped(const Look& look) const {
  return std::any_of(look.rule->stop_if.begin(), look.rule->stop_if.end(),
                     [&](const auto& c) { return truth(c, look) != Truth::no; });
}

bool Naive::hold_while(const Look& look) const {
  return std::any_of(look.rule->hold_while.begin(), look.rule->hold_while.end(),
                     [&](const auto& c) {
                       const Truth value = truth(c, look);
                       return value == Truth::yes ||
                              (value == Truth::unknown && look.rule->purpose != Purpose::internal);
                     });
}

Truth Naive::conditions(const Look& look) const {
  bool unknown = false;
  for (const auto& c : look.rule->if_all) {
    const Truth value = truth(c, look);
    if (value == Truth::no) return Truth::no;
    unknown |= value == Truth::unknown;
  }
  for (const auto& c : look.rule->unless_any) {
    const Truth value = truth(c, look);
    if (value == Truth::yes) return Truth::no;
    unknown |= value == Truth::unknown;
  }
  return unknown ? Truth::unknown : Truth::yes;
}

std::string Naive::explain(const Look& look) const {
  std::string text;
  for (const auto* list :
       {&look.rule->if_all, &look.rule->unless_any, &look.rule->stop_if, &look.rule->hold_while}) {
    for (const auto& c : *list) {
      const Truth value = truth(c, look);
      text += "; " + c.text + ": " +
              (value == Truth::yes  ? "yes"
               : value == Truth::no ? "no"
                                    : "unknown");
    }
  }
  if (look.rule->trigger.subject == Subject::order) {
    const Order& o = shop_->orders[static_cast<std::size_t>(look.row - 1)];
    text += "; completed " + (o.completed ? retaind::to_iso(*o.completed) : std::string("-")) +
            ", refunded " + (o.refunded ? retaind::to_iso(*o.refunded) : std::string("-"));
  }
  return text;
}

// By hand: the hours of site/retaind.yaml.
bool Naive::is_open(const Rule& rule, Time time, const Zone& zone) const {
  if (rule.send_window.empty()) return true;
  const auto local = zone.to_local(time);
  const auto day = std::chrono::floor<days>(local);
  const auto hour = std::chrono::duration_cast<std::chrono::hours>(local - day).count();
  if (rule.send_window == "daytime") return hour >= 9 && hour < 20;
  if (rule.send_window == "night") return hour >= 22 || hour < 6;
  const unsigned weekday = std::chrono::weekday{std::chrono::local_days{day}}.iso_encoding();
  return weekday <= 5 && hour >= 9 && hour < 18;
}

bool Naive::window_closed(const Look& look) const {
  return !is_open(*look.rule, look.now, zone_of(*look.rule, look.customer));
}

bool Naive::late(const Look& look) const {
  if (!look.rule->late_limit) return false;
  const Zone& zone = zone_of(*look.rule, look.customer);
  Time opening = look.late_from;
  // Windows open on the hour; a zone may be half an hour off.
  if (!is_open(*look.rule, opening, zone)) {
    const auto step = std::chrono::minutes{15};
    opening = Time{Duration{opening.time_since_epoch() / Duration{step} * Duration{step}.count()}};
    while (!is_open(*look.rule, opening, zone)) opening += step;
  }
  return look.now > zone.add(opening, *look.rule->late_limit);
}

bool Naive::paused(const Look& look) const {
  if (look.rule->status == RuleStatus::paused) return true;
  if (look.rule->status == RuleStatus::draft && !look.draft) return true;
  if (look.rule->purpose != Purpose::marketing || look.customer < 0) return false;
  const auto& until = shop_->customers[static_cast<std::size_t>(look.customer)].paused_until;
  return until && *until > look.now;
}

bool Naive::held(const Look& look) const {
  return controls_->hold_all || controls_->held_rules.count(look.rule->id) != 0 ||
         (look.customer >= 0 &&
          controls_->held_customers.count(
              shop_->customers[static_cast<std::size_t>(look.customer)].key) != 0);
}

bool Naive::braked(const Look& look) const { return controls_->braked.count(look.rule->id) != 0; }

bool Naive::clock_held(const Look& look) const {
  return controls_->clock_until && look.elapsed < *controls_->clock_until;
}

bool Naive::held_out(const Look& look) const {
  if (look.customer < 0 || look.rule->purpose == Purpose::internal || !mails(*look.rule))
    return false;
  const std::string& key = shop_->customers[static_cast<std::size_t>(look.customer)].key;
  const auto in = [&](const std::string& name, double share) {
    return static_cast<double>(retaind::stable_hash(name + '\0' + key)) <
           share * std::ldexp(1.0, 64);
  };
  // The site's own holdout is of advertising.
  return (is_bulk(*look.rule) && site_->holdout > 0 && in("", site_->holdout)) ||
         (look.rule->holdout > 0 && in(look.rule->id, look.rule->holdout));
}

}  // namespace sim
