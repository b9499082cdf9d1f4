#include <fmt/format.h>
#include <unistd.h>

#include <system_error>

#include "app/command.h"
#include "app/environment.h"
#include "app/site_load.h"
#include "app/story_text.h"
#include "base/log.h"
#include "base/text.h"

namespace retaind::app {
namespace {

namespace fs = std::filesystem;

struct TestQuestion {
  fs::path directory;
  std::vector<fs::path> files;
  std::string format = "human";
  bool coverage = false;
  replay::StoriesOptions options;
};

/// Everything read and checked; the second is empty when there are mistakes, which are printed.
struct Prepared {
  delivery::SiteFiles files;
  std::vector<language::Story> stories;
};

void print_mistakes(const std::string& text, int errors, int files) {
  fmt::print(stderr, "{}{} in {} · no story was played\n", text, counted(errors, "error"),
             counted(files, "file"));
}

std::optional<Prepared> prepare(const TestQuestion& question) {
  const bool colour = wants_colour(STDERR_FILENO);
  LoadedSite loaded = load_site(question.directory);
  if (loaded.errors() > 0 || !loaded.site) {
    print_mistakes(mistakes(loaded, colour), loaded.errors(), loaded.files);
    return std::nullopt;
  }
  const language::TemplateNames names{loaded.templates.names()};
  const language::StoryContext context{*loaded.site, loaded.rules.rules, names};
  auto checked = question.files.empty()
                     ? language::check_stories(question.directory / "tests", context)
                     : language::check_stories(question.files, context);
  if (checked.has_errors()) {
    print_mistakes(to_text(checked.diagnostics, language::Format::human, colour),
                   static_cast<int>(std::count_if(
                       checked.diagnostics.begin(), checked.diagnostics.end(),
                       [](const auto& d) { return d.severity == language::Severity::error; })),
                   checked.files);
    return std::nullopt;
  }
  fmt::print(stderr, "{}", to_text(checked.diagnostics, language::Format::human, colour));
  Prepared made;
  made.stories = std::move(checked.stories);
  made.files.site = std::move(*loaded.site);
  made.files.rules = std::move(loaded.rules.rules);
  made.files.templates = std::move(loaded.templates);
  // Signs links that nobody follows; the site's own need not be readable here.
  made.files.secret = "the secret of stories";
  return made;
}

void print(const replay::StoriesResult& result, const TestQuestion& question) {
  const std::string coverage = question.coverage ? coverage_as_text(result.coverage) : "";
  if (question.format == "tap") {
    fmt::print("{}", stories_as_tap(result));
    std::string_view rest = coverage;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      fmt::print("# {}\n", rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
  } else if (question.format == "junit") {
    fmt::print("{}", stories_as_junit(result));
    fmt::print(stderr, "{}", coverage);
  } else {
    fmt::print("{}{}", stories_as_text(result, wants_colour(STDOUT_FILENO)), coverage);
  }
}

}  // namespace

int run_test(const Words& words) {
  std::string site;
  std::vector<std::string> files;
  TestQuestion question;
  Options options("test",
                  "Plays the stories of the site's tests/ with the engine that sends, on a virtual "
                  "clock. Sends nothing.");
  options.site(site)
      .positionals("FILES", files, "these stories alone, instead of all in tests/")
      .choice("--format", {"human", "tap", "junit"}, question.format, "how to write the results")
      .flag("--coverage", question.coverage,
            "also tells which conditions were never true or never false, which rules never fired "
            "and which steps never went")
      .value("--case", "NAME", question.options.only, "the case of this name alone")
      .footer(
          "A story begins with `test:`, `starts:` and `people:`; each of its `cases:` tells line "
          "by "
          "line what happens (`{at: day 0, event: order.completed, order: {id: 1001, customer: "
          "anna}}`) and what must have been sent since (`{at: day 7, expect: [{email: thanks, to: "
          "anna, says: [Dear Anna]}]}`, `{at: day 60, expect: nothing}`). Anything else that goes "
          "out fails the case. Exit status: 0 all passed, 1 some failed or a file has mistakes, 2 "
          "misused.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  const Result<fs::path> directory = find_site(site);
  if (!directory) return failed(directory.error().message);
  // As short as they can be said from here.
  std::error_code error;
  question.directory = fs::proximate(*directory, error);
  if (error || question.directory.string().starts_with("..")) question.directory = *directory;
  if (question.directory == ".") question.directory.clear();
  question.files.assign(files.begin(), files.end());

  log::set_level(log::Level::error);
  const std::optional<Prepared> prepared = prepare(question);
  if (!prepared) {
    if (question.format == "tap") fmt::print("TAP version 13\nBail out! files have mistakes\n");
    return exit_wrong;
  }
  const SystemClock clock;
  const auto result =
      replay::run_stories(prepared->stories, prepared->files, question.options, clock);
  if (!result) return failed(result.error().message);
  print(*result, question);
  return result->failed() > 0 ? exit_wrong : exit_fine;
}

}  // namespace retaind::app
