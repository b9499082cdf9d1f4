#include "files.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "language/check.h"

namespace sim {

namespace fs = std::filesystem;
using retaind::Error;
using retaind::ErrorKind;
using retaind::language::Rule;

namespace {

const fs::path source{RETAIND_SOURCE};
const fs::path directory = source / "tests/sim/site";

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// Checked once a text: the same few are read over and over by all seeds.
retaind::Result<Rule> check(const retaind::Site& site, const std::string& text) {
  static std::map<std::string, Rule> known;
  if (const auto found = known.find(text); found != known.end()) return found->second;
  static const retaind::language::TemplateNames names{{"birthday",        "blast",
                                                       "detractor",       "first-steps-a",
                                                       "first-steps-b",   "first-steps-c",
                                                       "lead-calls",      "month-later",
                                                       "newcomer",        "note",
                                                       "parcel",          "poison",
                                                       "price",           "price-lead",
                                                       "quiet",           "receipt",
                                                       "regulars",        "renewal-save",
                                                       "renewed",         "sorry",
                                                       "thanks",          "ticket-escalation",
                                                       "ticket-reminder", "webinar",
                                                       "weekly",          "welcome",
                                                       "win-back"}};
  std::vector<retaind::language::Diagnostic> diagnostics;
  auto origin = std::make_shared<retaind::language::Source>(
      retaind::language::Source{"rules/rule.yaml", text});
  auto rule = retaind::language::check_rule(origin, site, names, diagnostics);
  if (!rule) {
    return Error{ErrorKind::invalid,
                 retaind::language::to_text(diagnostics, retaind::language::Format::human, false)};
  }
  return known.emplace(text, *rule).first->second;
}

}  // namespace

retaind::Site read_site() {
  static const retaind::Site site = [] {
    auto checked = retaind::language::read_site(directory);
    if (!checked.site) {
      fmt::print("{}\n", retaind::language::to_text(checked.diagnostics,
                                                    retaind::language::Format::human, false));
      std::abort();
    }
    return *checked.site;
  }();
  return site;
}

Files::Files(retaind::Site site) : site_(std::move(site)) {
  static const std::map<std::string, std::string> read = [] {
    std::map<std::string, std::string> texts;
    for (const fs::path& folder : {source / "rules", directory / "rules", directory / "later"}) {
      for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == ".yaml")
          texts[entry.path().stem()] = read_text(entry.path());
      }
    }
    return texts;
  }();
  all_ = read;
  texts_ = read;
  texts_.erase("blast");
}

retaind::Result<retaind::delivery::SiteFiles> Files::read() const {
  retaind::delivery::SiteFiles files;
  files.site = site_;
  files.secret = "secret of the simulation";
  for (const auto& [name, text] : texts_) {
    auto rule = check(site_, text);
    if (!rule) return rule.error().in(name);
    files.rules.push_back(*rule);
  }
  std::vector<retaind::render::TemplateError> errors;
  files.templates = retaind::render::TemplateSet::load(directory / "templates", errors);
  if (!errors.empty()) return Error{ErrorKind::invalid, errors.front().message};
  return files;
}

std::vector<Rule> Files::rules() const {
  std::vector<Rule> rules;
  for (const auto& [name, text] : texts_) {
    if (auto rule = check(site_, text)) rules.push_back(*rule);
  }
  return rules;
}

bool Files::edit(const std::string& rule, const std::string& from, const std::string& to) {
  const auto found = texts_.find(rule);
  if (found == texts_.end()) return false;
  const std::size_t at = found->second.find(from);
  if (at == std::string::npos) return false;
  found->second.replace(at, from.size(), to);
  all_[rule] = found->second;
  return true;
}

void Files::remove(const std::string& rule) { texts_.erase(rule); }
void Files::add(const std::string& rule) { texts_[rule] = all_[rule]; }

}  // namespace sim
