#include "engine/trigger.h"

#include <algorithm>

#include "engine/business_time.h"
#include "engine/evaluate.h"
#include "engine/range.h"
#include "store/columns.h"

namespace retaind::engine {
namespace {

using namespace std::chrono_literals;
using language::TriggerKind;

// With `timezone: customer` a scan asks for the earliest possible due: UTC's less a lead that no
// zone exceeds. A time of day on a local date comes up to 24 hours earlier than on the date in UTC
// (UTC-1, just before its midnight); wall time kept over a change of offset moves a due by less
// than three hours.
constexpr Duration lead_of_dates = 26h;
constexpr Duration lead_of_spans = 3h;
// The lead, a day between the local date and UTC's, and what months part neighbouring dates: a
// month after 28 February is 28 March, a month after 1 March is 1 April.
constexpr Duration farthest = lead_of_dates + 24h + 3 * 24h;

LocalDate add_days(LocalDate date, int days) {
  return LocalDate{std::chrono::sys_days{date} + std::chrono::days{days}};
}

LocalDate add_span(LocalDate date, const Span& span) {
  LocalDate moved = date + std::chrono::months{span.months};
  if (!moved.ok()) moved = moved.year() / moved.month() / std::chrono::last;
  return add_days(moved, span.days);
}

}  // namespace

int number_of(LocalDate date) {
  return static_cast<int>(date.year()) * 10000 +
         static_cast<int>(static_cast<unsigned>(date.month())) * 100 +
         static_cast<int>(static_cast<unsigned>(date.day()));
}

LocalDate date_of_number(int yyyymmdd) {
  return std::chrono::year{yyyymmdd / 10000} /
         std::chrono::month{static_cast<unsigned>(yyyymmdd / 100 % 100)} /
         std::chrono::day{static_cast<unsigned>(yyyymmdd % 100)};
}

std::vector<int> birthdays_on(LocalDate date) {
  const int month_day = number_of(date) % 10000;
  if (month_day == 228 && !date.year().is_leap()) return {228, 229};
  return {month_day};
}

store::Watch watch_of(const language::Rule& rule, const Zone& site) {
  store::Watch watch;
  watch.zone = site;
  watch.subject = rule.trigger.subject;
  watch.column = rule.trigger.column;
  if (const auto narrow = language::narrow_of(rule); narrow && rule.trigger.each)
    watch.narrow = narrow->field->column;
  watch.event_name = rule.trigger.event_name;
  watch.state = rule.trigger.state;
  for (const language::Slot& slot : rule.slots) watch.fields.push_back(slot.field);
  if (rule.trigger.is) {
    for (const language::Slot& slot : rule.trigger.is_slots) watch.fields.push_back(slot.field);
    watch.is = [&is = *rule.trigger.is, from = rule.slots.size(), site](
                   const store::Candidate& candidate, Time now) {
      return evaluate(is, std::span(candidate.cells).subspan(from), now, site) == Truth::yes;
    };
  }
  watch.addressed = rule.purpose != Purpose::internal;
  if (rule.purpose == Purpose::marketing) watch.consent = "marketing";
  if (rule.purpose == Purpose::feedback) watch.consent = "feedback";
  watch.customer_zone = rule.customer_zone;
  watch.once_per = rule.once_per;
  return watch;
}

Trigger::Trigger(store::Database& database, const language::Rule& rule, const Zone& site)
    : rule_(&rule), site_(site), rows_(database, watch_of(rule, site)) {
  const language::Trigger& trigger = rule.trigger;
  if (!language::has_row(trigger)) return;
  if (trigger.each) narrow_ = language::narrow_of(rule);
  for (const language::Aggregate& aggregate : rule.aggregates) {
    std::vector<const Field*> fields;
    for (const language::Slot& slot : aggregate.slots) fields.push_back(slot.field);
    const bool of_order =
        aggregate.relation->of == Subject::item && trigger.subject == Subject::order;
    related_.emplace_back(database, *aggregate.relation, of_order, std::move(fields), site);
  }
  // Whatever changes makes no slot.
  if (trigger.kind == TriggerKind::schedule) return;
  // Whose row it is counts too: without a customer most rows are no occurrence, and its time zone
  // may decide.
  for (const std::string_view column :
       {std::string_view(trigger.column), std::string_view("customer"),
        std::string_view(trigger.event_name.empty() ? "" : "name"),
        std::string_view(yearly() ? "created_at" : ""),
        std::string_view(rule.customer_zone ? "time_zone" : "")}) {
    columns_ |= store::column_mask(trigger.subject, column);
  }
  if (trigger.state == nullptr) return;
  if (!trigger.state->episode.empty())
    columns_ |= store::column_mask(trigger.subject, trigger.state->episode);
  // A word about a ticket that comes late may move the end of an episode that is over.
  if (trigger.subject == Subject::ticket)
    columns_ |= store::column_mask(Subject::ticket, "solved_at") |
                store::column_mask(Subject::ticket, "reopens");
  for (const language::Slot& slot : trigger.is_slots)
    columns_ |= store::column_mask(trigger.subject, slot.field->column);
  for (const Field& field : fields()) {
    // `is` of a shipped state names its columns in SQL; a column that is a part of another's name
    // only wakes too often.
    if (field.subject == trigger.subject &&
        trigger.state->is_sql.find(field.column) != std::string_view::npos) {
      columns_ |= store::column_mask(trigger.subject, field.column);
    }
  }
}

std::span<const store::RowSet> Trigger::related(const store::Candidate& candidate, Time now) {
  related_rows_.clear();
  for (store::Related& related : related_)
    related_rows_.push_back(
        related.read(related.of_order() ? std::optional(candidate.row) : candidate.customer, now));
  return related_rows_;
}

Time Trigger::due_on(LocalDate date, const Zone& zone) const {
  const LocalDate day = add_span(date, rule_->trigger.offset);
  return zone.to_time(LocalTime{std::chrono::local_days{day}} +
                      std::chrono::minutes{rule_->trigger.at_minute.value_or(0)});
}

Time Trigger::due_of(Time anchor, const Zone& zone) const {
  if (rule_->trigger.at_minute) return due_on(zone.date_of(anchor), zone);
  return later(*rule_, anchor, rule_->trigger.offset, zone);
}

const Zone& Trigger::zone_named(std::string_view name) const {
  if (!rule_->customer_zone || name.empty()) return site_;
  if (!customer_zone_ || zone_name_ != name) {
    zone_name_ = name;
    auto found = Zone::find(name);
    customer_zone_ = found ? *found : site_;
  }
  return *customer_zone_;
}

bool Trigger::yearly() const {
  return rule_->trigger.kind == TriggerKind::date && rule_->trigger.date->yearly;
}

Time Trigger::found_at(const Occurrence& occurrence) const {
  const bool by_zone = rule_->customer_zone && occurrence.anchor;
  return by_zone ? earliest(*occurrence.anchor) : occurrence.due;
}

Duration Trigger::spread() const { return rule_->customer_zone ? farthest : Duration{0}; }

Time Trigger::earliest(Time anchor) const {
  return due_of(anchor, rule_->customer_zone ? Zone::utc() : site_) - lead();
}

Duration Trigger::lead() const {
  if (!rule_->customer_zone) return Duration{0};
  return rule_->trigger.at_minute ? lead_of_dates : lead_of_spans;
}

TimeRange Trigger::widened(TimeRange due) const {
  return {due.after + lead(), due.through + lead()};
}

std::vector<LocalDate> Trigger::dates(TimeRange due, const Zone& zone) const {
  // The offset's inverse on dates is off by at most a month's end, so a few days around are tried;
  // due_on() decides.
  const Span back = rule_->trigger.offset.negated();
  const LocalDate first = add_days(add_span(zone.date_of(due.after), back), -4);
  const LocalDate last = add_days(add_span(zone.date_of(due.through), back), 4);
  std::vector<LocalDate> found;
  for (LocalDate date = first; date <= last; date = add_days(date, 1)) {
    const Time at = due_on(date, zone);
    if (at > due.after && at <= due.through) found.push_back(date);
  }
  return found;
}

std::vector<TimeRange> Trigger::anchors(TimeRange due) const {
  const Zone zone = rule_->customer_zone ? Zone::utc() : site_;
  const TimeRange wide = widened(due);
  if (!rule_->trigger.at_minute) return earlier(*rule_, wide, rule_->trigger.offset, zone);
  std::vector<TimeRange> ranges;
  for (const LocalDate date : dates(wide, zone)) {
    TimeRange range{zone.start_of(date) - Duration{1},
                    zone.start_of(add_days(date, 1)) - Duration{1}};
    if (!ranges.empty() && ranges.back().through >= range.after) {
      ranges.back().through = range.through;
    } else {
      ranges.push_back(range);
    }
  }
  return ranges;
}

std::optional<std::int64_t> Trigger::count(TimeRange due) {
  if (rule_->trigger.kind == TriggerKind::schedule || yearly() || rule_->customer_zone)
    return std::nullopt;
  std::int64_t sum = 0;
  for (const TimeRange& range : anchors(due)) {
    const auto now_so = rows_.count(range);
    if (!now_so) return std::nullopt;
    sum += *now_so;
    for (const store::PastEpisode& ended : rows_.ended(range))
      sum += ended.until > make_ended(ended).due ? 1 : 0;
  }
  return sum;
}

std::vector<ScheduleSlot> Trigger::slots(TimeRange due) const {
  const language::Trigger& trigger = rule_->trigger;
  std::vector<ScheduleSlot> found;
  const LocalDate last = add_days(site_.date_of(due.through), 1);
  for (LocalDate date = add_days(site_.date_of(due.after), -1); date <= last;
       date = add_days(date, 1)) {
    const unsigned weekday = std::chrono::weekday{std::chrono::sys_days{date}}.iso_encoding();
    const bool on = trigger.month_day != 0 ? static_cast<unsigned>(date.day()) ==
                                                 static_cast<unsigned>(trigger.month_day)
                                           : (trigger.weekdays >> (weekday - 1) & 1) != 0;
    if (!on) continue;
    const LocalTime wall = LocalTime{std::chrono::local_days{date}} +
                           std::chrono::minutes{trigger.at_minute.value_or(0)};
    const Time at = site_.to_time(wall);
    if (at > due.after && at <= due.through) {
      found.push_back(
          {at, std::chrono::duration_cast<std::chrono::minutes>(wall.time_since_epoch()).count()});
    }
  }
  return found;
}

Occurrence Trigger::make(const store::Candidate& candidate) const {
  Occurrence occurrence;
  const Zone& zone = zone_of(candidate);
  occurrence.row = candidate.row;
  occurrence.customer = candidate.customer;
  occurrence.anchor = candidate.anchor;
  occurrence.due = due_of(*candidate.anchor, zone);
  occurrence.history_until = candidate.history_until;
  occurrence.candidate = &candidate;
  if (rule_->trigger.kind == TriggerKind::state) occurrence.part = candidate.episode;
  if (rule_->trigger.kind == TriggerKind::date)
    occurrence.part = number_of(zone.date_of(*candidate.anchor));
  return occurrence;
}

Occurrence Trigger::make_each(const store::Candidate& candidate, const ScheduleSlot& slot) {
  Occurrence occurrence;
  occurrence.row = candidate.row;
  occurrence.part = slot.nominal;
  occurrence.customer = candidate.customer;
  occurrence.due = slot.due;
  occurrence.candidate = &candidate;
  return occurrence;
}

int Trigger::narrowed_by() const {
  return narrow_ ? static_cast<int>(narrow_->condition - rule_->if_all.data()) : -1;
}

std::optional<TimeRange> Trigger::narrowed(Time now) const {
  if (!narrow_) return std::nullopt;
  return range_of(*narrow_, now, site_);
}

Occurrence Trigger::make_birthday(const store::Candidate& candidate, LocalDate date) const {
  Occurrence occurrence;
  const Zone& zone = zone_of(candidate);
  occurrence.row = candidate.row;
  occurrence.part = number_of(date);
  occurrence.customer = candidate.customer;
  occurrence.anchor = zone.start_of(date);
  occurrence.due = due_on(date, zone);
  occurrence.history_until = candidate.history_until;
  occurrence.candidate = &candidate;
  return occurrence;
}

Occurrence Trigger::make_ended(const store::PastEpisode& ended) const {
  Occurrence occurrence;
  occurrence.row = ended.row;
  occurrence.part = ended.episode;
  occurrence.customer = ended.customer;
  occurrence.anchor = ended.since;
  occurrence.due = due_of(ended.since, zone_named(ended.zone));
  occurrence.history_until = ended.history_until;
  occurrence.ended = true;
  return occurrence;
}

std::vector<Occurrence> Trigger::of_row(std::int64_t row, Time since, Time now) {
  std::vector<Occurrence> found;
  const language::Trigger& trigger = rule_->trigger;
  if (trigger.kind == TriggerKind::schedule) return found;
  for (const store::PastEpisode& ended : rows_.ended_of(row)) {
    const Occurrence occurrence = make_ended(ended);
    if (ended.until > occurrence.due) found.push_back(occurrence);
  }
  const auto birthday = yearly() ? rows_.birthday(row) : std::nullopt;
  const store::Candidate* candidate = rows_.by_row(row, now);
  if (candidate == nullptr) return found;
  if (!yearly()) {
    if (candidate->anchor && candidate->in_state) found.push_back(make(*candidate));
    return found;
  }
  if (!birthday) return found;
  const int last = static_cast<int>(site_.date_of(now).year()) + 2;
  for (int year = static_cast<int>(site_.date_of(since).year()) - 1; year <= last; ++year) {
    LocalDate date = std::chrono::year{year} / birthday->month() / birthday->day();
    if (!date.ok()) date = std::chrono::year{year} / birthday->month() / std::chrono::last;
    const Occurrence occurrence = make_birthday(*candidate, date);
    if (occurrence.due <= since || !exists(occurrence)) continue;
    found.push_back(occurrence);
    if (occurrence.due > now + spread()) break;
  }
  return found;
}

std::optional<Time> Trigger::next_birthday(Time time) {
  const Zone zone = rule_->customer_zone ? Zone::utc() : site_;
  const auto days = dates(widened({time, time + 2 * 24h}), zone);
  if (days.empty()) return time + 24h;
  const auto month_day = rows_.next_month_day(number_of(days.front()) % 10000);
  if (!month_day) return std::nullopt;
  LocalDate date = days.front();
  for (int i = 0; i <= 366; ++i, date = add_days(date, 1)) {
    const auto here = birthdays_on(date);
    if (std::find(here.begin(), here.end(), *month_day) != here.end())
      return std::max(due_on(date, zone) - lead(), time + Duration{1});
  }
  return time + 24h;
}

std::optional<Time> Trigger::next_after(Time time) {
  // Anchors come in order, their due times nearly so: 29, 30 and 31 January plus a month are one
  // day, where clocks are set back a later anchor may be due an hour earlier, and between 28
  // February and 1 March plus a month lie four days.
  constexpr Duration disorder = 4 * 24h;
  constexpr Duration near = 14 * 24h;
  if (rule_->trigger.kind == TriggerKind::schedule) {
    const auto found = slots({time, time + 32 * 24h});
    return found.empty() ? std::nullopt : std::optional(found.front().due);
  }
  if (yearly()) return next_birthday(time);
  const auto first_in = [&](TimeRange due) -> std::optional<Time> {
    for (const TimeRange& range : anchors(due)) {
      const auto anchor = rows_.first_after(range.after);
      if (anchor && *anchor <= range.through) return anchor;
    }
    return std::nullopt;
  };
  auto anchor = first_in({time, time + near});
  if (!anchor) {
    const auto ranges = anchors({time, time + near});
    if (ranges.empty()) return time + 24h;
    anchor = rows_.first_after(ranges.back().through - disorder);
    while (anchor && earliest(*anchor) <= time) anchor = rows_.first_after(*anchor);
  }
  if (!anchor) return std::nullopt;
  Time next = earliest(*anchor);
  while (const auto sooner = first_in({std::max(time, next - disorder), next - Duration{1}}))
    next = earliest(*sooner);
  return next;
}

}  // namespace retaind::engine
