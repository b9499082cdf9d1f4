#include "app/explain_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "delivery/compose.h"
#include "engine/business_time.h"
#include "replay/then.h"
#include "store/messages.h"

namespace retaind::app {
namespace {

using engine::Check;
using engine::Decision;
using engine::Explained;
using engine::Verdict;

/// The key of a rule file that says what a check holds it to.
std::string_view key_of(Check check) {
  switch (check) {
    case Check::due:
    case Check::state:
    case Check::row: return "when";
    case Check::address: return "then";
    case Check::suppression:
    case Check::consent:
    case Check::cap: return "purpose";
    case Check::stop_if: return "stop-if";
    case Check::once_per: return "once-per";
    case Check::late_limit: return "late-limit";
    case Check::pause:
    case Check::draft: return "status";
    case Check::window: return "send-window";
    case Check::hold_while: return "hold-while";
    case Check::conditions: return "if";
    case Check::limit: return "limit";
    case Check::holdout: return "holdout";
    case Check::rule:
    case Check::clock:
    case Check::hold: break;
  }
  return {};
}

std::string because(const ExplainReport& report, const Decision& decision) {
  std::string text{name_of(decision.reason)};
  if (const auto* line = engine::condition_at(report.known->rule, decision.line))
    text += fmt::format(" (`{}`)", line->text);
  return text;
}

std::string about(Reason reason) {
  return std::string(reasons()[static_cast<std::size_t>(reason)].about);
}

/// What a decision makes of a message, with `would ` for one that lies ahead.
std::string spoken(const ExplainReport& report, const Explained& explained,
                   const Decision& decision, const Zone& zone, bool ahead) {
  switch (decision.verdict) {
    case Verdict::fire:
      if (report.kept_here && explained.step->kind == language::StepKind::email)
        return ahead ? "would stay on this machine: would-send, by `only-to`"
                     : "stays on this machine: would-send, by `only-to`";
      return ahead ? "would be sent" : "goes out at the daemon's next look";
    case Verdict::hold:
      return fmt::format("{} {}: {}, {}", ahead ? "would wait" : "waits",
                         decision.until ? "until " + when(*decision.until, zone)
                                        : std::string("until facts change"),
                         because(report, decision), about(decision.reason));
    case Verdict::skip:
      return fmt::format("{}: {}, {}", ahead ? "would not be sent" : "is not sent",
                         because(report, decision), about(decision.reason));
  }
  return {};
}

std::string last_word(const Explained& explained, const Zone& zone, const ExplainReport& report) {
  std::string text;
  for (const engine::KnownMessage& known : explained.messages) {
    const Message& m = known.message;
    const auto at = m.handed_at ? m.handed_at : m.ended_at;
    const std::string on = at ? " on " + when(*at, zone) : std::string();
    const Decision ended{Verdict::skip, m.reason, std::nullopt, m.line, false};
    if (!text.empty()) text += "; ";
    if (explained.messages.size() > 1) text += m.step + " ";
    if (m.state == MessageState::sent) {
      text += "was sent" + on;
    } else if (m.state == MessageState::unknown) {
      text += "was handed over" + on + " and nobody knows whether it arrived: unknown";
    } else {
      text += fmt::format("was not sent{}: {}, {}", on, because(report, ended), about(m.reason));
    }
  }
  if (!text.empty()) return text;
  const Decision ended{Verdict::skip, explained.firing->reason, std::nullopt,
                       explained.firing->line, false};
  return fmt::format("was not sent: {}, {}; decided when it was due, {}", because(report, ended),
                     about(explained.firing->reason), when(explained.firing->planned, zone));
}

const Decision& deciding(const Explained& explained) {
  return explained.when_due ? *explained.when_due : explained.decision;
}

}  // namespace

std::string when(Time time, const Zone& zone) {
  if (engine::is_never(time)) return "never";
  return to_local_text(std::chrono::floor<std::chrono::seconds>(time), zone);
}

std::string refusal_of(const Message& message) {
  // What is held waits for something else, and perhaps without a known end.
  const bool again =
      store::Messages::look_at(message.next_at) && message.state != MessageState::held;
  if (!again || message.reply.empty()) return {};
  if (message.attempts == 0) return message.reply;
  return fmt::format("tried {}, the last answer: {}",
                     message.attempts == 1 ? "once" : counted(message.attempts, "time"),
                     message.reply);
}

std::string result_of(const ExplainReport& report, const Explained& explained, const Zone& zone) {
  if (explained.over) return last_word(explained, zone, report);
  if (!explained.firing) {
    if (explained.admission == engine::Engine::Admission::none)
      return fmt::format(
          "is none of the rule's: it was due before the rule began to count ({}), and `backlog:` "
          "does not ask for it",
          report.known->row.counts_from ? when(*report.known->row.counts_from, zone)
                                        : "by the import with --history");
    if (explained.ended)
      return "has no message: the state ended before the daemon looked: state-ended";
  }
  if (engine::is_never(explained.message_due) && !explained.firing)
    return fmt::format("is never due: the calendar `{}` does not open often enough",
                       report.known->rule.send_window);
  if (explained.counted)
    return fmt::format(
        "did not match when the pass of {} came to it: of those the ledger has only how many there "
        "were, by reason; by the facts as they are now it {}",
        when(explained.due, zone), spoken(report, explained, explained.decision, zone, true));
  std::string text;
  if (!explained.firing && explained.due <= report.at && report.known->row.id != 0)
    text = "is not in the ledger yet (the daemon writes it at its next look); it ";
  if (explained.when_due) {
    return fmt::format("{}is due on {}; by the facts as they are it then {}", text,
                       when(explained.message_due, zone),
                       spoken(report, explained, *explained.when_due, zone, true));
  }
  const auto closes = explained.digest_closes();
  if (closes && explained.decision.verdict == Verdict::fire)
    return text + fmt::format("waits for its digest to close on {}, and goes out in it",
                              when(*closes, zone));
  for (const engine::KnownMessage& known : explained.messages) {
    const Message& message = known.message;
    if (explained.decision.verdict == Verdict::fire && !refusal_of(message).empty() &&
        *message.next_at > report.at)
      return text + fmt::format("is tried again on {}: {}", when(*message.next_at, zone),
                                refusal_of(message));
  }
  return text + spoken(report, explained, explained.decision, zone, report.ahead);
}

std::pair<std::string, std::string> decided_by(const ExplainReport& report,
                                               const Explained& explained) {
  const language::Rule& rule = report.known->rule;
  if (!explained.firing && explained.admission == engine::Engine::Admission::none) {
    const std::string backlog = line_of_key(rule, "backlog");
    return {place_of_key(rule, backlog.empty() ? "when" : "backlog"), backlog};
  }
  Decision decision = deciding(explained);
  if (explained.over) {
    decision = {Verdict::skip, explained.firing->reason, std::nullopt, explained.firing->line,
                false};
    for (const engine::KnownMessage& known : explained.messages) {
      if (known.message.line >= 0) decision.line = known.message.line;
    }
  }
  if (const auto* line = engine::condition_at(rule, decision.line))
    return {place_of(line->where), line_at(line->where)};
  if (explained.over) return {};
  const auto hit = std::find_if(explained.checks.begin(), explained.checks.end(),
                                [](const engine::Checked& c) { return c.hit.has_value(); });
  if (hit == explained.checks.end()) return {};
  const std::string_view key = key_of(hit->check);
  if (key.empty()) return {};
  std::string text = line_of_key(rule, key);
  if (hit->check == Check::cap) return {"retaind.yaml", "cap"};
  return {place_of_key(rule, key), std::move(text)};
}

namespace {

Result<ExplainReport> ask(store::Database& database, const Site& files,
                          const std::filesystem::path& directory, const ExplainAsk& asked) {
  auto known = find_rule(database, files, directory, asked.rule);
  if (!known) return known.error();
  auto person = find_person(database, asked.customer);
  if (!person) return person.error();
  ExplainReport report;
  report.known = std::make_unique<KnownRule>(std::move(*known));
  const bool runs = report.known->row.id != 0;
  report.site = runs ? as_it_runs(files, database) : files;
  // A rule that has never run begins to count when it is taken over, which is now at the earliest.
  if (!runs && !asked.ahead) {
    report.known->row.counts_from =
        engine::counts_from(report.known->rule, report.site.zone, asked.at);
    report.known->row.activated_at = asked.at;
  }
  report.person = std::move(*person);
  report.at = asked.at;
  report.ahead = asked.ahead;
  report.daemon_silent = asked.daemon_silent;
  engine::Explainer explainer(database, report.site, report.known->rule, report.known->row);
  explainer.set_clock_hold(asked.clock_until);
  report.answer = explainer.explain(report.person.id, asked.at, asked.most);
  store::People people(database);
  report.consents = people.consents(report.person.id);
  report.suppressions = people.suppressions(report.person.id);
  for (store::HoldRow& hold : store::Holds(database).in_force(asked.at)) {
    const bool concerns = hold.scope == "all" || hold.target == asked.rule ||
                          (hold.scope == "customer" && hold.target == report.person.key);
    if (concerns) report.holds.push_back(std::move(hold));
  }
  report.kept_here = !delivery::may_receive(report.site, report.person.email);
  if (Result<void> read = database.take_error(); !read) return read.error();
  return report;
}

}  // namespace

Result<ExplainReport> make_explain(store::Database& database, const Site& site,
                                   const std::filesystem::path& directory,
                                   const ExplainAsk& asked) {
  if (Result<void> snapshot = database.begin_read(); !snapshot) return snapshot.error();
  Result<ExplainReport> report = ask(database, site, directory, asked);
  database.rollback();
  return report;
}

Result<ExplainReport> make_explain_past(store::Database& database, const Site& site,
                                        const std::filesystem::path& directory,
                                        const ExplainAsk& asked) {
  auto person = find_person(database, asked.customer);
  if (!person) return person.error();
  const Site running = as_it_runs(site, database);
  auto then = replay::live_until(database, running, directory, asked.rule, person->id, asked.at);
  if (!then) return then.error();
  ExplainAsk again = asked;
  again.customer = person->key;
  again.ahead = false;
  auto report = make_explain(then->database, running, directory, again);
  if (!report) return report;
  report->assumed.emplace(database);
  report->places_assumed = then->places_assumed;
  if (report->known->row.id == 0)
    report->known->note = "did not run yet";
  else if (!report->known->note.empty())
    report->known->note = "ran with another text than its file has now";
  return report;
}

}  // namespace retaind::app
