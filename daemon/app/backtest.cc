#include "replay/backtest.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "app/backtest_report.h"
#include "app/command.h"
#include "app/known_rule.h"
#include "app/site_files.h"
#include "app/store_access.h"
#include "base/text.h"

namespace retaind::app {
namespace {

constexpr std::size_t exact_up_to = 200'000;
constexpr Duration coarse = std::chrono::minutes(15);

struct BacktestQuestion {
  std::filesystem::path directory;
  Time from;
  Time to;
  std::vector<std::string> rules;  ///< empty: all
  std::string csv;                 ///< "-" is standard output; empty: no list
  std::string svg;
  std::int64_t bought_within = 30;
  bool exact = false;
};

Result<Time> read_time(std::string_view option, const std::string& text, const Zone& zone) {
  const std::optional<Time> time = parse_time(text, zone);
  if (time) return *time;
  return Error{
      ErrorKind::invalid,
      fmt::format("{} `{}` is no time; write it as 2026-03-02 or 2026-03-02 09:30", option, text)};
}

/// `[=====>              ] 27 %  2026-03-02` on a terminal, and nothing elsewhere.
class Bar {
 public:
  void show(double share, Time at) {
    const int now = static_cast<int>(share * 1000);
    if (!terminal_ || now == shown_) return;
    shown_ = now;
    constexpr std::size_t wide = 30;
    const auto done = static_cast<std::size_t>(share * static_cast<double>(wide));
    fmt::print(stderr, "\r[{:<{}}] {:3.0f} %  {}", std::string(done, '=') + ">", wide + 1,
               share * 100, to_iso(at).substr(0, 10));
  }
  void clear() const {
    if (terminal_ && shown_ >= 0) fmt::print(stderr, "\r{:60}\r", "");
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  int shown_ = -1;
};

Result<void> keep_only(std::vector<language::Rule>& rules, const std::vector<std::string>& wanted) {
  std::vector<std::string_view> names;
  for (const language::Rule& rule : rules) names.emplace_back(rule.id);
  for (const std::string& name : wanted) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return Error{ErrorKind::not_found,
                 fmt::format("there is no rule `{}` in rules/{}", name,
                             or_nearest_rule(name, names, "; name none to take all of them"))};
  }
  if (!wanted.empty()) {
    std::erase_if(rules, [&](const language::Rule& rule) {
      return std::find(wanted.begin(), wanted.end(), rule.id) == wanted.end();
    });
  }
  return {};
}

Result<std::ofstream> new_file(const std::string& name) {
  std::error_code error;
  if (std::filesystem::exists(name, error)) {
    return Error{ErrorKind::conflict,
                 fmt::format("{} exists and is not overwritten; name a new file", name)};
  }
  std::ofstream file(name, std::ios::binary);
  if (file) return file;
  return Error{ErrorKind::unavailable,
               fmt::format("cannot write {}; name a file in a directory of yours", name)};
}

Result<void> written(std::ostream& out, const std::string& name) {
  if (out.flush()) return {};
  return Error{ErrorKind::unavailable,
               fmt::format("cannot write {}; make room and try again", name)};
}

Result<BacktestReport> run(OpenSite& open, const BacktestQuestion& question) {
  Result<delivery::SiteFiles> files = files_to_try(question.directory);
  if (!files) return files.error();
  if (Result<void> known = keep_only(files->rules, question.rules); !known) return known.error();
  std::ofstream list;
  std::ofstream svg;
  for (const auto& [name, file] : {std::pair{&question.csv, &list}, {&question.svg, &svg}}) {
    if (name->empty() || *name == "-") continue;
    Result<std::ofstream> made = new_file(*name);
    if (!made) return made.error();
    *file = *std::move(made);
  }
  std::ostream& out = question.csv == "-" ? std::cout : list;
  const bool lists = !question.csv.empty();
  if (lists) out << replay::outcome_header() << ",assumed\n";
  BacktestReport report;
  report.from = question.from;
  report.to = question.to;
  report.zone = open.site.zone;
  report.bought_within = static_cast<int>(question.bought_within);
  report.cap = fmt::format("{} in {}", open.site.cap.messages, to_string(open.site.cap.within));
  replay::BacktestOptions options;
  options.from = question.from;
  options.to = question.to;
  options.step_for = [&](std::size_t facts) {
    if (!question.exact && facts > exact_up_to) report.step = coarse;
    return report.step;
  };
  Bar bar;
  options.progress = [&](double share, Time at) { bar.show(share, at); };
  const std::vector<language::Rule> rules = files->rules;
  BacktestCounts counts(open.database, open.site, rules, report);
  Result<replay::BacktestSummary> summary = replay::backtest(
      open.database, std::move(*files), options, [&](const store::OutcomeRow& row) {
        const std::string_view assumed = counts.add(row);
        if (lists) out << replay::outcome_line(row) << ',' << assumed << '\n';
      });
  bar.clear();
  if (!summary) return summary.error();
  report.summary = *std::move(summary);
  counts.finish();
  if (lists) {
    if (Result<void> done = written(out, question.csv); !done) return done.error();
  }
  if (!question.svg.empty()) {
    svg << picture(report);
    if (Result<void> done = written(svg, question.svg); !done) return done.error();
  }
  if (Result<void> read = open.database.take_error(); !read) return read.error();
  return report;
}

}  // namespace

int run_backtest(const Words& words) {
  std::string site;
  std::string from;
  std::string to;
  bool json = false;
  BacktestQuestion question;
  Options options(
      "backtest",
      "Tells what the rules would have done with the facts of a past time. Sends nothing.");
  options.positionals("RULES", question.rules, "ids of the rules that count as live; none: all")
      .site(site)
      .value("--from", "TIME", from, "2026-01-01 or 2026-01-01 09:30, in the site's time zone")
      .value("--to", "TIME", to, "as --from")
      .value("--csv", "FILE", question.csv, "writes one line an outcome; - for standard output")
      .value("--svg", "FILE", question.svg, "writes a picture of the messages a day")
      .number("--bought-within", "DAYS", question.bought_within,
              "what counts as bought again, for the holdouts (30)")
      .flag("--exact", question.exact,
            "from instant to instant also with more than 200,000 facts, which else pass in steps "
            "of 15 minutes")
      .flag("--json", json, "the counts as JSON")
      .footer(
          "The rules count as live from the first moment and every delivery as successful. A "
          "field whose past is not known is used at its last value, and what rests on it is marked "
          "`assumed`. Facts and ledger of the past lie in a temporary file, of which 128 MB are in "
          "memory.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (from.empty() || to.empty()) return misused("backtest", "--from and --to are needed");
  if (json && question.csv == "-")
    return misused("backtest", "--json and --csv - are one output; leave one out");
  if (question.svg == "-") return misused("backtest", "--svg names a file; - is for --csv");
  if (question.bought_within < 1 || question.bought_within > 366)
    return misused("backtest", "--bought-within is from 1 to 366 days");
  const Result<std::filesystem::path> directory = find_site(site);
  if (!directory) return failed(directory.error().message);
  question.directory = *directory;
  Result<OpenSite> open = open_site(site, store::Database::Mode::read);
  if (!open) return failed(open.error().message);
  const Result<Time> begin = read_time("--from", from, open->site.zone);
  const Result<Time> end = read_time("--to", to, open->site.zone);
  if (!begin) return misused("backtest", begin.error().message);
  if (!end) return misused("backtest", end.error().message);
  if (*end <= *begin) return misused("backtest", "--to is not after --from");
  question.from = *begin;
  question.to = *end;

  const Result<BacktestReport> report = run(*open, question);
  if (!report) return failed(report.error().message);
  // The list may be on standard output: then the counts are beside it.
  std::FILE* to_people = question.csv == "-" ? stderr : stdout;
  fmt::print(to_people, "{}", json ? to_json(to_value(*report)) + "\n" : to_text(*report));
  return exit_fine;
}

}  // namespace retaind::app
