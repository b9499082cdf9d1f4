#include "store/import.h"

#include <fmt/format.h>
#include <unistd.h>

#include "app/command.h"
#include "app/control.h"
#include "app/store_access.h"
#include "base/text.h"
#include "language/mapping.h"

namespace retaind::app {
namespace {

constexpr int bar_width = 30;

std::string time_left(Duration left) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
  return seconds >= 60 ? fmt::format("{}:{:02} min", seconds / 60, seconds % 60)
                       : fmt::format("{} s", seconds);
}

bool show_progress(const store::ImportProgress& progress) {
  const double share = progress.total_bytes > 0 ? static_cast<double>(progress.bytes) /
                                                      static_cast<double>(progress.total_bytes)
                                                : 0;
  const int filled = static_cast<int>(share * bar_width);
  fmt::print(stderr, "\r{} [{:#<{}}{:{}}] {:3.0f} %  {} lines, {}/s{}  ", progress.doing, "",
             filled, "", bar_width - filled, share * 100, grouped(progress.lines),
             grouped(static_cast<long long>(progress.lines_per_second)),
             progress.left ? ", " + time_left(*progress.left) + " left" : std::string());
  return true;
}

Result<Mapping> read_map(const std::string& file, ImportKind kind, const Zone& zone) {
  language::CheckedMapping checked = language::read_mapping(file, kind, zone);
  const std::string findings =
      language::to_text(checked.diagnostics, language::Format::human, false);
  if (checked.mapping) {
    fmt::print(stderr, "{}", findings);
    return *std::move(checked.mapping);
  }
  return Error{ErrorKind::invalid, "the mapping has mistakes\n" + findings};
}

/// With the field that each was perhaps meant to be.
std::string unused_columns(ImportKind kind, const std::vector<std::string>& columns) {
  std::vector<std::string_view> names;
  for (const ImportField& field : import_fields(kind)) names.push_back(field.name);
  std::string text;
  for (const std::string& column : columns) {
    const auto near = nearest(lower_ascii(column), names);
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", column,
                        near ? fmt::format(" (did you mean `{}`?)", *near) : "");
  }
  return text;
}

void print_noted(const store::ImportReport::Noted& noted, std::string_view what) {
  if (noted.customers == 0) return;
  const bool more = static_cast<std::size_t>(noted.customers) > noted.lines.size();
  fmt::print("  {} {} {}: {} {}{}\n", counted(noted.customers, "customer"),
             noted.customers == 1 ? "has" : "have", what,
             noted.lines.size() == 1 ? "line" : "lines", fmt::join(noted.lines, ", "),
             more ? ", …" : "");
}

void print_report(ImportKind of, const store::ImportReport& report) {
  const std::string_view kind = name_of(of);
  const double seconds = std::chrono::duration<double>(report.took).count();
  fmt::print("{}: {} in {:.1f} s: {} new, {} changed, {} unchanged\n", kind,
             counted(report.lines, "line"), seconds, grouped(report.inserted),
             grouped(report.updated), grouped(report.unchanged));
  if (report.resumed_at > 0)
    fmt::print("  went on after line {}, where an import of this file had stopped\n",
               grouped(report.resumed_at));
  if (report.merged > 0)
    fmt::print("  {} joined the row of an earlier line\n", counted(report.merged, "line"));
  if (report.superseded > 0)
    fmt::print("  {} told the same instant as a later one\n", counted(report.superseded, "line"));
  if (report.skipped > 0)
    fmt::print("  {} left out by the mapping's `skip:`\n", counted(report.skipped, "line"));
  if (report.without_customer > 0) {
    fmt::print(
        "  {} without a customer: stored, {}\n", counted(report.without_customer, "row"),
        of == ImportKind::tickets ? "matched by reminders to a team alone" : "matched by no rule");
  }
  if (report.customers_made > 0) {
    fmt::print("  {} known by nothing but the key so far: named here, imported never\n",
               counted(report.customers_made, "customer"));
  }
  print_noted(report.unknown_zones, "an unknown time zone, for which the site's is used");
  print_noted(report.unusable_emails, "an e-mail address that is none, and will get no mail");
  if (report.own_surveys > 0) {
    fmt::print("  {} of a kind of your own, whose scores are not checked: {}\n",
               counted(report.own_surveys, "answer"), join(report.own_survey_kinds, ", "));
  }
  if (!report.unused_columns.empty())
    fmt::print("  columns not used: {}\n", unused_columns(of, report.unused_columns));
  if (report.rejected > 0) {
    fmt::print("  {} refused, with line number and reason in {}\n",
               counted(report.rejected, "line"), report.rejected_file.string());
  }
}

}  // namespace

int run_import(const Words& words) {
  std::string site;
  std::string kind;
  std::string file;
  std::string map;
  std::string rejected;
  store::ImportOptions import;
  Options options("import",
                  "Loads facts from a CSV file, .gz too. The same file again changes nothing; a "
                  "stopped import goes on.");
  options.site(site)
      .positional("KIND", kind,
                  "customers, orders, items, subscriptions, tickets, feedback, events, consent, "
                  "suppression")
      .positional("FILE", file, "CSV with a header line")
      .value("--map", "FILE", map, "mapping file: which column is which field")
      .flag("--history", import.history,
            "everything in the file counts as before the rules went live")
      .value("--rejected", "FILE", rejected, "where refused lines go (FILE.rejected.csv)")
      .footer("Exit status 1 when a line was refused. It works while the daemon runs.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  const std::optional<ImportKind> found = find_import_kind(kind);
  if (!found) {
    const std::optional<std::string_view> near = nearest(kind, import_kind_names());
    return misused("import",
                   fmt::format("`{}` cannot be imported{}", kind,
                               near ? fmt::format("; did you mean `{}`?", *near)
                                    : "; the kinds are customers, orders, items, subscriptions, "
                                      "tickets, feedback, events, consent and suppression"));
  }
  import.kind = *found;
  import.file = file;
  import.rejected = rejected;
  Result<OpenSite> open = open_site(site, store::Database::Mode::create);
  if (!open) return failed(open.error().message);
  import.currency = open->site.currency;
  import.zone = open->site.zone;
  if (!map.empty()) {
    Result<Mapping> mapping = read_map(map, import.kind, open->site.zone);
    if (!mapping) return failed(mapping.error().message);
    import.mapping = std::move(*mapping);
  }
  const bool bar = isatty(STDERR_FILENO) == 1;
  if (bar) import.progress = show_progress;

  const SystemClock clock;
  const Result<store::ImportReport> report = store::import_file(open->database, import, clock);
  if (bar) fmt::print(stderr, "\r{:100}\r", "");
  // What went in before the mistake is in.
  poke_daemon(open->site.socket);
  if (!report) return failed(report.error().message);
  print_report(*found, *report);
  return report->rejected > 0 ? exit_wrong : exit_fine;
}

}  // namespace retaind::app
