#include "replay/backtest.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "app/command.h"
#include "app/site_files.h"
#include "app/store_access.h"
#include "base/text.h"

namespace retaind::app {
namespace {

struct Question {
  std::filesystem::path directory;
  Time from;
  Time to;
  std::string csv;  ///< "-" is standard output; empty: no list
};

Result<Time> read_time(std::string_view option, const std::string& text, const Zone& zone) {
  const std::optional<Time> time = parse_time(text, zone);
  if (time) return *time;
  return Error{
      ErrorKind::invalid,
      fmt::format("{} `{}` is no time; write it as 2026-03-02 or 2026-03-02 09:30", option, text)};
}

void show_progress(double share, Time at) {
  if (isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\r{:3.0f} %  {}", share * 100, to_iso(at).substr(0, 10));
  if (share >= 1) fmt::print(stderr, "\r{:20}\r", "");
}

Result<replay::BacktestSummary> run(OpenSite& open, const Question& question) {
  Result<delivery::SiteFiles> files = take_files(load_site(question.directory));
  if (!files) return files.error();
  std::ofstream file;
  if (!question.csv.empty() && question.csv != "-") {
    std::error_code error;
    if (std::filesystem::exists(question.csv, error)) {
      return Error{ErrorKind::conflict,
                   fmt::format("{} exists and is not overwritten; name a new file", question.csv)};
    }
    file.open(question.csv, std::ios::binary);
    if (!file) {
      return Error{
          ErrorKind::unavailable,
          fmt::format("cannot write {}; name a file in a directory of yours", question.csv)};
    }
  }
  std::ostream& out = question.csv == "-" ? std::cout : file;
  const bool lists = !question.csv.empty();
  if (lists) out << replay::outcome_header() << '\n';
  replay::BacktestOptions options;
  options.from = question.from;
  options.to = question.to;
  options.progress = show_progress;
  const auto visit = [&](const store::OutcomeRow& row) {
    if (lists) out << replay::outcome_line(row) << '\n';
  };
  Result<replay::BacktestSummary> summary =
      replay::backtest(open.database, std::move(*files), options, visit);
  if (summary && lists && !out.flush()) {
    return Error{ErrorKind::unavailable,
                 fmt::format("cannot write {}; make room and try again", question.csv)};
  }
  return summary;
}

}  // namespace

int run_backtest(const Words& words) {
  std::string site;
  std::string from;
  std::string to;
  Question question;
  Options options(
      "backtest",
      "Tells what the rules would have done with the facts of a past time. Sends nothing.");
  options.site(site)
      .value("--from", "TIME", from, "2026-01-01 or 2026-01-01 09:30, in the site's time zone")
      .value("--to", "TIME", to, "as --from")
      .value("--csv", "FILE", question.csv, "writes one line an outcome; - for standard output")
      .footer(
          "Every rule counts as live from the first moment and every delivery as successful. A "
          "field whose past is "
          "not known is used at its last value.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (from.empty() || to.empty()) return misused("backtest", "--from and --to are needed");
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

  const Result<replay::BacktestSummary> summary = run(*open, question);
  if (!summary) return failed(summary.error().message);
  // The list may be on standard output: then the counts are beside it.
  std::FILE* to_people = question.csv == "-" ? stderr : stdout;
  for (const auto& [what, count] : summary->counts)
    fmt::print(to_people, "{:>10}  {}\n", grouped(count), what);
  fmt::print(to_people, "{} from {}\n", counted(summary->rows, "outcome"),
             counted(summary->facts, "fact"));
  return exit_fine;
}

}  // namespace retaind::app
