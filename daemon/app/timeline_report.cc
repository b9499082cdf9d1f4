#include "app/timeline_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/explain_report.h"
#include "engine/explain.h"

namespace retaind::app {
namespace {

using Kind = TimelineEntry::Kind;

/// "completed_at" as people say it: "completed"; "renews_at": "renews".
std::string event_of(std::string_view column) {
  std::string word{column};
  if (word.ends_with("_at")) word.resize(word.size() - 3);
  std::replace(word.begin(), word.end(), '_', ' ');
  return word;
}

class Writer {
 public:
  Writer(store::Database& database, const Site& site, Timeline& timeline)
      : database_(&database), site_(&site), people_(database), timeline_(&timeline) {}

  void add_facts() {
    const std::int64_t id = timeline_->person.id;
    for (auto& fact : people_.facts(id, timeline_->from, timeline_->to)) {
      TimelineEntry entry;
      entry.at = fact.at;
      entry.what = fact.subject == Subject::event ? fact.about
                                                  : fmt::format("{} {} {}", name_of(fact.subject),
                                                                fact.key, event_of(fact.column));
      if (fact.subject != Subject::event) entry.more = std::move(fact.about);
      add(std::move(entry));
    }
    for (const auto& consent : people_.consents(id)) {
      say(consent.at, Kind::consent,
          fmt::format("consent to {} {}", consent.purpose, consent.granted ? "given" : "withdrawn"),
          consent.source);
      if (consent.granted && consent.expires_at)
        say(*consent.expires_at, Kind::consent,
            fmt::format("consent to {} expires", consent.purpose), {});
    }
    for (const auto& suppression : people_.suppressions(id)) {
      say(suppression.at, Kind::suppression,
          fmt::format("address suppressed for {}", suppression.scope), suppression.cause);
      if (suppression.lifted_at)
        say(*suppression.lifted_at, Kind::suppression,
            fmt::format("suppression for {} lifted", suppression.scope), {});
    }
    for (const auto& hold : people_.holds(timeline_->person.key)) {
      say(hold.at, Kind::hold, "put on hold by " + hold.author, hold.because);
      const auto end = hold.released_at ? hold.released_at : hold.until;
      if (end) say(*end, Kind::hold, hold.released_at ? "hold released" : "hold ends", {});
    }
  }

  void add_ledger() {
    store::Ledger ledger(*database_);
    store::Messages messages(*database_);
    for (const store::RuleRow& row : ledger.rules()) names_[row.id] = row.name;
    for (const std::int64_t id : people_.firings(timeline_->person.id)) {
      const auto firing = ledger.firing(id);
      if (!firing) continue;
      const auto ids = messages.of_firing(id);
      if (ids.empty()) add_silent(*firing);
      for (const std::int64_t message : ids) {
        if (const auto found = messages.find(message)) add_message(*found, *firing);
      }
    }
  }

  /// What is not in the ledger yet, by the facts as they are.
  void add_ahead(const KnownRule& known) {
    engine::Explainer explainer(*database_, *site_, known.rule, known.row);
    constexpr std::size_t most = 1000;
    const auto answer = explainer.explain(timeline_->person.id, timeline_->now, most);
    for (const engine::Explained& e : answer.occurrences) {
      if (e.firing || e.due <= timeline_->now || e.ended ||
          e.admission == engine::Engine::Admission::none)
        continue;
      const engine::Decision& decision = e.when_due ? *e.when_due : e.decision;
      TimelineEntry entry;
      entry.at = e.message_due;
      entry.kind = Kind::occurrence;
      entry.rule = known.rule.id;
      entry.what = e.step->key;
      if (!e.variant.empty()) entry.what += fmt::format(" (variant {})", e.variant);
      if (known.rule.trigger.subject != Subject::customer && !e.row.empty())
        entry.of = fmt::format("{} {}", name_of(known.rule.trigger.subject), e.row);
      entry.reason = decision.reason;
      entry.draft = known.rule.status == language::RuleStatus::draft;
      entry.outcome = decision.verdict == engine::Verdict::fire   ? "would be sent"
                      : decision.verdict == engine::Verdict::hold ? "would wait"
                                                                  : "would not be sent";
      add(std::move(entry));
    }
  }

 private:
  void say(Time at, Kind kind, std::string what, std::string more) {
    TimelineEntry entry;
    entry.at = at;
    entry.kind = kind;
    entry.what = std::move(what);
    entry.more = std::move(more);
    add(std::move(entry));
  }

  void add(TimelineEntry entry) {
    if (entry.at >= timeline_->from && entry.at <= timeline_->to)
      timeline_->entries.push_back(std::move(entry));
  }

  std::string subject_of(const Firing& firing) {
    if (firing.subject == Subject::customer) return {};
    return fmt::format("{} {}", name_of(firing.subject),
                       people_.key_of(firing.subject, firing.row));
  }

  void add_silent(const Firing& firing) {
    if (firing.withdrawn) return;
    TimelineEntry entry;
    entry.of = subject_of(firing);
    entry.at = firing.planned;
    entry.kind = Kind::occurrence;
    entry.rule = names_[firing.rule];
    entry.outcome = "no message";
    entry.reason = firing.reason;
    entry.draft = firing.draft;
    add(std::move(entry));
  }

  void add_message(const Message& m, const Firing& firing) {
    TimelineEntry entry;
    entry.of = subject_of(firing);
    entry.kind = Kind::message;
    entry.rule = names_[m.rule];
    entry.what = m.step;
    if (m.repeat > 0) entry.what += fmt::format(" repeat {}", m.repeat);
    if (!m.variant.empty()) entry.what += fmt::format(" (variant {})", m.variant);
    entry.message = m.id;
    entry.draft = m.draft;
    entry.reason = m.reason == Reason::sent ? Reason::none : m.reason;
    const auto ended = m.handed_at ? m.handed_at : m.ended_at;
    const bool waits = m.next_at || !is_final(m.state);
    if (!waits || m.state == MessageState::handed) {
      entry.at = ended.value_or(m.due);
      entry.outcome = name_of(m.state);
      entry.more = m.state == MessageState::failed ? m.reply : std::string();
    } else {
      // A wait without a known end stands where people look for what comes: behind now.
      const auto known = store::Messages::look_at(m.next_at);
      entry.at = std::max(known.value_or(m.due), timeline_->now + Duration{1});
      entry.outcome = m.state == MessageState::planned ? "planned" : "waits";
      entry.more = known || m.due > timeline_->now ? refusal_of(m) : "until facts change";
    }
    add(std::move(entry));
  }

  store::Database* database_;
  const Site* site_;
  store::People people_;
  Timeline* timeline_;
  std::map<std::int64_t, std::string> names_;
};

Result<Timeline> ask(store::Database& database, const Site& files,
                     const std::filesystem::path& directory, const std::string& customer, int days,
                     Time now) {
  auto person = find_person(database, customer);
  if (!person) return person.error();
  Timeline timeline;
  timeline.person = std::move(*person);
  const Site site = as_it_runs(files, database);
  timeline.zone = site.zone;
  if (const auto zone = Zone::find(timeline.person.time_zone); zone) {
    timeline.zone = *zone;
    timeline.own_zone = true;
  }
  timeline.now = now;
  timeline.from = now - std::chrono::hours(24) * days;
  timeline.to = now + std::chrono::hours(24) * days;
  Writer writer(database, site, timeline);
  writer.add_facts();
  writer.add_ledger();
  for (const store::RuleRow& row : store::Ledger(database).rules()) {
    if (row.removed_at) continue;
    const auto known = find_rule(database, files, directory, row.name);
    if (known) {
      writer.add_ahead(*known);
    } else {
      timeline.unread.push_back(row.name);
    }
  }
  std::stable_sort(timeline.entries.begin(), timeline.entries.end(),
                   [](const TimelineEntry& a, const TimelineEntry& b) { return a.at < b.at; });
  if (Result<void> read = database.take_error(); !read) return read.error();
  return timeline;
}

constexpr std::string_view name_of(Kind kind) {
  constexpr std::string_view names[] = {"fact", "consent", "suppression",
                                        "hold", "message", "occurrence"};
  return names[static_cast<std::size_t>(kind)];
}

std::string line_of(const TimelineEntry& entry, const Zone& zone) {
  std::string text = fmt::format("  {:<19}  ", when(entry.at, zone));
  if (entry.rule.empty()) {
    text += entry.what;
    if (!entry.more.empty()) text += fmt::format(" ({})", entry.more);
    return text + "\n";
  }
  text += entry.rule;
  if (!entry.what.empty()) text += " " + entry.what;
  if (!entry.of.empty()) text += " of " + entry.of;
  text += ": " + entry.outcome;
  if (entry.reason != Reason::none) text += fmt::format(" ({})", retaind::name_of(entry.reason));
  if (!entry.more.empty()) text += ", " + entry.more;
  if (entry.draft) text += ", draft";
  return text + "\n";
}

}  // namespace

Result<Timeline> make_timeline(store::Database& database, const Site& site,
                               const std::filesystem::path& directory, const std::string& customer,
                               int days, Time now) {
  if (Result<void> snapshot = database.begin_read(); !snapshot) return snapshot.error();
  Result<Timeline> timeline = ask(database, site, directory, customer, days, now);
  database.rollback();
  return timeline;
}

std::string to_text(const Timeline& timeline) {
  const Zone& zone = timeline.zone;
  std::string text = fmt::format(
      "customer {}{}, in {} {}, {} to {}\n", timeline.person.key,
      timeline.person.name.empty() ? "" : ", " + timeline.person.name,
      timeline.own_zone ? "the customer's time zone" : "the site's time zone", zone.name(),
      to_string(zone.date_of(timeline.from)), to_string(zone.date_of(timeline.to)));
  bool ahead = false;
  const auto mark_now = [&] {
    text += fmt::format(
        "  {:<19}  -- now; what follows is planned, or said by the facts as they are --\n",
        when(timeline.now, zone));
    ahead = true;
  };
  for (const TimelineEntry& entry : timeline.entries) {
    if (!ahead && entry.at > timeline.now) mark_now();
    text += line_of(entry, zone);
  }
  if (!ahead) mark_now();
  for (const std::string& rule : timeline.unread)
    text += fmt::format(
        "left out: `{}`, whose running text cannot be read; `retaind check` says why\n", rule);
  return text;
}

Value to_value(const Timeline& timeline) {
  Value root;
  root.set("customer", Value(timeline.person.key));
  root.set("now", Value(to_iso(timeline.now)));
  root.set("time_zone", Value(timeline.zone.name()));
  Value::Array rows;
  for (const TimelineEntry& entry : timeline.entries) {
    Value row;
    row.set("at", Value(to_iso(entry.at)));
    row.set("ahead", Value(entry.at > timeline.now));
    row.set("kind", Value(name_of(entry.kind)));
    if (!entry.rule.empty()) row.set("rule", Value(entry.rule));
    if (!entry.what.empty()) row.set("what", Value(entry.what));
    if (!entry.of.empty()) row.set("of", Value(entry.of));
    if (!entry.outcome.empty()) row.set("outcome", Value(entry.outcome));
    if (entry.reason != Reason::none) row.set("reason", Value(retaind::name_of(entry.reason)));
    if (!entry.more.empty()) row.set("more", Value(entry.more));
    if (entry.message) row.set("message", Value(*entry.message));
    if (entry.draft) row.set("draft", Value(true));
    rows.push_back(std::move(row));
  }
  root.set("entries", Value(std::move(rows)));
  return root;
}

}  // namespace retaind::app
