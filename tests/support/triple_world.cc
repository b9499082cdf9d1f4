#include <fmt/format.h>

#include <stdexcept>

#include "language/check.h"
#include "store/columns.h"
#include "store/facts.h"
#include "support/triples.h"

// A site and a store full of generated facts.
namespace triples {
namespace {

using namespace std::chrono_literals;
using namespace retaind;

// One field of each type that a site may declare, for customers; some for other rows, too.
constexpr const char* vocabulary_text = R"(fields:
  customer.member: bool
  customer.points: number
  customer.discount: percent
  customer.credit: {type: money, currency: USD}
  customer.nickname: text
  customer.tier: {type: enum, words: [gold, silver, bronze]}
  customer.past_tier: {type: enum, words: [gold, silver, bronze]}
  customer.called_at: time
  customer.member_until: date
  order.channel: text
  order.rebate: percent
  order.tip: money
  item.weight: number
  item.gift: bool
  ticket.satisfaction: percent
  ticket.promised: date
  subscription.seats: number
  feedback.reviewed_at: time
  event.campaign: text
events:
  webinar.attended:
    properties: {minutes: number, rating: percent, live: bool, on: date}
  cart.abandoned:
    properties: {value: money, minutes: number}
states:
  customer.silent-gold: {is: customer.tier = gold, since: customer.last_active_at}
  ticket.urgent: {is: "ticket.priority = urgent and ticket.status not in [solved, closed]", since: ticket.unresolved_since}
)";

constexpr std::array<const char*, 6> zones{"Europe/Berlin",       "America/New_York",
                                           "Australia/Lord_Howe", "America/St_Johns",
                                           "Atlantic/Azores",     "Pacific/Auckland"};

Duration offset(const Zone& zone, Time time) {
  return zone.to_local(time).time_since_epoch() - time.time_since_epoch();
}

/// When the zone's offset grows (clocks go forward) or shrinks in 2026, to the millisecond.
Time change_of(const Zone& zone, bool forward) {
  const Time first = *parse_time("2026-01-01", Zone::utc());
  for (Time time = first; time < first + 366 * 24h; time += 1h) {
    Time before = time;
    Time after = time + 1h;
    if (offset(zone, before) == offset(zone, after)) continue;
    if ((offset(zone, after) > offset(zone, before)) != forward) continue;
    while (after - before > Duration{1}) {
      const Time middle = before + (after - before) / 2;
      (offset(zone, middle) == offset(zone, before) ? before : after) = middle;
    }
    return after;
  }
  throw std::runtime_error("the zone's clocks are never changed");
}

std::vector<Time> moments_of(const World& world, Rng& rng) {
  std::vector<Time> found;
  const Zone& zone = world.site.zone;
  for (const Time change : {world.gap, world.doubled}) {
    for (const Duration by : {Duration{0}, Duration{1}, Duration{-1}, Duration{30min},
                              Duration{-30min}, Duration{1h}, Duration{-1h}})
      found.push_back(change + by);
    for (const Span span : {Span{0, 1, 0ms, false}, Span{0, 2, 0ms, false}, Span{1, 0, 0ms, false},
                            Span{0, 0, 48h, false}}) {
      found.push_back(zone.add(change, span));
      found.push_back(zone.add(change, span.negated()));
      found.push_back(zone.add(change, span.negated()) + Duration{rng.below(2) == 0 ? 1 : -1});
    }
  }
  for (const char* end : {"2026-01-31 12:00", "2026-02-28 12:00", "2026-03-31 12:00", "2025-02-28"})
    found.push_back(*parse_time(end, zone));
  for (int i = 0; i < 12; ++i)
    found.push_back(world.gap + std::chrono::minutes(static_cast<int>(rng.below(400 * 1440))) -
                    120 * 24h);
  return found;
}

/// Makes the facts. About every fifth value is missing.
class Facts {
 public:
  Facts(World& world, Rng& rng)
      : world_(world), rng_(rng), facts_(*world.store, world.doubled + 900 * 24h) {}

  void write() {
    for (int i = 0; i < 9; ++i) customer(i);
    for (int i = 0; i < 14; ++i) order(i);
    for (int i = 0; i < 16; ++i) item(i);
    for (int i = 0; i < 8; ++i) subscription(i);
    for (int i = 0; i < 10; ++i) ticket(i);
    for (int i = 0; i < 9; ++i) feedback(i);
    for (int i = 0; i < 12; ++i) event(i);
  }

 private:
  template <class Fact>
  void put(const Fact& fact) {
    if (const auto written = facts_.put(fact); !written)
      throw std::runtime_error(written.error().message);
  }
  bool there() { return rng_.below(5) != 0; }
  template <class Value>
  std::optional<Value> maybe(Value value) {
    return there() ? std::optional(std::move(value)) : std::nullopt;
  }
  Time moment() { return world_.moments[rng_.below(world_.moments.size())]; }
  std::string one_of(std::initializer_list<const char*> words) {
    return *(words.begin() + rng_.below(words.size()));
  }
  std::optional<std::string> someone() {
    // Two have nothing: no order, no ticket.
    return maybe(fmt::format("c{}", rng_.below(7)));
  }
  std::optional<std::string> day() {
    return maybe(one_of({"2026-02-28", "2026-03-01", "1996-02-29", "1990-12-31"}) + std::string());
  }
  std::string birthday() {
    const LocalDate date = world_.site.zone.date_of(moment());
    return fmt::format("{:04}-{:02}-{:02}", 1990 + rng_.below(2),
                       static_cast<unsigned>(date.month()),
                       std::min(28U, static_cast<unsigned>(date.day())));
  }

  std::string json_of(const Field& field) {
    if (rng_.below(8) == 0) return "\"what is this\"";  // of most types this fits none
    switch (field.type) {
      case Type::boolean: return one_of({"true", "false", "\"yes\"", "\"no\"", "null"});
      case Type::number: return one_of({"0", "30", "2.5", "\"30\"", "-1", "\"\""});
      case Type::percent: return one_of({"10", "\"12.5%\"", "0", "\"50 %\""});
      case Type::money: return one_of({"5", "\"12.50\"", "\"5 EUR\"", "\"5 USD\"", "0"});
      case Type::text: return one_of({"\"web\"", "\"it's\"", "\"\"", "7"});
      case Type::enumeration: return one_of({"\"gold\"", "\"silver\"", "\"bronze\"", "\"tin\""});
      case Type::time: return fmt::format("\"{}\"", to_iso(moment()));
      case Type::date: return one_of({"\"2026-02-28\"", "\"2026-03-29\"", "\"2026-04-31\""});
      case Type::duration: break;
    }
    return "null";
  }
  std::optional<std::string> attributes(Subject subject) {
    std::string text;
    for (const Field& field : world_.site.vocabulary->own_fields())
      if (field.subject == subject && rng_.below(4) != 0)
        text += fmt::format("{}\"{}\": {}", text.empty() ? "" : ", ", field.name, json_of(field));
    return maybe("{" + text + "}");
  }
  std::optional<std::string> currency() {
    return rng_.below(5) == 0 ? maybe(std::string("USD")) : std::optional<std::string>("EUR");
  }
  std::int64_t cents() { return static_cast<std::int64_t>(rng_.below(5)) * 2500; }

  void customer(int i) {
    put(CustomerFact{.key = fmt::format("c{}", i),
                     .first_name = maybe(one_of({"Anna", "Bo"})),
                     .time_zone = maybe(one_of({"Asia/Tokyo", "America/Los_Angeles", "UTC"})),
                     .country = maybe(one_of({"DE", "AT"})),
                     .city = maybe(one_of({"Bonn", "Köln", "St. John's"})),
                     .created_at = maybe(moment() - 30 * 24h),
                     .birthday = maybe(birthday()),
                     .attributes = attributes(Subject::customer)});
  }
  void order(int i) {
    OrderFact fact{.key = fmt::format("o{}", i),
                   .customer = someone(),
                   .number = maybe(one_of({"A", "B"})),
                   .status = maybe(one_of({"placed", "paid", "completed", "cancelled"})),
                   .currency = currency(),
                   .total_minor = maybe(cents()),
                   .placed_at = maybe(moment()),
                   .paid_at = maybe(moment()),
                   .shipped_at = maybe(moment()),
                   .completed_at = maybe(moment()),
                   .attributes = attributes(Subject::order)};
    if (rng_.below(4) == 0) fact.cancelled_at = moment();
    if (rng_.below(4) == 0) fact.refunded_at = moment();
    put(fact);
  }
  void item(int i) {
    put(ItemFact{.order = fmt::format("o{}", rng_.below(10)),
                 .key = fmt::format("i{}", i),
                 .sku = maybe(one_of({"X1", "X2"})),
                 .name = maybe(one_of({"tea", "cup"})),
                 .quantity = maybe(0.5 * static_cast<double>(rng_.below(6))),
                 .price_minor = maybe(cents()),
                 .attributes = attributes(Subject::item)});
  }
  void subscription(int i) {
    put(SubscriptionFact{.key = fmt::format("s{}", i),
                         .customer = someone(),
                         .plan = maybe(one_of({"basic", "pro"})),
                         .status = maybe(one_of({"trial", "active", "past_due"})),
                         .currency = currency(),
                         .price_minor = maybe(cents()),
                         .started_at = maybe(moment()),
                         .renews_at = maybe(moment()),
                         .cancelled_at = maybe(moment()),
                         .ended_at = maybe(moment()),
                         .attributes = attributes(Subject::subscription)});
  }
  void ticket(int i) {
    put(TicketFact{.key = fmt::format("t{}", i),
                   .customer = i < 3 ? std::nullopt : someone(),
                   .subject = maybe(one_of({"late", "broken"})),
                   .status = one_of({"new", "open", "solved", "waiting_for_customer"}),
                   .priority = maybe(one_of({"low", "high", "urgent"})),
                   .team = maybe(one_of({"support", "sales"})),
                   .opened_at = moment(),
                   .attributes = attributes(Subject::ticket)});
  }
  void feedback(int i) {
    put(FeedbackFact{.key = fmt::format("f{}", i),
                     .customer = someone(),
                     .kind = maybe(one_of({"nps", "mood"})),
                     .comment = maybe(one_of({"fine", "bad"})),
                     .score = maybe(static_cast<std::int64_t>(rng_.below(10))),
                     .received_at = maybe(moment()),
                     .attributes = attributes(Subject::feedback)});
  }
  void event(int i) {
    put(EventFact{.key = fmt::format("e{}", i),
                  .customer = someone(),
                  .name = one_of({"login", "webinar.attended", "cart.abandoned"}),
                  .at = moment(),
                  .attributes = attributes(Subject::event)});
  }

  World& world_;
  Rng& rng_;
  store::Facts facts_;
};

Known known(const Cell& cell) {
  switch (cell.kind) {
    case Cell::Kind::integer: return Known::of(static_cast<double>(cell.integer));
    case Cell::Kind::real: return Known::of(cell.real);
    case Cell::Kind::text: return Known::of(std::string(cell.text));
    case Cell::Kind::null: break;
  }
  return {};
}

/// Plain columns, without a join and without a condition.
std::vector<Row> read_all(store::Database& database, Subject subject) {
  std::string sql = "SELECT id";
  const auto columns = store::columns_of(subject);
  for (const store::Column& column : columns) sql += fmt::format(", \"{}\"", column.name);
  sql += fmt::format(" FROM {} ORDER BY id", table_of(subject));
  std::vector<Row> found;
  store::Statement& rows = database.prepared(sql);
  while (rows.step()) {
    Row& row = found.emplace_back();
    row.id = rows.integer(0);
    for (std::size_t i = 0; i < columns.size(); ++i)
      row.columns.emplace(columns[i].name, known(rows.cell(static_cast<int>(i) + 1)));
  }
  return found;
}

}  // namespace

const Known& Row::at(std::string_view column) const {
  static const Known nothing;
  const auto found = columns.find(column);
  return found == columns.end() ? nothing : found->second;
}

World::World(std::uint64_t seed) {
  Rng rng(seed);
  site.name = "Shop";
  site.zone = *Zone::find(zones[rng.below(zones.size())]);
  site.currency = *find_currency("EUR");
  site.calendars["daytime"] = Calendar("daytime", *Calendar::parse_line("09:00-20:00"), {});
  site.endpoints["desk"].url = "https://desk.example.com/hook";
  site.vocabulary = language::vocabulary_in(vocabulary_text, site);
  gap = change_of(site.zone, true);
  doubled = change_of(site.zone, false);
  moments = moments_of(*this, rng);
  auto opened = store::Database::in_memory();
  if (!opened) throw std::runtime_error(opened.error().message);
  store.emplace(std::move(*opened));
  if (auto begun = store->begin(); !begun) throw std::runtime_error(begun.error().message);
  Facts(*this, rng).write();
  if (auto done = store->commit(); !done) throw std::runtime_error(done.error().message);
  for (int i = 0; i < subject_count; ++i)
    rows[static_cast<std::size_t>(i)] = read_all(*store, static_cast<Subject>(i));
}

Time World::look(Rng& rng) const {
  static constexpr std::array<Duration, 7> near{0ms, 1ms, -1ms, 30min, -30min, 1h, -1h};
  if (rng.below(2) == 0) return moments[rng.below(moments.size())];
  return (rng.below(2) == 0 ? gap : doubled) + near[rng.below(near.size())];
}

const Row* World::row(Subject subject, const Known& id) const {
  if (!id.is_known()) return nullptr;
  for (const Row& row : of(subject))
    if (row.id == static_cast<std::int64_t>(id.number)) return &row;
  return nullptr;
}

}  // namespace triples
