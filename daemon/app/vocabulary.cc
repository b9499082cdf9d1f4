#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "app/command.h"
#include "base/text.h"
#include "base/value.h"
#include "model/fields.h"
#include "model/ledger.h"

namespace retaind::app {
namespace {

struct Entry {
  std::string kind;  ///< "event", "state", "date", "field", "relation", "reason"
  std::string name;
  std::string detail;  ///< type, words, or when it recurs
  std::string about;
};

std::string_view type_name(Type type) {
  switch (type) {
    case Type::boolean: return "bool";
    case Type::number: return "number";
    case Type::percent: return "percent";
    case Type::money: return "money";
    case Type::text: return "text";
    case Type::enumeration: return "enum";
    case Type::time: return "time";
    case Type::date: return "date";
    case Type::duration: return "duration";
  }
  return "";
}

std::string detail_of(const Field& field) {
  if (field.words.empty()) return std::string(type_name(field.type));
  std::vector<std::string> words;
  for (const std::string_view word : split(field.words, '|')) words.emplace_back(word);
  return join(words, ", ");
}

/// Everything that a rule can name. The tables are those that the checker reads.
std::vector<Entry> all_entries() {
  std::vector<Entry> entries;
  for (const EventKind& row : event_kinds()) {
    entries.push_back({"event", std::string(row.name), {}, std::string(row.about)});
  }
  for (const StateKind& row : state_kinds()) {
    entries.push_back({"state", std::string(row.name), {}, std::string(row.about)});
  }
  for (const DateKind& row : date_kinds()) {
    entries.push_back({"date", std::string(row.name), row.yearly ? "every year" : "once", {}});
  }
  for (const Field& row : fields()) {
    entries.push_back({"field", fmt::format("{}.{}", name_of(row.subject), row.name),
                       detail_of(row), std::string(row.about)});
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
    rows.push_back(std::move(row));
  }
  fmt::print("{}\n", to_json(Value(std::move(rows))));
}

void print_text(const std::vector<Entry>& entries) {
  std::string kind;
  for (const Entry& entry : entries) {
    if (entry.kind != kind) fmt::print("{}{}s\n", kind.empty() ? "" : "\n", entry.kind);
    kind = entry.kind;
    const std::string detail =
        entry.detail.empty() ? std::string() : fmt::format(" ({})", entry.detail);
    fmt::print("  {:<32} {}{}\n", entry.name, entry.about, detail);
  }
}

}  // namespace

int run_vocabulary(const Words& words) {
  std::string kind;
  bool json = false;
  Options options("vocabulary", "Lists what rules can name.");
  options
      .positional("KIND", kind,
                  "events, states, dates, fields, relations or reasons; without it: all", false)
      .flag("--json", json, "as JSON")
      .footer(
          "Every other name in the events table is an event too, such as `event: "
          "newsletter.opened`.");
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
  std::vector<Entry> entries = all_entries();
  if (!kind.empty())
    std::erase_if(entries, [&](const Entry& entry) { return entry.kind + "s" != kind; });
  json ? print_json(entries) : print_text(entries);
  return exit_fine;
}

}  // namespace retaind::app
