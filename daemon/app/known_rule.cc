#include "app/known_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "language/check.h"
#include "store/meta.h"

namespace retaind::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t rule_bytes = 1U << 20U;

struct RuleText {
  std::string path;  ///< from the site's directory
  std::string text;
};

/// The id that a text gives itself, without reading it as YAML.
std::string_view id_in(std::string_view text) {
  for (const std::string_view line : split(text, '\n')) {
    if (!line.starts_with("rule:")) continue;
    std::string_view id = line.substr(5);
    id = id.substr(0, id.find(" #"));
    return trim(id);
  }
  return {};
}

std::optional<RuleText> read_text(const fs::path& directory, const fs::path& file) {
  Result<std::string> text = read_file(file, rule_bytes);
  if (!text) return std::nullopt;
  return RuleText{fs::path(file).lexically_relative(directory).string(), std::move(*text)};
}

/// By id. A file is nearly always called like its rule; only else all are read.
std::map<std::string, RuleText, std::less<>> rule_texts(const fs::path& directory,
                                                        std::string_view name) {
  std::map<std::string, RuleText, std::less<>> found;
  const fs::path rules = directory / "rules";
  if (auto own = read_text(directory, rules / (std::string(name) + ".yaml"));
      own && id_in(own->text) == name) {
    found.emplace(name, std::move(*own));
    return found;
  }
  std::error_code error;
  for (fs::directory_iterator entry(rules, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != ".yaml") continue;
    auto text = read_text(directory, entry->path());
    if (!text) continue;
    std::string id{id_in(text->text)};
    found.emplace(std::move(id), std::move(*text));
  }
  return found;
}

std::optional<language::Rule> parse(const RuleText& text, const Site& site) {
  std::vector<language::Diagnostic> ignored;
  auto source = std::make_shared<language::Source>(language::Source{text.path, text.text});
  return language::check_rule(std::move(source), site, {{}, true}, ignored);
}

Error unknown_rule(std::string_view name, const std::vector<store::RuleRow>& rows,
                   const std::map<std::string, RuleText, std::less<>>& texts) {
  std::vector<std::string_view> names;
  for (const store::RuleRow& row : rows) names.emplace_back(row.name);
  for (const auto& [id, text] : texts) names.emplace_back(id);
  return {ErrorKind::not_found,
          fmt::format("there is no rule `{}`{}", name,
                      or_nearest_rule(
                          name, names,
                          "; `retaind status` lists those that run, and rules/ has the files"))};
}

std::string_view text_of(const language::Where& where) {
  return where.source == nullptr ? std::string_view{} : std::string_view(where.source->text);
}

std::string text_line(std::string_view text, std::size_t at) {
  const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  std::string_view line = text.substr(begin, text.find('\n', at) - begin);
  line = line.substr(0, line.find(" #"));
  return std::string(trim(line));
}

/// Where a top-level key of the rule stands.
std::optional<language::Where> find_key(const language::Rule& rule, std::string_view key) {
  const std::string_view text = text_of(rule.trigger.where);
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.substr(at).starts_with(key) && text.substr(at + key.size()).starts_with(':'))
      return language::Where{rule.trigger.where.source, at, at + key.size()};
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return std::nullopt;
}

/// The first `count` words.
std::string_view beginning(std::string_view name, std::ptrdiff_t count) {
  std::size_t end = name.find('-');
  while (--count > 0 && end != std::string_view::npos) end = name.find('-', end + 1);
  return name.substr(0, end);
}

}  // namespace

std::string or_nearest_rule(std::string_view word, std::span<const std::string_view> names,
                            std::string_view otherwise) {
  std::optional<std::string_view> near = nearest(word, names);
  if (!near) {
    const auto words = std::count(word.begin(), word.end(), '-') + 1;
    std::vector<std::string_view> beginnings;
    for (const std::string_view name : names) beginnings.push_back(beginning(name, words));
    auto found = std::find(beginnings.begin(), beginnings.end(), word);
    if (const auto like = nearest(word, beginnings); like && found == beginnings.end())
      found = std::find(beginnings.begin(), beginnings.end(), *like);
    if (found != beginnings.end())
      near = names[static_cast<std::size_t>(found - beginnings.begin())];
  }
  return near ? fmt::format("; did you mean `{}`?", *near) : std::string(otherwise);
}

Site as_it_runs(const Site& files, store::Database& database) {
  const std::string settings = store::running_settings(database);
  std::optional<Site> running;
  if (!settings.empty()) running = language::settings_in(settings, files.directory);
  Site site = running ? *std::move(running) : files;
  site.vocabulary = language::vocabulary_in(store::Ledger(database).running_vocabulary(), site);
  return site;
}

Result<KnownRule> find_rule(store::Database& database, const Site& site, const fs::path& directory,
                            std::string_view name) {
  store::Ledger ledger(database);
  const std::vector<store::RuleRow> rows = ledger.rules();
  const auto texts = rule_texts(directory, name);
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.name == name; });
  const auto text = texts.find(name);
  if (row == rows.end() && text == texts.end()) return unknown_rule(name, rows, texts);
  std::optional<language::Rule> file;
  if (text != texts.end()) file = parse(text->second, site);
  if (row == rows.end()) {
    if (!file) {
      return Error{ErrorKind::invalid,
                   fmt::format("{} has mistakes; `retaind check` names them", text->second.path)};
    }
    KnownRule known{std::move(*file), {}, {}};
    known.row.name = known.row.first_name = known.rule.id;
    known.row.status = static_cast<int>(known.rule.status);
    known.note = "has never run: `retaind run` or `retaind reload` takes it over";
    return known;
  }
  KnownRule known;
  known.row = *row;
  if (file && file->revision == row->revision) {
    known.rule = std::move(*file);
  } else {
    auto running = parse({std::string(name) + " (as it runs)", ledger.running_text(row->id)},
                         as_it_runs(site, database));
    if (!running) {
      return Error{ErrorKind::invalid,
                   fmt::format("the text of `{}` as it runs cannot be read with these settings; "
                               "`retaind check` names what is missing, then `retaind reload`",
                               name)};
    }
    known.rule = std::move(*running);
    known.note = text == texts.end()
                     ? (row->removed_at ? "has no file any more and is removed"
                                        : "has no file any more; it runs until `retaind reload`")
                     : fmt::format(
                           "{} has been edited since: this is about the text that runs "
                           "until `retaind reload`",
                           text->second.path);
  }
  known.rule.status = static_cast<language::RuleStatus>(row->status);
  if (row->removed_at && known.note.empty())
    known.note = "is removed; `retaind reload` takes it back";
  return known;
}

std::string place_of(const language::Where& where) {
  if (where.source == nullptr) return {};
  return fmt::format("{}:{}", where.source->path,
                     language::line_and_column(*where.source, where.begin).first);
}

std::string place_of_key(const language::Rule& rule, std::string_view key) {
  if (const auto where = find_key(rule, key)) return place_of(*where);
  return rule.trigger.where.source == nullptr ? std::string() : rule.trigger.where.source->path;
}

std::string line_at(const language::Where& where) {
  if (where.source == nullptr) return {};
  return text_line(where.source->text, where.begin);
}

std::string line_of_key(const language::Rule& rule, std::string_view key) {
  const auto where = find_key(rule, key);
  return where ? line_at(*where) : std::string();
}

Result<store::People::Person> find_person(store::Database& database, std::string_view word) {
  store::People people(database);
  auto found = people.find(word);
  if (found.size() == 1) return std::move(found.front());
  if (found.size() > 1) {
    std::string list;
    for (const auto& person : found)
      list += fmt::format("\n  {}{}", person.key, person.name.empty() ? "" : "  " + person.name);
    return Error{
        ErrorKind::conflict,
        fmt::format("{} customers have the address `{}`; name one by its id:{}",
                    found.size() == 10 ? "ten or more" : std::to_string(found.size()), word, list)};
  }
  const auto keys = people.keys_near(word);
  const std::vector<std::string_view> names(keys.begin(), keys.end());
  const auto near = nearest(word, names);
  return Error{ErrorKind::not_found,
               fmt::format("there is no customer `{}`{}; customers are found by the id that you "
                           "imported, by another id of theirs, or by e-mail address",
                           word, near ? fmt::format(" (near: `{}`)", *near) : "")};
}

}  // namespace retaind::app
