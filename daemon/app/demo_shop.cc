#include "app/demo_shop.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/demo_words.h"
#include "app/site_init.h"
#include "base/file.h"
#include "base/money.h"
#include "base/rng.h"
#include "base/zone.h"

namespace retaind::app {
namespace {

namespace fs = std::filesystem;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr int customer_count = 320;

/// A CSV file in memory (RFC 4180).
class Table {
 public:
  explicit Table(std::string_view header) : text_(std::string(header) + "\n") {}
  void add(const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) text_ += ',';
      if (cells[i].find_first_of(",\"\r\n") == std::string::npos) {
        text_ += cells[i];
        continue;
      }
      text_ += '"';
      for (const char character : cells[i]) text_.append(character == '"' ? 2 : 1, character);
      text_ += '"';
    }
    text_ += '\n';
    ++rows_;
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] int rows() const { return rows_; }

 private:
  std::string text_;
  int rows_ = 0;
};

struct Person {
  std::string key;
  bool japanese = false;
  demo::Place place;
  Time created;
  Time last_order;
  int orders = 0;
};

class Generator {
 public:
  Generator(std::uint64_t seed, Time now) : rng_(seed), now_(now) {}

  void run() {
    for (int i = 0; i < customer_count; ++i) {
      Person person = make_person(i + 1);
      make_orders(person);
      make_subscription(person);
      make_tickets(person);
      make_logins(person);
    }
  }

  Table customers{
      "key,email,first_name,last_name,locale,time_zone,country,city,currency,created_at,birthday"};
  Table orders{
      "key,customer,number,status,total,currency,placed_at,paid_at,shipped_at,completed_at,"
      "refunded_at"};
  Table items{"order,key,sku,name,quantity,price"};
  Table subscriptions{"key,customer,plan,status,price,currency,started_at,renews_at"};
  Table tickets{
      "key,customer,number,subject,status,priority,assignee,opened_at,first_response_at,solved_at"};
  Table feedback{"key,customer,order,kind,score,comment,received_at"};
  Table events{"key,customer,name,at"};
  Table consent{"customer,purpose,granted,at,source"};
  Table suppression{"email,scope,cause,at"};

 private:
  template <class Range>
  const auto& pick(const Range& range) {
    return range[rng_.below(range.size())];
  }
  bool chance(double share) { return rng_.unit() < share; }
  Duration between(Duration from, Duration to) {
    return from + Duration{static_cast<std::int64_t>(
                      rng_.below(static_cast<std::uint64_t>((to - from).count())))};
  }

  Person make_person(int number);
  void make_consent(const Person& person);
  std::string birthday();
  void make_orders(Person& person);
  Time last_order_time(const Person& person);
  void make_order(const Person& person, Time placed, bool latest);
  void make_feedback(const Person& person, const std::string& order, Time received);
  void make_subscription(const Person& person);
  void make_tickets(const Person& person);
  void make_logins(const Person& person);

  Rng rng_;
  Time now_;
};

std::string stamp(std::optional<Time> time) { return time ? to_iso(*time) : std::string(); }

std::string price_text(int euro_cents, const demo::Place& place) {
  const Currency currency = *find_currency(place.currency);
  // A yen is about the 160th part of a euro; prices in yen end in a zero.
  const std::int64_t minor = minor_digits(currency) == 0 ? euro_cents * 16 / 100 * 10 : euro_cents;
  return decimal({minor, currency});
}

Person Generator::make_person(int number) {
  Person person;
  person.key = fmt::format("C{:04}", number);
  person.japanese = chance(0.4);
  person.place = person.japanese ? pick(demo::japanese_places) : pick(demo::western_places);
  // Every tenth is new: the welcome rule wants somebody to greet.
  person.created =
      now_ - (chance(0.1) ? between(minutes(30), days(2)) : between(days(3), days(900)));
  const demo::Name& first =
      person.japanese ? pick(demo::japanese_first) : pick(demo::english_first);
  const demo::Name& last = person.japanese ? pick(demo::japanese_last) : pick(demo::english_last);
  std::string email = fmt::format("{}.{}{}@example.{}", first.latin, last.latin, number,
                                  person.japanese ? "net" : "com");
  if (chance(0.03)) email.clear();
  if (!email.empty() && chance(0.04)) {
    suppression.add({email, "all", chance(0.5) ? "bounce" : "complaint",
                     stamp(now_ - between(days(1), days(60)))});
  }
  customers.add({person.key, email, std::string(first.shown), std::string(last.shown),
                 person.japanese ? "ja" : "en", std::string(person.place.time_zone),
                 std::string(person.place.country), std::string(person.place.city),
                 std::string(person.place.currency), stamp(person.created), birthday()});
  make_consent(person);
  return person;
}

std::string Generator::birthday() {
  if (chance(0.4)) return {};
  const std::chrono::year year{static_cast<int>(1950 + rng_.below(55))};
  // A few have it today, so that the rule can be seen.
  const LocalDate today = Zone::utc().date_of(now_);
  LocalDate date = year / today.month() / today.day();
  if (!chance(0.04)) date = Zone::utc().date_of(now_ - between(days(1), days(365)));
  date = year / date.month() / date.day();
  return to_string(date.ok() ? date : LocalDate(year / date.month() / std::chrono::last));
}

void Generator::make_consent(const Person& person) {
  const std::string at = stamp(person.created + minutes(2));
  if (chance(0.72)) consent.add({person.key, "marketing", "yes", at, "account form"});
  if (chance(0.85)) consent.add({person.key, "feedback", "yes", at, "account form"});
  if (chance(0.05))
    consent.add({person.key, "marketing", "no", stamp(std::min(now_, person.created + hours(20))),
                 "unsubscribe link"});
}

Time Generator::last_order_time(const Person& person) {
  const Duration age = now_ - person.created;
  if (age < days(3)) return person.created + between(minutes(5), minutes(25));
  // A quarter bought lately, a quarter fell silent about three months ago, the rest lies anywhere.
  const double part = rng_.unit();
  Duration ago = between(days(3), days(400));
  if (part < 0.3) ago = between(days(8), days(14));
  if (part > 0.7) ago = between(days(88), days(100));
  return std::max(person.created + minutes(5), now_ - ago);
}

void Generator::make_orders(Person& person) {
  if (chance(0.12)) return;
  person.orders = 1 + static_cast<int>(rng_.below(5));
  person.last_order = last_order_time(person);
  Time at = person.last_order;
  for (int i = 0; i < person.orders; ++i) {
    make_order(person, at, i == 0);
    at -= between(days(12), days(120));
    if (at < person.created) {
      person.orders = i + 1;
      break;
    }
  }
}

void Generator::make_order(const Person& person, Time placed, bool latest) {
  const std::string key = fmt::format("O{:05}", orders.rows() + 1001);
  const Currency currency = *find_currency(person.place.currency);
  std::int64_t total = 0;
  const int lines = 1 + static_cast<int>(rng_.below(3));
  for (int line = 1; line <= lines; ++line) {
    const demo::Article& article = pick(demo::articles);
    const int quantity = 1 + static_cast<int>(rng_.below(2));
    const std::string price = price_text(article.euro_cents, person.place);
    total += *parse_minor(price, currency) * quantity;
    // A line's price is in the shop's currency; yen are known of the order alone.
    const bool euro = person.place.currency == "EUR";
    items.add({key, fmt::format("{}", line), std::string(article.sku),
               std::string(person.japanese ? article.japanese : article.english),
               fmt::format("{}", quantity), euro ? price : std::string()});
  }
  const Time shipped = placed + between(hours(6), hours(40));
  const Time completed = shipped + between(hours(20), hours(70));
  const bool is_completed = completed <= now_;
  const bool refunded = is_completed && chance(0.06);
  const std::string status = refunded          ? "refunded"
                             : is_completed    ? "completed"
                             : shipped <= now_ ? "shipped"
                                               : "paid";
  orders.add({key, person.key, fmt::format("{}", 20000 + orders.rows() + 1), status,
              decimal({total, currency}), std::string(person.place.currency), stamp(placed),
              stamp(placed + minutes(3)), shipped <= now_ ? stamp(shipped) : "",
              is_completed ? stamp(completed) : "",
              refunded ? stamp(std::min(now_, completed + between(hours(5), days(5)))) : ""});
  if (is_completed && !latest && chance(0.3))
    make_feedback(person, key, std::min(now_, completed + days(8)));
  if (is_completed && latest && now_ - completed < days(20) && chance(0.25)) {
    make_feedback(person, key, now_ - between(minutes(5), days(1)));
  }
}

void Generator::make_feedback(const Person& person, const std::string& order, Time received) {
  const bool happy = chance(0.75);
  const int score = static_cast<int>(happy ? 8 + rng_.below(3) : rng_.below(7));
  const demo::Matter& words = happy ? pick(demo::praises) : pick(demo::complaints);
  feedback.add({fmt::format("F{:05}", feedback.rows() + 1), person.key, order, "nps",
                fmt::format("{}", score),
                std::string(person.japanese ? words.japanese : words.english), stamp(received)});
}

void Generator::make_subscription(const Person& person) {
  if (now_ - person.created < days(60) || !chance(0.25)) return;
  const Time started = person.created + days(10);
  // Renewals lie around two weeks ahead, where the rule looks.
  const Time renews =
      now_ + (chance(0.3) ? between(days(12), days(16)) : between(days(1), days(180)));
  subscriptions.add({fmt::format("S{:04}", subscriptions.rows() + 1), person.key,
                     person.japanese ? "お茶の定期便" : "Tea of the season",
                     chance(0.9) ? "active" : "paused", price_text(5900, person.place),
                     std::string(person.place.currency), stamp(started), stamp(renews)});
}

void Generator::make_tickets(const Person& person) {
  const Duration age = now_ - person.created;
  if (!chance(0.16)) return;
  const Time opened = now_ - std::min<Duration>(age, chance(0.5) ? between(hours(2), days(6))
                                                                 : between(days(6), days(200)));
  const bool old = now_ - opened > days(6);
  const Time answered = opened + between(minutes(20), hours(30));
  const Time solved = answered + between(hours(1), hours(60));
  const bool is_solved = solved <= now_ && (old || chance(0.35));
  const std::string status = is_solved         ? "solved"
                             : answered > now_ ? "new"
                             : chance(0.25)    ? "waiting_for_customer"
                                               : "open";
  constexpr std::array<std::string_view, 4> priorities{"low", "normal", "normal", "high"};
  const demo::Matter& matter = pick(demo::matters);
  const int number = 4000 + tickets.rows() + 1;
  tickets.add({fmt::format("T{}", number), person.key, fmt::format("{}", number),
               std::string(person.japanese ? matter.japanese : matter.english), status,
               std::string(pick(priorities)), chance(0.7) ? std::string(pick(demo::agents)) : "",
               stamp(opened), answered <= now_ ? stamp(answered) : "",
               is_solved ? stamp(solved) : ""});
}

void Generator::make_logins(const Person& person) {
  if (person.orders == 0 || !chance(0.2)) return;
  const Time at = person.last_order + between(hours(1), days(30));
  if (at > now_) return;
  events.add(
      {fmt::format("E{:05}", events.rows() + 1), person.key, "customer.logged_in", stamp(at)});
}

/// Replaces one line of the settings; the sample is ours, so a line that is missing is this
/// program's mistake.
void set_line(std::string& text, std::string_view key, std::string_view value) {
  const std::size_t at = text.find(fmt::format("\n{}", key));
  const std::size_t end = text.find('\n', at + 1);
  text.replace(at, end - at, fmt::format("\n{}{}", key, value));
}

Result<void> adapt_settings(const fs::path& directory, Time now) {
  Result<std::string> text = read_file(directory / "retaind.yaml", 1 << 20);
  if (!text) return text.error();
  const int hour = static_cast<int>(std::chrono::floor<hours>(now).time_since_epoch().count() % 24);
  const std::string open =
      fmt::format(" {:02}:00-{:02}:00   # around the time at which the demo was made",
                  (hour + 21) % 24, (hour + 7) % 24);
  set_line(*text, "shop:", " Tea & Bowl");
  set_line(*text, "  name:", " Tea & Bowl");
  set_line(*text, "  daytime:", open);
  set_line(*text, "  support-hours:", open);
  return write_file_durably(directory / "retaind.yaml", *text);
}

/// Rules look back two weeks, so that the shop's past gives mail at once.
Result<void> adapt_rules(const fs::path& directory) {
  for (const auto& entry : fs::directory_iterator(directory / "rules")) {
    Result<std::string> text = read_file(entry.path(), 1 << 20);
    if (!text) return text.error();
    // Nobody waits a quarter of an hour for a demo.
    const std::string_view digest = "digest: 15 minutes";
    if (const std::size_t at = text->find(digest); at != std::string::npos)
      text->replace(at, digest.size(), "digest: 10 seconds");
    const bool looks_back = text->find("\nbacklog:") != std::string::npos;
    if (!looks_back)
      *text +=
          "backlog: 14 days                   # for the demo: what was due in the last two weeks "
          "goes out too\n";
    if (Result<void> written = write_file_durably(entry.path(), *text); !written) return written;
  }
  return {};
}

Result<void> write_tables(const fs::path& directory, const Generator& shop) {
  const std::pair<std::string_view, const Table*> tables[] = {
      {"customers", &shop.customers},
      {"orders", &shop.orders},
      {"items", &shop.items},
      {"subscriptions", &shop.subscriptions},
      {"tickets", &shop.tickets},
      {"feedback", &shop.feedback},
      {"events", &shop.events},
      {"consent", &shop.consent},
      {"suppression", &shop.suppression}};
  for (const auto& [name, table] : tables) {
    const fs::path path = directory / fmt::format("{}.csv", name);
    if (Result<void> written = write_file_durably(path, table->text()); !written) return written;
  }
  return {};
}

}  // namespace

Result<DemoShop> make_demo_site(const fs::path& directory, std::uint64_t seed, Time now) {
  const Result<MadeSite> site = make_site(directory);
  if (!site) return site.error();
  if (!site->kept.empty()) {
    return Error{ErrorKind::conflict,
                 fmt::format("{} holds a site already; name a new directory", directory.string())};
  }
  if (Result<void> adapted = adapt_settings(directory, now); !adapted) return adapted.error();
  if (Result<void> adapted = adapt_rules(directory); !adapted) return adapted.error();
  std::error_code error;
  fs::create_directories(directory / "demo", error);
  Generator shop(seed, now);
  shop.run();
  if (Result<void> written = write_tables(directory / "demo", shop); !written)
    return written.error();
  return DemoShop{shop.customers.rows(), shop.orders.rows(), shop.tickets.rows()};
}

}  // namespace retaind::app
