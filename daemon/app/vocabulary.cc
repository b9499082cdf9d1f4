#include "model/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/site_load.h"
#include "base/text.h"
#include "base/value.h"
#include "model/ledger.h"

namespace retaind::app {
namespace {

struct Entry {
  std::string kind;  ///< "event", "state", "date", "field", "relation", "reason"
  std::string name;
  std::string detail;  ///< type, words, or when it recurs
  std::string about;
  bool own = false;  ///< of the site's vocabulary.yaml
};

std::string detail_of(const Field& field) {
  if (!field.currency.empty()) return fmt::format("money, {}", field.currency.view());
  if (field.words.empty()) return std::string(type_word(field.type));
  std::vector<std::string> words;
  for (const std::string_view word : split(field.words, '|')) words.emplace_back(word);
  return join(words, ", ");
}

/// What an event of the site's list brings along.
std::string properties_of(const Vocabulary& vocabulary, const EventKind& event) {
  std::vector<std::string> names;
  for (const Field* field : vocabulary.properties(event.name)) names.emplace_back(field->name);
  return names.empty() ? std::string() : "with " + join(names, ", ");
}

/// Everything that a rule can name. The tables are those that the checker reads.
std::vector<Entry> all_entries(const Vocabulary& vocabulary) {
  std::vector<Entry> entries;
  for (const EventKind* row : vocabulary.events()) {
    entries.push_back({"event", std::string(row->name), properties_of(vocabulary, *row),
                       std::string(row->about), find_event(row->name) == nullptr});
  }
  for (const StateKind* row : vocabulary.states()) {
    const std::string detail =
        row->own ? fmt::format("{}, since {}.{}", row->is, name_of(row->subject), row->since) : "";
    entries.push_back({"state", std::string(row->name), detail, std::string(row->about), row->own});
  }
  for (const DateKind& row : date_kinds()) {
    entries.push_back({"date", std::string(row.name), row.yearly ? "every year" : "once", {}});
  }
  for (int i = 0; i < subject_count; ++i) {
    for (const Field* row : vocabulary.fields(static_cast<Subject>(i)))
      entries.push_back({"field", fmt::format("{}.{}", name_of(row->subject), row->name),
                         detail_of(*row), std::string(row->about),
                         row->derivation == Derivation::attribute});
  }
  for (const Relation& row : relations()) {
    entries.push_back({"relation", std::string(row.name), {}, std::string(row.about)});
  }
  for (const ReasonRow& row : reasons()) {
    if (row.reason == Reason::none) continue;
    entries.push_back(
        {"reason", std::string(row.name), row.waits ? "waits" : "final", std::string(row.about)});
  }
  return entries;
}

void print_json(const std::vector<Entry>& entries) {
  Value::Array rows;
  for (const Entry& entry : entries) {
    Value row;
    row.set("kind", Value(entry.kind));
    row.set("name", Value(entry.name));
    if (!entry.detail.empty()) row.set("detail", Value(entry.detail));
    if (!entry.about.empty()) row.set("about", Value(entry.about));
    if (entry.own) row.set("own", Value(true));
    rows.push_back(std::move(row));
  }
  fmt::print("{}\n", to_json(Value(std::move(rows))));
}

void print_text(const std::vector<Entry>& entries) {
  std::string kind;
  for (const Entry& entry : entries) {
    if (entry.kind != kind) fmt::print("{}{}s\n", kind.empty() ? "" : "\n", entry.kind);
    kind = entry.kind;
    std::string detail = entry.detail;
    if (entry.own) detail += detail.empty() ? "the site's own" : "; the site's own";
    if (!detail.empty()) detail = fmt::format("{}({})", entry.about.empty() ? "" : " ", detail);
    fmt::print("  {:<32} {}{}\n", entry.name, entry.about, detail);
  }
}

/// Without a site, the shipped words alone.
Result<std::shared_ptr<const Vocabulary>> vocabulary_of(const std::string& directory) {
  const Result<std::filesystem::path> found = find_site(directory);
  if (!found && !directory.empty()) return found.error();
  if (!found) return Vocabulary::shipped();
  language::CheckedSite checked = language::read_site(*found);
  if (checked.site && checked.words_whole) return std::move(checked.site->vocabulary);
  return Error{ErrorKind::invalid,
               "the vocabulary cannot be listed\n" +
                   language::to_text(checked.diagnostics, language::Format::human, false)};
}

}  // namespace

int run_vocabulary(const Words& words) {
  std::string kind;
  std::string directory;
  bool json = false;
  Options options("vocabulary",
                  "Lists what rules can name: the shipped words, and those of the site's "
                  "vocabulary.yaml.");
  options
      .positional("KIND", kind,
                  "events, states, dates, fields, relations or reasons; without it: all", false)
      .flag("--json", json, "as JSON")
      .site(directory)
      .footer(
          "Unless vocabulary.yaml lists events, every other name in the events table is an event "
          "too, such as `event: newsletter.opened`.");
  if (const std::optional<int> status = options.parse(words)) return *status;

  const std::vector<std::string_view> kinds = {"events", "states",    "dates",
                                               "fields", "relations", "reasons"};
  if (!kind.empty() && std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
    const std::optional<std::string_view> near = nearest(kind, kinds);
    return misused(
        "vocabulary",
        fmt::format("`{}` is not one of events, states, dates, fields, relations, reasons{}", kind,
                    near ? fmt::format("; did you mean `{}`?", *near) : std::string()));
  }
  const auto vocabulary = vocabulary_of(directory);
  if (!vocabulary) return failed(vocabulary.error().message);
  std::vector<Entry> entries = all_entries(**vocabulary);
  if (!kind.empty())
    std::erase_if(entries, [&](const Entry& entry) { return entry.kind + "s" != kind; });
  json ? print_json(entries) : print_text(entries);
  return exit_fine;
}

}  // namespace retaind::app
