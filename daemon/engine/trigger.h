#pragma once
#include <optional>
#include <vector>

#include "base/zone.h"
#include "language/narrow.h"
#include "language/plan.h"
#include "store/occurrences.h"
#include "store/related.h"

namespace retaind::engine {

/// One reason to fire, as the facts have it now.
struct Occurrence {
  std::int64_t row = 0;
  std::int64_t part = 0;  ///< episode, local date yyyymmdd or slot; 0 for an event
  std::optional<std::int64_t> customer;
  std::optional<Time> anchor;
  Time due;
  std::optional<Time> history_until;
  bool ended = false;  ///< of a state: it is over again
  const store::Candidate* candidate =
      nullptr;  ///< what the checks read; nullptr for an ended episode or a bare schedule
};

/// One time of a schedule.
struct ScheduleSlot {
  Time due;
  std::int64_t nominal;  ///< minutes of local time since 1970, as written
};

/// Finds the occurrences of one rule in the facts, by the trigger alone: index ranges, never a walk
/// over customers. The ledger is made from it and balanced against it.
class Trigger {
 public:
  /// `site` is the zone of rules without `timezone: customer`. The rule outlives this object.
  Trigger(store::Database& database, const language::Rule& rule, const Zone& site);

  /// Where a scan that was cut goes on.
  struct Cursor {
    std::size_t range = 0;
    store::Occurrences::Cursor rows;
    bool ended_done = false;
  };

  /// Occurrences due in the range, at most about `limit`; `visit` may end it before by returning
  /// false. True when there is more behind `cursor`.
  /// With `timezone: customer` the range is of the earliest possible due (anywhere on Earth) and
  /// Occurrence::due is exact, up to a day and more later.
  template <class Visit>
  bool scan(TimeRange due, Cursor& cursor, int limit, Time now, Visit&& visit);

  /// How many scan() would visit. Nothing with `timezone: customer`, for a yearly date, a schedule
  /// or an own state: there each has to be looked at.
  std::optional<std::int64_t> count(TimeRange due);

  /// The occurrences of one row: the current one and ended episodes; of a yearly date those due
  /// after `since` up to the next one.
  std::vector<Occurrence> of_row(std::int64_t row, Time since, Time now);

  /// The earliest due after `time` that the facts hold; may be too early (then a scan finds
  /// nothing), never too late.
  std::optional<Time> next_after(Time time);

  /// Due of an anchor; for birthdays the anchor is the start of the occurrence's local day.
  [[nodiscard]] Time due_of(Time anchor, const Zone& zone) const;
  /// A row that a scan has found.
  [[nodiscard]] Occurrence make(const store::Candidate& candidate) const;
  /// Columns (bits of store/columns.h) whose change makes the trigger look at the row again.
  [[nodiscard]] std::uint64_t columns() const { return columns_; }
  [[nodiscard]] const Zone& zone_of(const store::Candidate& candidate) const {
    return rule_->customer_zone ? zone_named(candidate.zone) : site_;
  }
  /// The time of the range in which scan() finds an occurrence: its due, and with `timezone:
  /// customer` an earlier one that hangs on the anchor alone.
  [[nodiscard]] Time found_at(const Occurrence& occurrence) const;
  /// How much later than that an occurrence can be due; 0 without `timezone: customer`.
  [[nodiscard]] Duration spread() const;
  /// Of a date that comes every year: it is found by month and day, and not by an anchor.
  [[nodiscard]] bool yearly() const;
  /// Times of a schedule, ascending.
  [[nodiscard]] std::vector<ScheduleSlot> slots(TimeRange due) const;
  /// With `each:`, a row as one slot finds it. scan() finds none of them: engine/pass.h does.
  [[nodiscard]] static Occurrence make_each(const store::Candidate& candidate,
                                            const ScheduleSlot& slot);
  /// Of `each:`: outside this range of the watched column no row passes the line `narrowed_by()` at
  /// `now`. Empty: no index says so.
  [[nodiscard]] std::optional<TimeRange> narrowed(Time now) const;
  [[nodiscard]] int narrowed_by() const;
  store::Occurrences& rows() { return rows_; }
  /// The rows that the rule's aggregates go over; valid until the next call.
  std::span<const store::RowSet> related(const store::Candidate& candidate, Time now);

 private:
  [[nodiscard]] std::vector<TimeRange> anchors(TimeRange due) const;
  [[nodiscard]] Duration lead() const;
  [[nodiscard]] TimeRange widened(TimeRange due) const;
  [[nodiscard]] Time due_on(LocalDate date, const Zone& zone) const;
  [[nodiscard]] std::vector<LocalDate> dates(TimeRange due, const Zone& zone) const;
  [[nodiscard]] std::optional<Time> next_birthday(Time time);
  [[nodiscard]] const Zone& zone_named(std::string_view name) const;
  [[nodiscard]] Time earliest(Time anchor) const;
  Occurrence make_birthday(const store::Candidate& candidate, LocalDate date) const;
  Occurrence make_ended(const store::PastEpisode& ended) const;

  const language::Rule* rule_;
  Zone site_;
  store::Occurrences rows_;
  std::vector<store::Related> related_;
  std::vector<store::RowSet> related_rows_;
  std::optional<language::Narrow> narrow_;
  std::uint64_t columns_ = 0;
  mutable std::string zone_name_;
  mutable std::optional<Zone> customer_zone_;
};

/// Nobody has a birthday with a shop before being its customer.
inline bool exists(const Occurrence& yearly) {
  return !yearly.candidate->known_since || yearly.due > *yearly.candidate->known_since;
}
/// The days of a birthday that `mmdd` stands for on a date: itself, and 29 February on the 28th of
/// a common year.
std::vector<int> birthdays_on(LocalDate date);
int number_of(LocalDate date);
LocalDate date_of_number(int yyyymmdd);
/// What the checks of a rule read, for the store.
store::Watch watch_of(const language::Rule& rule, const Zone& site);

template <class Visit>
bool Trigger::scan(TimeRange due, Cursor& cursor, int limit, Time now, Visit&& visit) {
  using language::TriggerKind;
  const language::Trigger& trigger = rule_->trigger;
  if (trigger.kind == TriggerKind::schedule) {
    if (trigger.each) return false;
    for (const ScheduleSlot& slot : slots(due)) {
      Occurrence occurrence;
      occurrence.due = slot.due;
      occurrence.part = slot.nominal;
      visit(occurrence);
    }
    return false;
  }
  if (trigger.kind == TriggerKind::date && trigger.date->yearly) {
    std::vector<std::pair<LocalDate, int>> days;
    for (const LocalDate date : dates(widened(due), rule_->customer_zone ? Zone::utc() : site_)) {
      for (const int month_day : birthdays_on(date)) days.emplace_back(date, month_day);
    }
    for (; cursor.range < days.size(); ++cursor.range, cursor.rows = {}) {
      // Not a structured binding: clang 14 does not let a lambda capture one.
      const LocalDate date = days[cursor.range].first;
      const int month_day = days[cursor.range].second;
      const bool more = rows_.scan_month_day(
          month_day, cursor.rows, limit, now, [&](const store::Candidate& candidate) {
            const Occurrence occurrence = make_birthday(candidate, date);
            if (exists(occurrence)) visit(occurrence);
          });
      if (more) return true;
    }
    return false;
  }
  const std::vector<TimeRange> ranges = anchors(due);
  if (trigger.state != nullptr && !cursor.ended_done) {
    for (const TimeRange& range : ranges) {
      for (const store::PastEpisode& ended : rows_.ended(range)) {
        const Occurrence occurrence = make_ended(ended);
        if (ended.until > occurrence.due) visit(occurrence);
      }
    }
    cursor.ended_done = true;
  }
  for (; cursor.range < ranges.size(); ++cursor.range, cursor.rows = {}) {
    const bool more =
        rows_.scan(ranges[cursor.range], cursor.rows, limit, now,
                   [&](const store::Candidate& candidate) { return visit(make(candidate)); });
    if (more) return true;
  }
  return false;
}

}  // namespace retaind::engine
