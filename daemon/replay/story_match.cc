#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "engine/runs.h"
#include "replay/story_ledger.h"

namespace retaind::replay {
namespace {

using language::Story;
using language::StoryMessage;
using store::LedgerEntry;

constexpr std::size_t label_width = 12;
constexpr std::size_t most_text_lines = 14;
constexpr std::size_t most_reasons = 4;

std::string normalised(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

/// "expected    email …", further lines under the first.
std::string labelled(std::string_view label, std::string_view text) {
  std::string out;
  for (const std::string_view line : split(text, '\n')) {
    if (!out.empty()) out += '\n';
    out += fmt::format("{:<{}}{}", out.empty() ? label : "", label_width, line);
  }
  return out;
}

std::string quoted(const std::vector<std::string>& texts, std::string_view between) {
  std::string out;
  for (const std::string& text : texts)
    out += fmt::format("{}`{}`", out.empty() ? "" : between, text);
  return out;
}

std::string_view kind_name(language::StepKind kind) {
  return kind == language::StepKind::email    ? "email"
         : kind == language::StepKind::notify ? "notify"
                                              : "webhook";
}

std::string text_of(const StoryMessage& message) {
  std::string text = fmt::format("{} `{}`", kind_name(message.kind), message.name);
  if (!message.to.empty()) text += fmt::format(" to {}", message.to);
  if (!message.about.empty()) text += fmt::format(" about {}", join(message.about, ", "));
  if (!message.rule.empty()) text += fmt::format(" by rule `{}`", message.rule);
  if (!message.variant.empty()) text += fmt::format(", variant `{}`", message.variant);
  if (message.subject) text += fmt::format(", with the subject `{}`", *message.subject);
  if (!message.says.empty()) text += fmt::format(", saying {}", quoted(message.says, " and "));
  if (!message.says_not.empty())
    text += fmt::format(", not saying {}", quoted(message.says_not, " or "));
  return text;
}

std::string text_of(const GoneOut& gone) {
  std::string text = fmt::format("{} `{}`", kind_name(gone.kind), gone.name);
  if (!gone.to.empty() && gone.to != gone.name) text += fmt::format(" to {}", gone.to);
  std::vector<std::string> about;
  for (const std::string& key : gone.about)
    if (!key.starts_with("line-") && key != gone.to) about.push_back(key);
  if (!about.empty()) text += fmt::format(" about {}", join(about, ", "));
  return text;
}

bool same_kind(const StoryMessage& wanted, const GoneOut& gone) {
  if (wanted.kind != gone.kind) return false;
  // A notification goes to another team when the assignee has no address.
  return wanted.name == gone.name ||
         (gone.kind == language::StepKind::notify && wanted.name == gone.to);
}

/// What of the message is not as wanted; empty: all is.
std::string wrong_with(const StoryMessage& wanted, const GoneOut& gone) {
  if (!same_kind(wanted, gone)) return "is another message";
  if (!wanted.to.empty() && wanted.to != gone.to) return fmt::format("goes to {}", gone.to);
  if (!wanted.rule.empty() && wanted.rule != gone.rule)
    return fmt::format("is sent by rule `{}`", gone.rule);
  if (!wanted.about.empty()) {
    std::vector<std::string> a = wanted.about;
    std::vector<std::string> b = gone.about;
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    if (a != b) return fmt::format("is about {}", join(b, ", "));
  }
  if (!wanted.variant.empty() && wanted.variant != gone.variant)
    return gone.variant.empty() ? "has no variant"
                                : fmt::format("is the variant `{}`", gone.variant);
  const std::string subject = normalised(gone.mail.subject);
  if (wanted.subject && normalised(*wanted.subject) != subject)
    return fmt::format("has the subject `{}`", subject);
  const std::string text = subject + "\n" + normalised(gone.mail.text);
  for (const std::string& says : wanted.says)
    if (text.find(normalised(says)) == std::string::npos)
      return fmt::format("does not say `{}`", says);
  for (const std::string& says : wanted.says_not)
    if (text.find(normalised(says)) != std::string::npos) return fmt::format("says `{}`", says);
  return {};
}

bool is_about_text(const std::string& wrong) {
  return wrong.starts_with("does not say") || wrong.starts_with("says");
}

/// Subject and text as they were read, cut.
std::string excerpt(const GoneOut& gone) {
  std::string out = gone.mail.subject.empty() ? "" : "| " + gone.mail.subject;
  std::size_t lines = 0;
  for (const std::string_view line : split(gone.mail.text, '\n')) {
    if (trim(line).empty()) continue;
    if (++lines > most_text_lines) return out + "\n| …";
    out += fmt::format("{}| {}", out.empty() ? "" : "\n", trim(line));
  }
  return out;
}

/// Which of `gone` each of `wanted` is, so that as many as possible are one; -1: none.
std::vector<int> match(const std::vector<StoryMessage>& wanted, const std::vector<GoneOut>& gone) {
  std::vector<int> of_gone(gone.size(), -1);
  std::vector<bool> tried;
  const std::function<bool(std::size_t)> place = [&](std::size_t i) {
    for (std::size_t j = 0; j < gone.size(); ++j) {
      if (tried[j] || !wrong_with(wanted[i], gone[j]).empty()) continue;
      tried[j] = true;
      if (of_gone[j] >= 0 && !place(static_cast<std::size_t>(of_gone[j]))) continue;
      of_gone[j] = static_cast<int>(i);
      return true;
    }
    return false;
  };
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    tried.assign(gone.size(), false);
    place(i);
  }
  std::vector<int> found(wanted.size(), -1);
  for (std::size_t j = 0; j < gone.size(); ++j)
    if (of_gone[j] >= 0) found[static_cast<std::size_t>(of_gone[j])] = static_cast<int>(j);
  return found;
}

class Explanation {
 public:
  Explanation(const Story& story, const StoryMessage& wanted, const StoryLedger& ledger)
      : story_(story), wanted_(wanted), ledger_(ledger) {}

  /// Why it did not go: the ledger's reason, or where the message is.
  [[nodiscard]] std::string text() const {
    std::string reasons;
    std::size_t count = 0;
    for (const LedgerEntry* entry : ledger_.reasons()) {
      if (!concerns(*entry) || ++count > most_reasons) continue;
      reasons += (reasons.empty() ? "" : "\n") + ledger_.reason_text(*entry);
    }
    if (!reasons.empty()) return reasons;
    for (auto entry = ledger_.entries().rbegin(); entry != ledger_.entries().rend(); ++entry) {
      if (!concerns(*entry)) continue;
      if (entry->state == MessageState::sent)
        return fmt::format("it went already, planned for {}", time_text(story_, entry->due));
      if (entry->state == MessageState::planned)
        return fmt::format("it is planned for {}", time_text(story_, entry->due));
      return ledger_.reason_text(*entry);
    }
    return nobody();
  }

 private:
  [[nodiscard]] bool sends(const language::Rule& rule) const {
    return std::any_of(rule.steps.begin(), rule.steps.end(), [&](const language::Step& step) {
      return step.kind == wanted_.kind &&
             (step.kind == language::StepKind::email ? step.template_name : step.target) ==
                 wanted_.name;
    });
  }

  [[nodiscard]] bool concerns(const LedgerEntry& entry) const {
    const language::Rule* rule = ledger_.rule(entry.rule);
    if (rule == nullptr || !sends(*rule)) return false;
    if (!wanted_.rule.empty() && wanted_.rule != rule->id) return false;
    if (!wanted_.to.empty() && ledger_.person(entry.customer) != wanted_.to) return false;
    const language::Step* step = ledger_.step_of(entry);
    return step == nullptr ||
           (step->kind == wanted_.kind &&
            (step->kind == language::StepKind::email ? step->template_name : step->target) ==
                wanted_.name);
  }

  /// Of a variant that was expected by its own template's name.
  [[nodiscard]] std::string told_as_variant() const {
    for (const std::string& id : ledger_.rule_names()) {
      for (const language::Step& step : ledger_.rule(id)->steps) {
        const bool is_one = std::any_of(step.variants.begin(), step.variants.end(),
                                        [&](const language::Variant& variant) {
                                          return variant.template_name == wanted_.name;
                                        });
        if (is_one)
          return fmt::format(
              "`{0}` is a variant of email `{1}`, by rule `{2}`; write: {{email: {1}, variant: "
              "{0}}}",
              wanted_.name, step.template_name, id);
      }
    }
    return {};
  }

  [[nodiscard]] std::string nobody() const {
    std::vector<std::string> rules;
    for (const std::string& id : ledger_.rule_names())
      if (sends(*ledger_.rule(id))) rules.push_back(id);
    if (std::string told = told_as_variant(); rules.empty() && !told.empty()) return told;
    if (rules.empty())
      return fmt::format("no rule that runs in this story sends {} `{}`", kind_name(wanted_.kind),
                         wanted_.name);
    return fmt::format("nothing has become due{}, by rule {}",
                       wanted_.to.empty() ? "" : " for " + wanted_.to, quoted(rules, " or "));
  }

  const Story& story_;
  const StoryMessage& wanted_;
  const StoryLedger& ledger_;
};

std::string unexpected(const Story& story, const GoneOut& gone, const StoryLedger& ledger) {
  const std::string variant =
      gone.variant.empty() ? std::string() : fmt::format(", variant `{}`,", gone.variant);
  std::string text = labelled(
      "unexpected",
      fmt::format("{}{} on {}{}", text_of(gone), variant, time_text(story, gone.at),
                  gone.mail.subject.empty() ? std::string()
                                            : fmt::format("\nsubject: {}", gone.mail.subject)));
  const language::Rule* rule = ledger.rule(gone.rule);
  const language::Step* step = rule == nullptr ? nullptr : engine::Runs::step_of(*rule, gone.step);
  return text + "\n" +
         labelled("sent by",
                  fmt::format("rule `{}`, {}: {}", gone.rule,
                              step == nullptr ? "?" : place_text(step->where), gone.why));
}

}  // namespace

std::vector<std::string> differences(const Story& story, const std::vector<StoryMessage>& expected,
                                     const std::vector<GoneOut>& gone, const StoryLedger& ledger) {
  std::vector<std::string> found;
  const std::vector<int> matched = match(expected, gone);
  std::vector<bool> told(gone.size(), false);
  for (const int index : matched)
    if (index >= 0) told[static_cast<std::size_t>(index)] = true;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (matched[i] >= 0) continue;
    std::string text = labelled("expected", text_of(expected[i]));
    // One that is nearly it says more than two findings.
    std::size_t near = gone.size();
    for (std::size_t j = 0; j < gone.size(); ++j)
      if (!told[j] && same_kind(expected[i], gone[j])) near = std::min(near, j);
    if (near < gone.size()) {
      told[near] = true;
      const std::string wrong = wrong_with(expected[i], gone[near]);
      text += "\n" + labelled("got", fmt::format("{}, which {}", text_of(gone[near]), wrong));
      if (is_about_text(wrong)) text += "\n" + labelled("", excerpt(gone[near]));
    } else {
      text += "\n" + labelled("got", "nothing of the kind") + "\n" +
              labelled("because", Explanation(story, expected[i], ledger).text());
    }
    found.push_back(std::move(text));
  }
  for (std::size_t j = 0; j < gone.size(); ++j)
    if (!told[j]) found.push_back(unexpected(story, gone[j], ledger));
  return found;
}

std::vector<std::string> wrong_reason(const language::StoryLine& line, const StoryLedger& ledger) {
  if (!line.because) return {};
  std::string got;
  std::size_t count = 0;
  for (const LedgerEntry* entry : ledger.reasons()) {
    if (!line.rule.empty() && entry->rule != line.rule) continue;
    if (!line.to.empty() && ledger.person(entry->customer) != line.to) continue;
    if (entry->reason == *line.because) return {};
    if (++count <= most_reasons) got += (got.empty() ? "" : "\n") + ledger.reason_text(*entry);
  }
  std::string wanted = fmt::format("nothing, because of {}", name_of(*line.because));
  if (!line.rule.empty()) wanted += fmt::format(", by rule `{}`", line.rule);
  if (!line.to.empty()) wanted += fmt::format(", for {}", line.to);
  return {labelled("expected", wanted) + "\n" +
          labelled("got", got.empty() ? "nothing, and no reason: nothing has become due" : got)};
}

}  // namespace retaind::replay
