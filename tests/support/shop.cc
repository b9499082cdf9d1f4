#include "support/shop.h"

#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <exception>
#include <filesystem>
#include <fstream>

#include "delivery/release.h"
#include "language/check.h"
#include "store/holds.h"

namespace retaind::test {
namespace {

constexpr const char* names[] = {
    "thanks", "welcome", "win-back", "ticket-reminder", "ticket-escalation",
    "second", "third",   "birthday", "renewal",         "detractor"};

Zone berlin() {
  auto zone = Zone::find("Europe/Berlin");
  REQUIRE(zone);
  return *zone;
}

Calendar calendar(const std::string& name, const std::string& hours) {
  auto windows = Calendar::parse_line(hours);
  REQUIRE(windows);
  return {name, *windows, {}};
}

Time local(std::string_view text) {
  const auto time = parse_time(text, berlin());
  if (!time) FAIL("no time: " << text);
  return *time;
}

store::Database memory() {
  auto made = store::Database::in_memory();
  if (!made) FAIL(made.error().message);
  return *std::move(made);
}

}  // namespace

Shop::Shop(std::string_view starts)
    : database(memory()), clock(local(starts)), uncaught_(std::uncaught_exceptions()) {
  site.name = "Test Shop";
  site.zone = berlin();
  site.sender = {"Test Shop", "shop@example.com", "", "1 Street"};
  site.unsubscribe_url = "https://example.com/bye?t={token}";
  site.survey_url = "https://example.com/survey/{kind}?t={token}";
  site.calendars["daytime"] = calendar("daytime", "09:00-20:00");
  site.calendars["support-hours"] = calendar("support-hours", "mon-fri 09:00-18:00");
  site.teams["support"].to = {"support@example.com"};
  site.teams["support-lead"].to = {"lead@example.com"};
  site.endpoints["desk"].url = "https://desk.example.com/hook";
  site.deliver_live = true;
  for (const char* name : names) {
    templates[name] = fmt::format(
        "---\nsubject: {}\n---\n<p>Hello {{{{ customer.first_name }}}}"
        "{{% if coupon %}} code {{{{ coupon.code }}}}{{% endif %}}"
        "{{% if survey %}} ask {{{{ survey.link }}}}{{% endif %}}"
        "{{% if items %}}{{% for item in items %}} ticket {{{{ item.ticket.number | default: '-' "
        "}}}};"
        "{{% endfor %}}{{% endif %}}</p>\n",
        name);
  }
  begin_world();
}

void Shop::begin_world(store::Identity* identity) {
  world = std::make_unique<replay::World>(
      database, clock, rng, [this] { return files(); }, identity);
  for (auto* transport : {&world->mail(), &world->webhooks()}) {
    transport->on_send = [this](const delivery::Outgoing& message) { handed.push_back(message); };
    transport->on_answer = [this](const replay::VirtualTransport::Taken& taken) {
      if (taken.outcome == delivery::OutcomeKind::sent) note(taken.message);
    };
  }
}

Shop::~Shop() {
  if (std::uncaught_exceptions() == uncaught_) check_balance();
  world.reset();
}

void Shop::fail(const std::string& message) {
  FAIL(message);
  std::abort();
}

void Shop::rule(const std::string& text) {
  const std::size_t begin = text.find("rule: ") + 6;
  rules[text.substr(begin, text.find('\n', begin) - begin)] = text;
}

Result<delivery::SiteFiles> Shop::files() {
  delivery::SiteFiles made;
  made.site = site;
  made.secret = secret;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
    std::filesystem::remove(entry);
  language::TemplateNames known;
  for (const auto& [name, text] : templates) {
    const std::size_t dot = name.find('.');
    std::ofstream(directory_ / (name + (dot == std::string::npos ? ".en.liquid" : ".liquid")))
        << text;
    known.names.push_back(name.substr(0, dot));
  }
  std::vector<render::TemplateError> errors;
  made.templates = render::TemplateSet::load(directory_.path(), errors);
  if (!errors.empty()) return Error{ErrorKind::invalid, errors.front().message};
  std::vector<language::Diagnostic> found;
  for (const auto& [id, text] : rules) {
    auto source = std::make_shared<language::Source>(language::Source{"rules/" + id, text});
    auto rule = language::check_rule(source, site, known, found);
    for (const language::Diagnostic& diagnostic : found) {
      if (diagnostic.severity == language::Severity::error)
        return Error{ErrorKind::invalid, language::to_text(diagnostic, false)};
    }
    made.rules.push_back(*std::move(rule));
  }
  rules_seen_ = made.rules;
  return made;
}

// What they change is the world that a pointer names.
// NOLINTBEGIN(readability-make-member-function-const)
void Shop::start() {
  expect(world->start());
  expect(world->settle());
}

void Shop::reload() {
  expect(world->reload());
  expect(world->settle());
}

void Shop::run_to(std::string_view text) { expect(world->run_to(local(text))); }
// NOLINTEND(readability-make-member-function-const)

Time Shop::at(std::string_view text) const { return local(text); }
std::string Shop::now() const { return to_local_text(clock.now(), site.zone); }

void Shop::crash(std::string_view until) {
  world->crash();
  if (!until.empty()) clock.advance_to(local(until));
  start();
}

void Shop::down(std::string_view until) {
  expect(world->stop());
  clock.advance_to(local(until));
  start();
}

void Shop::write(const std::function<void(store::Facts&)>& what) {
  auto transaction = store::Transaction::begin(database);
  expect(transaction);
  store::Facts facts{database, clock.now()};
  if (history_) facts.set_history_until(clock.now());
  what(facts);
  expect(transaction->commit());
  expect(world->settle());
}

void Shop::customer(const std::string& key, const std::string& consent_to) {
  CustomerFact fact;
  fact.key = key;
  fact.email = key + "@example.com";
  fact.first_name = key;
  fact.currency = "EUR";
  write([&](store::Facts& facts) {
    expect(facts.put(fact));
    for (const char* purpose : {"marketing", "feedback"}) {
      if (consent_to.find(purpose) == std::string::npos) continue;
      ConsentFact said;
      said.customer = key;
      said.purpose = purpose;
      said.granted = true;
      said.at = clock.now();
      expect(facts.put(said));
    }
  });
}

void Shop::customer(const CustomerFact& fact) { put(fact); }

void Shop::consent(const std::string& key, const std::string& purpose, bool granted) {
  ConsentFact said;
  said.customer = key;
  said.purpose = purpose;
  said.granted = granted;
  said.at = clock.now();
  put(said);
}

void Shop::suppress(const std::string& email, const std::string& scope) {
  SuppressionFact fact;
  fact.email = email;
  fact.scope = scope;
  fact.at = clock.now();
  put(fact);
}

void Shop::order(const std::string& key, const std::string& who, std::string_view completed) {
  OrderFact fact;
  fact.key = key;
  fact.number = key;
  fact.customer = who;
  fact.status = "completed";
  fact.currency = "EUR";
  fact.total_minor = 4900;
  const Time when = completed.empty() ? clock.now() : local(completed);
  fact.placed_at = when;
  fact.completed_at = when;
  put(fact);
}

void Shop::ticket(const std::string& key, const std::string& status, const std::string& who,
                  std::string_view opened) {
  TicketFact fact;
  fact.key = key;
  fact.number = key;
  fact.status = status;
  if (!who.empty()) fact.customer = who;
  if (!opened.empty()) fact.opened_at = local(opened);
  fact.as_of = clock.now();
  if (ask("SELECT count(*) FROM tickets WHERE key = '" + key + "'") == "0") {
    if (!fact.opened_at) fact.opened_at = clock.now();
    fact.as_of = fact.opened_at;
  }
  put(fact);
}

void Shop::feedback(const std::string& key, const std::string& who, int score,
                    const std::string& kind) {
  FeedbackFact fact;
  fact.key = key;
  fact.customer = who;
  fact.kind = kind;
  fact.score = score;
  fact.received_at = clock.now();
  put(fact);
}

void Shop::event(const std::string& key, const std::string& who, const std::string& name) {
  EventFact fact;
  fact.key = key;
  fact.customer = who;
  fact.name = name;
  fact.at = clock.now();
  put(fact);
}

std::string Shop::line_of(const delivery::Outgoing& message) {
  const auto row = store::Messages(database).find(message.id);
  const std::string to =
      message.envelope_to.empty() ? message.endpoint : message.envelope_to.front();
  return fmt::format("{} {} {}", now(), row ? row->step : "?", to);
}

void Shop::note(const delivery::Outgoing& message) {
  arrived.push_back({line_of(message), message});
}

Lines Shop::sent() {
  Lines lines;
  for (; told_ < arrived.size(); ++told_) lines.push_back(arrived[told_].line);
  return lines;
}

namespace {
// The subject's key of a firing `f`.
constexpr const char* subject_key =
    "CASE f.subject WHEN 0 THEN (SELECT key FROM customers WHERE id = f.row) WHEN 1 THEN (SELECT "
    "key FROM orders WHERE id = f.row) WHEN 3 THEN (SELECT key FROM subscriptions WHERE id = "
    "f.row) WHEN 4 THEN (SELECT key FROM tickets WHERE id = f.row) WHEN 5 THEN (SELECT key FROM "
    "feedback WHERE id = f.row) WHEN 6 THEN (SELECT key FROM events WHERE id = f.row) END";
}  // namespace

Lines Shop::ledger(const std::string& rule) {
  store::Statement& rows = database.prepared(fmt::format(
      "SELECT m.step, m.repeat, coalesce({0}, '-'), m.state, m.reason, m.is_envelope, "
      "coalesce(f.id, 1e9), "
      "m.id FROM message m JOIN rule r ON r.id = m.rule LEFT JOIN firing f ON f.id = m.firing "
      "WHERE "
      "?1 IN ('', r.name) UNION ALL SELECT '-', 0, {0}, 7, f.reason, 0, f.id, 0 FROM firing f JOIN "
      "rule r ON r.id = f.rule WHERE ?1 IN ('', r.name) AND NOT EXISTS (SELECT 1 FROM message m "
      "WHERE m.firing = f.id) ORDER BY 7, 8",
      subject_key));
  rows.bind(1, rule);
  Lines lines;
  while (rows.step()) {
    const auto state = static_cast<MessageState>(rows.integer(3));
    const auto reason = static_cast<Reason>(rows.integer(4));
    std::string line = fmt::format("{}{} {}", rows.text(0),
                                   rows.integer(1) > 0 ? fmt::format("#{}", rows.integer(1)) : "",
                                   rows.integer(5) != 0 ? "digest" : rows.text(2));
    if (state != MessageState::skipped && state != MessageState::sent)
      line += fmt::format(" {}", name_of(state));
    if (reason != Reason::none) line += fmt::format(" {}", name_of(reason));
    lines.push_back(line);
  }
  return lines;
}

std::string Shop::time_of(const std::string& column, const std::string& step,
                          const std::string& subject) {
  const std::size_t mark = step.find('#');
  std::string value = ask(fmt::format(
      "SELECT coalesce(m.{0}, '-') FROM message m JOIN firing f ON f.id = m.firing WHERE m.step = "
      "'{1}' AND m.repeat = {2} AND {3} = '{4}' ORDER BY m.id DESC",
      column, step.substr(0, mark), mark == std::string::npos ? "0" : step.substr(mark + 1),
      subject_key, subject));
  if (value.empty() || value == "-") return value;
  return to_local_text(from_ms(std::stoll(value)), site.zone);
}

std::string Shop::due(const std::string& step, const std::string& subject) {
  return time_of("due", step, subject);
}
std::string Shop::next(const std::string& step, const std::string& subject) {
  return time_of("next_at", step, subject);
}
std::string Shop::ended(const std::string& step, const std::string& subject) {
  return time_of("ended_at", step, subject);
}

std::int64_t Shop::hold(const std::string& scope, const std::string& target,
                        std::string_view until) {
  store::HoldRow row;
  row.scope = scope;
  row.target = target;
  row.cause = "operator";
  if (!until.empty()) row.until = local(until);
  row.because = "a test";
  row.author = "a test";
  row.at = clock.now();
  const std::int64_t id = store::Holds(database).add(row);
  expect(world->settle());
  return id;
}

void Shop::release(const std::string& scope, const std::string& target) {
  delivery::Release what;
  what.scope = scope;
  what.target = target;
  expect(delivery::release(database, what, clock.now()));
  expect(world->settle());
}

store::Database Shop::shadow() {
  namespace fs = std::filesystem;
  const fs::path file = fs::temp_directory_path() / fmt::format("retaind-shop-{}.db", ::getpid());
  fs::remove(file);
  expect(database.execute("VACUUM INTO '" + file.string() + "'"));
  expect(store::Database::open(file, {}));  // in WAL mode, which shadows ask for
  auto made = store::Database::shadow_of(file);
  expect(made);
  fs::remove(file);
  return *std::move(made);
}

std::string Shop::ask(const std::string& sql) {
  store::Statement& row = database.prepared(sql);
  std::string answer;
  if (row.step()) answer = row.text(0);
  row.reset();
  expect(database.take_error());
  return answer;
}

void Shop::check_balance() {
  constexpr int days = 800;
  for (const engine::BalanceDay& day :
       engine::balance(database, site, rules_seen_, days, clock.now())) {
    INFO(to_string(day.day) << ": " << day.occurrences << " occurrences due by the facts, "
                            << day.in_ledger() << " in the ledger (" << day.fired << " fired); "
                            << day.messages << " messages planned, " << day.accounted()
                            << " accounted for; " << day.stranded << " stranded");
    CHECK(day.even());
    // Whatever is due has been looked at, unless nobody knows what time it is.
    if (world && world->running() && !world->core().clock_held()) CHECK(day.unseen == 0);
  }
}

}  // namespace retaind::test
