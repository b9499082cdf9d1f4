#include <fmt/format.h>

#include <initializer_list>

#include "app/reference_pages.h"
#include "app/shipped.h"
#include "base/text.h"
#include "language/grammar.h"
#include "language/key_values.h"
#include "model/ledger.h"
#include "model/mapping.h"

namespace retaind::app {
namespace {

using language::Keys;

std::string_view shipped(std::string_view path) {
  for (const ShippedFile& file : shipped_files())
    if (file.path == path) return file.text;
  return {};
}

std::string company(const language::KeyRow& key) {
  if (key.with.empty()) return {};
  std::vector<std::string> kinds;
  for (const std::string_view kind : split(key.with, '|'))
    kinds.push_back(kind == "state" ? std::string("a state") : fmt::format("`{}`", kind));
  return fmt::format(" Beside {}.", join(kinds, ", "));
}

/// The keys of which a map has exactly one.
std::string kinds_of(Keys of) {
  std::vector<std::string> kinds;
  for (const language::KeyRow& key : language::keys())
    if (key.of == of && key.with.empty() && key.name != "at")
      kinds.push_back(fmt::format("`{}`", key.name));
  return join(kinds, ", ");
}

/// Each key of a map: what it is for, what it takes, an example.
void add_keys(Page& page, Keys of, std::string_view heading, std::string_view about) {
  page.subheading(std::string(heading));
  if (!about.empty()) page.text(fmt::format(fmt::runtime(about), kinds_of(of)));
  for (const language::KeyRow& key : language::keys()) {
    if (key.of != of) continue;
    const language::KeyValue& value = language::value_of(key);
    std::string text =
        fmt::format("{}. Takes {}.{}", key.about, language::describe(value), company(key));
    if (value.needed == "*") text += " Needed.";
    if (!value.needed.empty() && value.needed != "*")
      text += fmt::format(" Needed beside `{}`.", value.needed);
    if (!key.example.empty()) text += fmt::format(" Example: `{}: {}`", key.name, key.example);
    page.term(std::string(key.name), std::move(text));
  }
}

void add_conditions(Page& page) {
  page.heading("Conditions");
  page.text(
      "One a line: all lines of `if` must be true, and any true line of `unless`, `stop-if` or "
      "`hold-while` applies. A "
      "condition reads the row that triggered the rule and its customer, `customer.orders_count`; "
      "of other rows it counts "
      "and sums. What is not stored is unknown, and unknown is neither true nor false: an `if` "
      "does not pass, an `unless` "
      "blocks, and the reason is `unknown-data`. Conditions are read again just before each send.");
  page.subheading("Operators");
  for (const auto& row : language::operators())
    page.term(std::string(row.written), fmt::format("{}. Example: `{}`", row.about, row.example));
  page.subheading("Counting over rows");
  for (const Relation& row : relations()) page.term(std::string(row.name), std::string(row.about));
  for (const auto& row : language::folds())
    page.term(std::string(row.name), fmt::format("{}. Example: `{}`", row.about, row.example));
  page.subheading("Types");
  page.text("Nothing is converted silently; a comparison of two types is an error.");
  for (const auto& row : language::types())
    page.term(std::string(row.name),
              row.example.empty() ? std::string(row.about)
                                  : fmt::format("{}. Example: `{}`", row.about, row.example));
}

void add_absent(Page& page) {
  page.heading("What the language cannot say");
  for (const auto& row : language::absent())
    page.term(std::string(row.what),
              fmt::format("Because {}. Instead: {}. It is told as `{}`.", row.reason, row.instead,
                          language::name_of(row.code)));
}

void add_names(Page& page, std::string_view heading,
               const std::vector<language::EditorName>& names) {
  page.subheading(std::string(heading));
  for (const auto& name : names) page.term(name.name, name.about);
}

}  // namespace

Page rule_page(const language::EditorNames&) {
  Page page{"retaind-rule", 5, "rule files of retaind", {}};
  page.heading("Description");
  page.text(
      "A rule is one YAML file in `rules/`: what starts it, under which conditions, and what it "
      "then does. `retaind check` "
      "names every mistake, `retaind explain-error CODE` tells more of one.");
  page.code("yaml rule", shipped("rules/thanks-and-feedback.yaml"));
  page.heading("Keys");
  add_keys(page, Keys::rule, "Of a rule", "");
  add_keys(page, Keys::trigger, "Under when",
           "Exactly one of {} starts the rule; the other keys stand beside it.");
  page.text(
      "A schedule (`every`) runs once for the whole site; with `each` it goes through all rows "
      "that "
      "are in the store when it begins, and those whose conditions are true at that moment match: "
      "each has a message of its own, whose conditions are read again before it leaves. Everybody "
      "else is counted by reason, in `retaind status`, and has no row in the ledger: a pass over a "
      "million customers must not write a million lines. A pass runs in slices, so that no other "
      "rule waits for it; a line of `if` that asks a time with an index lets it read those alone "
      "that can match. Killed in the middle, it goes on behind the last row that it decided. Of "
      "several times that were missed only the last is made up for, within `late-limit`; the rest "
      "of a pass that is still under way when the next begins ends as `late-limit`, too. There is "
      "no `backlog`: what was due before the rule went live is not gone through.");
  page.code(
      "yaml rule",
      "rule: regulars\npurpose: marketing\nwhen:\n  every: monday\n  at: 10:00\n  each: customer\n"
      "if:\n  - customer.orders_count >= 2\n  - customer.last_active_at within last 90 days\n"
      "then:\n  - email: welcome\n");
  add_keys(
      page, Keys::step, "Of a step, under then",
      "Exactly one of {} says what the step does; the other keys stand beside it. A coupon and a "
      "survey belong to the email "
      "below them, a wait to the message below it.");
  add_keys(page, Keys::repeat, "Under repeat", "");
  page.heading("Durations");
  page.text(
      "A whole number and a unit: seconds, minutes, hours, days, weeks, months or years. Hours are "
      "elapsed time; days, weeks and months keep the time of day, also when the clocks change. "
      "Where the key says so, `16 business hours` counts only while the calendar of `send-window` "
      "is open.");
  add_conditions(page);
  add_absent(page);
  page.heading("More examples");
  for (const std::string_view path :
       {"rules/win-back-90d.yaml", "rules/ticket-unresolved-48h.yaml"})
    page.code("yaml rule", shipped(path));
  page.heading("See also");
  page.text("`retaind`(1), `retaind-test`(5), `retaind vocabulary`, `retaind reference`");
  return page;
}

Page story_page(const language::EditorNames&) {
  Page page{"retaind-test", 5, "stories that prove rules of retaind", {}};
  page.heading("Description");
  page.text(
      "A story is one YAML file in `tests/`: people, and cases that are told in the order of time. "
      "`retaind test` plays them "
      "with the engine that sends, on a clock that jumps. What goes out and is not expected fails "
      "the case.");
  page.code("yaml story", shipped("tests/welcome.yaml"));
  page.heading("Keys");
  add_keys(page, Keys::story, "Of a story", "");
  add_keys(page, Keys::story_person, "Of a person, beside the fields of a customer", "");
  add_keys(page, Keys::story_case, "Of a case", "");
  add_keys(page, Keys::story_line, "Of a line",
           "A line has its time and one of {}; an event has the row beside it that it happens to.");
  add_keys(page, Keys::story_message, "Of an expected message",
           "Exactly one of {} says what must go.");
  page.heading("Fields of rows");
  page.text(
      "`id` is the row's key. `_` may be written as `-`. What goes without saying may be left "
      "out.");
  for (const ImportKind kind :
       {ImportKind::customers, ImportKind::orders, ImportKind::items, ImportKind::subscriptions,
        ImportKind::tickets, ImportKind::feedback, ImportKind::consent, ImportKind::suppression}) {
    std::vector<std::string> names;
    for (const ImportField& field : import_fields(kind))
      names.push_back(fmt::format("`{}`", field.name == "key" ? "id" : field.name));
    page.term(std::string(name_of(kind)), join(names, ", "));
  }
  page.heading("See also");
  page.text("`retaind`(1), `retaind-rule`(5), `retaind reference reasons`");
  return page;
}

Page site_page(const language::EditorNames&) {
  Page page{"retaind.yaml", 5, "settings of a site of retaind", {}};
  page.heading("Description");
  page.text(
      "One file in the site's directory. Paths count from there. Secrets stand in files of their "
      "own.");
  page.code("yaml site", shipped("retaind.yaml"));
  page.heading("Keys");
  for (const auto& [of, heading] : std::initializer_list<std::pair<Keys, std::string_view>>{
           {Keys::site, "Of the file"},
           {Keys::sender, "Under sender"},
           {Keys::unsubscribe, "Under unsubscribe"},
           {Keys::smtp, "Under smtp"},
           {Keys::team, "Of a team"},
           {Keys::webhook, "Of a webhook"},
           {Keys::calendar, "Of a calendar"},
           {Keys::cap, "Under cap"},
           {Keys::retention, "Under retention"}})
    add_keys(page, of, heading, "");
  return page;
}

Page mapping_page(const language::EditorNames&) {
  Page page{"retaind-mapping", 5, "how columns of a CSV file become fields", {}};
  page.heading("Description");
  page.text(
      "`retaind import KIND FILE --map MAPPING` reads a file whose columns have other names.");
  page.heading("Keys");
  add_keys(page, Keys::mapping, "Of the file", "");
  add_keys(page, Keys::source, "Of a field's source",
           "Exactly one of `column`, `columns`, `text`, `product`, `latest`, `earliest` and "
           "`number-within`.");
  add_keys(page, Keys::line, "Of a test of lines", "");
  page.heading("Fields");
  for (const std::string_view kind : import_kind_names()) {
    std::vector<std::string> names;
    for (const ImportField& field : import_fields(*find_import_kind(kind)))
      names.push_back(fmt::format("`{}`{}", field.name, field.required ? " (needed)" : ""));
    page.term(std::string(kind), join(names, ", "));
  }
  return page;
}

Page vocabulary_page(const language::EditorNames& names) {
  Page page{"retaind-vocabulary", 7, "what rules of retaind can name", {}};
  page.heading("Words of your own");
  page.text(
      "`vocabulary.yaml` beside retaind.yaml declares them, and `retaind reload` takes it over "
      "with "
      "the rules. A field is what an import keeps as an attribute; a value in the data that does "
      "not fit its type is unknown.");
  page.code("yaml vocabulary",
            "fields:\n"
            "  customer.tier: {type: enum, words: [gold, silver], about: how much they buy}\n"
            "  order.channel: text\n"
            "events:\n"
            "  webinar.attended:\n"
            "    about: a customer sat through a webinar\n"
            "    properties: {minutes: number}\n"
            "states:\n"
            "  customer.silent-gold:\n"
            "    is: customer.tier = gold\n"
            "    since: customer.last_active_at\n");
  add_keys(page, Keys::vocabulary, "Of the file", "");
  add_keys(page, Keys::vocabulary_field, "Of a field or a property", "");
  add_keys(page, Keys::vocabulary_event, "Of an event", "");
  add_keys(page, Keys::vocabulary_state, "Of a state", "");
  page.text(
      "A state of your own is no row of the store: its `is` is asked of a row when the time of a "
      "rule that waits for it has come, and of whoever it is not true then nothing is recorded. So "
      "one that has come due and ended while the daemon was away leaves no trace, where a shipped "
      "state's is counted as `state-ended`. One without a time to count from is none: ask for it "
      "in the `if:` of a rule with `each:`.");
  std::vector<std::string> times;
  for (const StateAnchor& anchor : state_anchors())
    times.push_back(fmt::format("`{}.{}`", name_of(anchor.subject), anchor.column));
  page.text(fmt::format("A state counts from one of {}.", join(times, ", ")));
  page.heading("Shipped words");
  add_names(page, "Events", names.events);
  add_names(page, "States", names.states);
  add_names(page, "Dates", names.dates);
  add_names(page, "Fields, each as a condition", names.conditions);
  return page;
}

Page reasons_page(const language::EditorNames&) {
  Page page{"retaind-reasons", 7, "why a message went, waits or did not go", {}};
  for (const ReasonRow& row : reasons())
    if (row.reason != Reason::none)
      page.term(std::string(row.name),
                fmt::format("{} ({})", row.about, row.waits ? "waits" : "final"));
  return page;
}

Page errors_page(const language::EditorNames&) {
  Page page{
      "retaind-errors", 7, "what retaind check says of rules, templates, stories and settings", {}};
  for (const language::CodeRow& row : language::codes()) {
    page.subheading(fmt::format("{} {}", language::name_of(row.code), row.title));
    page.text(std::string(row.explanation));
    const std::string_view where = row.in_site         ? "site"
                                   : row.in_story      ? "story"
                                   : row.in_template   ? "template"
                                   : row.in_vocabulary ? "vocabulary"
                                                       : "rule";
    if (row.wrong.empty()) continue;
    const std::string_view form = row.in_template ? "liquid" : "yaml";
    page.code(fmt::format("{} wrong {}", form, where), row.wrong);
    page.code(fmt::format("{} right {}", form, where), row.right);
  }
  return page;
}

}  // namespace retaind::app
