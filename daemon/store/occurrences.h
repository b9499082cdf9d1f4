#pragma once
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/zone.h"
#include "model/cell.h"
#include "model/fields.h"
#include "store/database.h"
#include "store/field_values.h"
#include "store/ledger.h"

namespace retaind::store {

/// What a rule watches: the rows whose anchor makes occurrences, and what its checks read of each.
struct Watch {
  Subject subject = Subject::customer;
  std::string column;      ///< the anchor; empty: all rows are walked through
  std::string narrow;      ///< of a walk: the column whose index leaves rows out; empty: none does
  std::string event_name;  ///< rows of `events` with this name; empty: every row
  const StateKind* state = nullptr;  ///< only rows that are in the state
  std::vector<const Field*> fields;  ///< of the subject or of its customer
  std::string consent;     ///< "marketing" or "feedback": read consent too; empty: none needed
  bool addressed = false;  ///< read address and suppression
  bool customer_zone = false;
  std::optional<Subject> once_per;  ///< read who has the once-per place of this subject
  /// Of a state of the site's own: whether the row is in it.
  std::function<bool(const struct Candidate&, Time now)> is;
  Zone zone = Zone::utc();  ///< of times that an attribute has without an offset
};

/// Whose once-per places a scan reads; nobody's when the rule has no row in the ledger yet.
struct Places {
  std::int64_t rule = 0;
  bool draft = false;
};

/// A row that the trigger found, with what the checks read. Lives until the next row is asked for.
/// A scan leaves out what only a message needs (address, customer_key), for it reads a million
/// rows, until read_whose(); by_row() leaves out the place, which belongs to a firing by then.
struct Candidate {
  std::int64_t row = 0;
  std::int64_t episode = 0;
  std::optional<std::int64_t> customer;
  std::optional<Time> anchor;
  std::optional<Time> history_until;  ///< imported as history at this time
  std::optional<Time> known_since;    ///< of a yearly date: when its customer was created
  bool in_state = true;
  bool has_address = false;
  bool suppressed = false;
  bool consent = false;
  std::optional<Time> consent_until;
  std::optional<Time> marketing_paused_until;
  std::string_view zone;
  std::string_view address;  ///< keyed
  std::string_view customer_key;
  bool has_firing = false;       ///< read ahead: the rule has one of this row
  std::string_view subject_key;  ///< read ahead
  bool place_read = false;       ///< `place` is what the ledger had when the row was read
  std::optional<Place> place;    ///< once-per
  std::vector<Cell> cells;       ///< as Watch::fields, derivations applied
  Texts texts;                   ///< of cells that could not point into the row
  std::vector<char> kept;        ///< the other texts, where the row is no longer there

  // A copy's cells would point into the texts of the first.
  Candidate() = default;
  Candidate(Candidate&&) = default;
  Candidate& operator=(Candidate&&) = default;
};

/// An episode that is over: the state held in [since, until).
struct PastEpisode {
  std::int64_t row = 0;
  std::int64_t episode = 0;
  std::optional<std::int64_t> customer;
  Time since;
  Time until;
  std::optional<Time> history_until;
  std::string zone;  ///< of the customer, when the watch asks for it
};

/// What a visitor of rows says, when it says anything.
template <class Visit, class Row>
bool goes_on(Visit&& visit, const Row& row) {
  if constexpr (std::is_same_v<std::invoke_result_t<Visit, const Row&>, bool>) {
    return visit(row);
  } else {
    visit(row);
    return true;
  }
}

/// The index ranges behind the engine: which rows became due. Cost follows the rows returned.
class Occurrences {
 public:
  Occurrences(Database& database, Watch watch);

  void read_places(Places places) { places_ = places; }

  /// How rows are read before they are due: each as it is at that time if no fact changes, with its
  /// keys, and whether the rule has a firing of it.
  struct Ahead {
    std::function<Time(Time anchor)> due;
    std::int64_t trigger = 0;
  };
  /// For the calls of scan() until the next call of this; nullptr: as of now.
  void read_ahead(const Ahead* ahead) { ahead_ = ahead; }

  /// Where a scan goes on; the next one returns rows after it.
  struct Cursor {
    std::int64_t anchor = INT64_MIN;
    std::int64_t row = -1;
  };

  /// Rows with an anchor in the range, in (anchor, id) order, at most `limit`; `visit` gets each,
  /// and may end it by returning false. False when the range is exhausted, true when `cursor` says
  /// where to go on.
  template <class Visit>
  bool scan(TimeRange anchors, Cursor& cursor, int limit, Time now, Visit&& visit) {
    int seen = 0;
    // An import may give thousands of rows one anchor: the rest of these first, by id.
    for (const bool tied : {true, false}) {
      if (tied && cursor.anchor <= to_ms(anchors.after)) continue;
      Statement& rows = tied ? start_tied(cursor, limit) : start(anchors, cursor, limit - seen);
      const bool ended = !each(rows, now, true, [&](const Candidate& candidate) {
        cursor = {to_ms(*candidate.anchor), candidate.row};
        ++seen;
        return !candidate.in_state || goes_on(visit, candidate);
      });
      if (ended || seen == limit) return true;
    }
    return false;
  }
  /// How many rows scan() would visit; nothing where only the rows themselves can tell. It reads
  /// the table in its own order: by the index each of five million rows is a walk to another page.
  std::optional<std::int64_t> count(TimeRange anchors);
  /// Rows with a birthday on month and day (mmdd), by id after `cursor.row`.
  template <class Visit>
  bool scan_month_day(int month_day, Cursor& cursor, int limit, Time now, Visit&& visit) {
    Statement& rows = start_month_day(month_day, cursor, limit);
    int seen = 0;
    each(rows, now, false, [&](const Candidate& candidate) {
      cursor.row = candidate.row;
      ++seen;
      return goes_on(visit, candidate);
    });
    return seen == limit;
  }
  /// Rows with ids in (after, through], by id, at most `limit`, without those whose column lies
  /// outside the range; `visit` as with scan(). The id up to which it is done.
  template <class Visit>
  std::int64_t walk(std::int64_t after, std::int64_t through, const std::optional<TimeRange>& range,
                    int limit, Time now, Visit&& visit) {
    Statement& rows = start_walk(after, through, range, limit);
    int seen = 0;
    const bool ended = !each(rows, now, true, [&](const Candidate& candidate) {
      ++seen;
      after = candidate.row;
      return goes_on(visit, candidate);
    });
    return ended || seen == limit ? after : through;
  }
  /// Ids in (after, through] of rows whose column lies in the range, ascending, by its index;
  /// nothing when there are more than `most`.
  std::optional<std::vector<std::int64_t>> within(TimeRange range, std::int64_t after,
                                                  std::int64_t through, std::size_t most);

  /// Scans go by an index: a time that few rules wait for gets its own here. Within the caller's
  /// write transaction.
  void index_anchor();
  /// Address and key of the row that a scan is showing.
  void read_whose();
  /// The row that a scan is showing, for later than its next one.
  Candidate take_shown() { return std::move(*shown_); }
  /// Shows one that was taken, which stays where it is until another is shown; nullptr: none.
  void show(Candidate* taken) { shown_ = taken; }
  /// One row as it is now, in the state or not; nullptr when it is gone.
  const Candidate* by_row(std::int64_t row, Time now);
  /// The smallest anchor after `after`; ignores the state.
  std::optional<Time> first_after(Time after);
  /// The next mmdd at or after the given one, else the smallest.
  std::optional<int> next_month_day(int month_day);
  /// Episodes of the watched state with `since` in the range that lasted longer than until `since`,
  /// ascending.
  std::vector<PastEpisode> ended(TimeRange since);
  /// No fewer rows than the watched table has.
  std::int64_t most_rows();
  /// Ended episodes of one row.
  std::vector<PastEpisode> ended_of(std::int64_t row);
  /// A customer's birthday; empty when unknown or no date.
  std::optional<LocalDate> birthday(std::int64_t customer);
  /// The watched rows that belong to a customer.
  std::vector<std::int64_t> rows_of(std::int64_t customer);

  [[nodiscard]] const Watch& watch() const { return watch_; }

 private:
  Statement& start(TimeRange anchors, const Cursor& cursor, int limit);
  Statement& start_tied(const Cursor& cursor, int limit);
  Statement& bind_scan(Statement& statement, int limit) const;
  Statement& start_walk(std::int64_t after, std::int64_t through,
                        const std::optional<TimeRange>& range, int limit);
  Statement& start_month_day(int month_day, const Cursor& cursor, int limit);
  /// Returns the number of columns read.
  int read(const Statement& row, Time now, bool with_place, Candidate& candidate) const;
  /// The next rows, at most rows_at_once; fewer when they are the last.
  std::size_t read_on(Statement& rows, Time now, bool with_place);
  static void keep_texts(Candidate& candidate);
  /// Shows each row until the visitor returns false; whether it never did.
  template <class Visit>
  bool each(Statement& rows, Time now, bool with_place, Visit&& visit) {
    std::size_t count = 0;
    do {
      count = read_on(rows, now, with_place);
      for (std::size_t i = 0; i < count; ++i) {
        shown_ = &read_[i];
        if (visit(read_[i])) continue;
        rows.reset();
        return false;
      }
    } while (count == rows_at_once);
    return true;
  }
  std::vector<PastEpisode> collect(Statement& rows) const;

  struct Sql {
    std::string scan, tied, scan_ahead, tied_ahead, by_row, month_day, first_after, next_month_day,
        ended, ended_of, rows_of, most_rows, walk, walk_narrowed, within, count;
  };
  Database* database_;
  Watch watch_;
  Sql sql_;
  int scopes_;  ///< bits of customers.suppressed that stop the watch's messages
  bool yearly_;
  bool pausable_;
  Places places_;
  Candidate current_;  ///< by_row()
  /// SQLite and the decision in turn would each push the other out of the processor's cache for
  /// instructions, row by row.
  static constexpr std::size_t rows_at_once = 16;
  std::vector<Candidate> read_;
  Candidate* shown_ = nullptr;
  const Ahead* ahead_ = nullptr;
};

}  // namespace retaind::store
