#include "structure/source_rules.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <map>
#include <set>
#include <span>

#include "base/text.h"

namespace retaind::test {
namespace {

using Names = std::set<std::string, std::less<>>;

constexpr std::size_t longest_file = 600;

/// What a module may include besides itself. Arrows point down only.
const std::map<std::string, Names, std::less<>>& module_graph() {
  static const std::map<std::string, Names, std::less<>> graph{
      {"base", {}},
      {"model", {"base"}},
      {"store", {"model", "base"}},
      {"language", {"model", "base"}},
      {"render", {"model", "base"}},
      {"engine", {"language", "store", "model", "base"}},
      {"insight", {"store", "model", "base"}},
      {"delivery", {"engine", "insight", "render", "language", "store", "model", "base"}},
      {"transport", {"delivery", "engine", "render", "language", "store", "model", "base"}},
      {"replay", {"delivery", "engine", "render", "language", "store", "model", "base"}},
      {"app",
       {"replay", "transport", "delivery", "insight", "engine", "render", "language", "store",
        "model", "base"}},
      {"main.cc", {"app", "base"}},
  };
  return graph;
}

struct Library {
  std::string_view prefix;  ///< of what stands between < and >
  Names owners;             ///< empty: every module
};
const std::vector<Library>& libraries() {
  static const std::vector<Library> owned{
      {"date/", {"base"}},         {"nlohmann/", {"base"}},
      {"sodium", {"base"}},        {"idn2", {"base"}},
      {"spdlog/", {"base"}},       {"SQLiteCpp/", {"store"}},
      {"sqlite3", {"store"}},      {"zlib", {"store"}},
      {"yaml-cpp/", {"language"}}, {"curl/", {"transport"}},
      {"openssl/", {"transport"}}, {"boost/", {"transport", "app"}},
      {"CLI/", {"app"}},           {"fmt/", {}},
      {"iconv", {"render"}},
  };
  return owned;
}

struct Banned {
  /// Tokens of the code, separated by blanks; "x*" is any word that begins with x. A call through
  /// an object
  /// (`row.time(0)`) and a deleted function (`= delete`) are not meant.
  std::string_view tokens;
  std::string_view instead;
  Names places;  ///< the files that may
};
const std::vector<Banned>& banned_calls() {
  constexpr std::string_view clock = "ask the Clock", rng = "ask the Rng",
                             timer = "arm the loop's timer", zone = "use a Zone",
                             owner = "let an owner hold it";
  static const std::vector<Banned> banned{
      {"system_clock :: now", clock, {"daemon/base/clock.cc"}},
      {"steady_clock :: now", clock, {}},
      {"high_resolution_clock", clock, {}},
      // systemd's RELOADING=1 wants CLOCK_MONOTONIC itself.
      {"clock_gettime", clock, {"daemon/base/clock.cc", "daemon/app/notify.cc"}},
      {"gettimeofday", clock, {}},
      {"time ( nullptr )", clock, {}},
      {"time ( NULL )", clock, {}},
      {"time ( 0 )", clock, {}},
      {"random_device", rng, {}},
      {"mt19937*", rng, {}},
      {"rand (", rng, {}},
      {"srand (", rng, {}},
      {"randombytes_*", rng, {"daemon/base/rng.cc"}},
      {"sleep_for", timer, {}},
      {"sleep_until", timer, {}},
      {"usleep (", timer, {}},
      {"nanosleep (", timer, {}},
      {"localtime*", zone, {}},
      {"gmtime*", zone, {}},
      {"mktime", zone, {}},
      {"getenv", "take it as a setting", {"daemon/base/log.cc", "daemon/app/environment.cc"}},
      {"new", owner, {"tests/render/allocation_test.cc"}},
      {"delete", owner, {"tests/render/allocation_test.cc"}},
      {"malloc (", owner, {"tests/render/allocation_test.cc"}},
      {"calloc (", owner, {}},
      {"realloc (", owner, {}},
  };
  return banned;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::vector<std::string_view> tokens_of(std::string_view code) {
  std::vector<std::string_view> tokens;
  std::size_t at = 0;
  while (at < code.size()) {
    std::size_t size = 1;
    if (is_word(code[at])) {
      while (at + size < code.size() && is_word(code[at + size])) ++size;
    } else if (code.substr(at, 2) == "::" || code.substr(at, 2) == "->") {
      size = 2;
    }
    if (std::isspace(static_cast<unsigned char>(code[at])) == 0)
      tokens.push_back(code.substr(at, size));
    at += size;
  }
  return tokens;
}

using Tokens = std::vector<std::string_view>;

bool matches(std::span<const std::string_view> code, const Tokens& wanted) {
  if (code.size() < wanted.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool prefix = wanted[i].ends_with('*');
    if (prefix ? !code[i].starts_with(wanted[i].substr(0, wanted[i].size() - 1))
               : code[i] != wanted[i])
      return false;
  }
  return true;
}

std::string module_of(std::string_view path) {
  const auto parts = split(path, '/');
  return parts.size() > 1 ? std::string(parts[1]) : std::string();
}

class Review {
 public:
  Review(std::string_view path, std::string_view text)
      : path_(path),
        module_(module_of(path)),
        is_header_(path.ends_with(".h")),
        in_daemon_(path.starts_with("daemon/")),
        source_(text),
        code_(without_comments_and_literals(text)) {}

  struct Outcome {
    Breaches breaches;
    std::vector<std::string> includes;  ///< of our own headers
    std::string library;                ///< the first one included; empty without any
  };

  Outcome run() {
    check_file();
    const auto lines = split(source_, '\n');
    const auto code = split(code_, '\n');
    for (std::size_t i = 0; i < lines.size(); ++i) {
      line_ = i + 1;
      if (is_header_ && matches(tokens_of(code[i]), {"using", "namespace"})) {
        report("`using namespace` in a header reaches everyone who includes it");
      }
      if (!in_daemon_) continue;
      if (const auto tokens = tokens_of(code[i]); matches(tokens, {"#", "include"}))
        check_include(lines[i]);
      check_calls(code[i]);
    }
    return {std::move(found_), std::move(includes_), std::move(library_)};
  }

 private:
  void report(const std::string& what) {
    found_.push_back(std::string(path_) + ":" + std::to_string(line_) + ": " + what);
  }

  void check_file() {
    const auto lines = static_cast<std::size_t>(std::count(source_.begin(), source_.end(), '\n'));
    if (lines > longest_file)
      report("is over " + std::to_string(longest_file) + " lines: which noun is hiding in it?");
    if (is_header_ && source_.find("#pragma once") == std::string_view::npos)
      report("has no `#pragma once`");
    const std::string name = lower_ascii(path_.substr(path_.rfind('/') + 1));
    for (const auto* word : {"util", "helper", "common", "misc", "manager"}) {
      if (name.find(word) != std::string::npos)
        report(std::string("`") + word + "` is no name for a file");
    }
    if (in_daemon_ && module_graph().count(module_) == 0) report("belongs to no module");
  }

  void check_include(std::string_view line) {
    const std::size_t open = line.find_first_of("<\"");
    if (open == std::string_view::npos) return report("include a file by its name");
    const std::size_t close = line.find_first_of(">\"", open + 1);
    const std::string name(line.substr(open + 1, close - open - 1));
    if (line[open] == '"') return check_own_include(name);
    for (const Library& library : libraries()) {
      if (!name.starts_with(library.prefix)) continue;
      if (!library.owners.empty() && library.owners.count(module_) == 0) {
        report("<" + name + "> belongs to " + *library.owners.begin());
      }
      library_ = library_.empty() ? name : library_;
      return;
    }
    // The standard library has neither a slash nor an ending, the system's headers end in .h.
    const std::size_t slash = name.find('/');
    const Names system{"sys", "netinet", "arpa", "linux"};
    const bool known = slash == std::string::npos
                           ? name.find('.') == std::string::npos || name.ends_with(".h")
                           : system.count(name.substr(0, slash)) != 0;
    if (!known) report("<" + name + "> is of a library that has no owner");
  }

  void check_own_include(const std::string& name) {
    const std::size_t slash = name.find('/');
    includes_.push_back(name);
    if (slash == std::string::npos) {
      if (!name.ends_with(".inc")) report("\"" + name + "\": write the path from daemon/");
      return;
    }
    const std::string other = name.substr(0, slash);
    const auto allowed = module_graph().find(module_);
    if (other == module_ || (allowed != module_graph().end() && allowed->second.count(other) != 0))
      return;
    report(module_ + " may not include \"" + name + "\"");
  }

  void check_calls(std::string_view code) {
    static const auto patterns = [] {
      std::vector<std::pair<Tokens, Banned>> made;
      for (const Banned& rule : banned_calls()) made.emplace_back(split(rule.tokens, ' '), rule);
      return made;
    }();
    const Tokens tokens = tokens_of(code);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::string_view before = i == 0 ? std::string_view() : tokens[i - 1];
      if (before == "." || before == "->" || (before == "=" && tokens[i] == "delete")) continue;
      for (const auto& [wanted, rule] : patterns) {
        if (rule.places.count(path_) != 0 || !matches(std::span(tokens).subspan(i), wanted))
          continue;
        report("`" + std::string(rule.tokens) + "`: " + std::string(rule.instead));
      }
    }
  }

  std::string_view path_;
  std::string module_;
  bool is_header_, in_daemon_;
  std::string_view source_;
  std::string code_;
  std::size_t line_ = 1;
  Breaches found_;
  std::vector<std::string> includes_;
  std::string library_;
};

}  // namespace

std::string without_comments_and_literals(std::string_view source) {
  std::string code(source);
  std::size_t at = 0;
  // Blanks everything up to the end of `closing`, or to the end of the line for a comment of one
  // line.
  const auto blank = [&](std::size_t from, std::size_t until) {
    for (std::size_t i = from; i < until && i < code.size(); ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
    at = std::min(until, code.size());
  };
  const auto behind = [&](std::string_view closing, std::size_t from) {
    const std::size_t end = source.find(closing, from);
    return end == std::string_view::npos ? source.size() : end + closing.size();
  };
  while (at < source.size()) {
    const std::string_view rest = source.substr(at);
    if (rest.starts_with("//")) {
      blank(at, std::min(source.find('\n', at), source.size()));
    } else if (rest.starts_with("/*")) {
      blank(at, behind("*/", at + 2));
    } else if (rest.starts_with("R\"")) {
      const std::size_t open = source.find('(', at);
      const std::string closing = ")" + std::string(source.substr(at + 2, open - at - 2)) + "\"";
      blank(at + 2, behind(closing, open));
    } else if (rest[0] == '"' || (rest[0] == '\'' && (at == 0 || !is_word(source[at - 1])))) {
      std::size_t end = at + 1;
      while (end < source.size() && source[end] != rest[0] && source[end] != '\n')
        end += source[end] == '\\' ? 2 : 1;
      blank(at + 1, end);
      ++at;
    } else {
      ++at;
    }
  }
  return code;
}

Breaches breaches_of(std::string_view path, std::string_view text) {
  return Review(path, text).run().breaches;
}

Breaches breaches_of(const std::map<std::string, std::string>& files) {
  std::map<std::string, Review::Outcome> outcomes;
  Breaches found;
  for (const auto& [path, text] : files) {
    const Review::Outcome& outcome = outcomes[path] = Review(path, text).run();
    found.insert(found.end(), outcome.breaches.begin(), outcome.breaches.end());
  }
  for (const auto& [path, outcome] : outcomes) {
    if (!path.starts_with("daemon/")) continue;
    for (const std::string& name : outcome.includes) {
      const auto header = outcomes.find("daemon/" + name);
      if (header == outcomes.end() || header->second.library.empty()) continue;
      if (path.ends_with(".cc") && module_of(path) == module_of(header->first)) continue;
      std::string breach = path;
      breach.append(": \"").append(name).append("\" brings <").append(header->second.library);
      found.push_back(breach + "> along; libraries stay in the .cc files of their owner");
    }
  }
  return found;
}

namespace {

std::string only_breach(std::string_view path, std::string_view text) {
  const Breaches found = breaches_of(path, text);
  INFO(text);
  for (const auto& breach : found) UNSCOPED_INFO(breach);
  REQUIRE(found.size() == 1);
  return found.front();
}

TEST_CASE("A module that includes one above it is found") {
  CHECK(only_breach("daemon/model/a.cc", "#include <map>\n#include \"store/b.h\"\n") ==
        "daemon/model/a.cc:2: model may not include \"store/b.h\"");
  CHECK(breaches_of("daemon/model/a.cc", "#include \"base/zone.h\"\n#include \"model/cell.h\"\n")
            .empty());
  for (const auto* line :
       {"#include \"language/plan.h\"", "  #  include   \"language/plan.h\"  // why not"}) {
    CHECK(only_breach("daemon/store/a.cc", line) ==
          "daemon/store/a.cc:1: store may not include \"language/plan.h\"");
  }
  CHECK(only_breach("daemon/language/a.cc", "#include \"store/a.h\"").find("language may not") !=
        std::string::npos);
  CHECK(only_breach("daemon/render/a.cc", "#include \"engine/a.h\"").find("render may not") !=
        std::string::npos);
  CHECK(only_breach("daemon/replay/a.cc", "#include \"transport/a.h\"").find("replay may not") !=
        std::string::npos);
  CHECK(only_breach("daemon/base/a.cc", "#include \"model/a.h\"").find("base may not") !=
        std::string::npos);
  CHECK(only_breach("daemon/main.cc", "#include \"store/a.h\"").find("main.cc may not") !=
        std::string::npos);
  CHECK(only_breach("daemon/store/a.cc", "#include \"a.h\"").find("from daemon/") !=
        std::string::npos);
  CHECK(breaches_of("daemon/store/a.cc", "#include \"migrations.inc\"").empty());
  CHECK(breaches_of("daemon/store/a.cc",
                    "// #include \"app/a.h\"\nconst char* s = \"#include <curl/curl.h>\";")
            .empty());
  CHECK(only_breach("daemon/extra/a.cc", "int x;").find("belongs to no module") !=
        std::string::npos);
}

TEST_CASE("A library outside its owner, or in a header, is found") {
  CHECK(only_breach("daemon/engine/a.cc", "#include <sqlite3.h>") ==
        "daemon/engine/a.cc:1: <sqlite3.h> belongs to store");
  CHECK(breaches_of("daemon/store/a.cc", "#include <SQLiteCpp/SQLiteCpp.h>").empty());
  for (const auto* name : {"yaml-cpp/yaml.h", "nlohmann/json.hpp", "date/tz.h", "sodium.h",
                           "idn2.h", "spdlog/spdlog.h", "curl/curl.h", "openssl/ssl.h",
                           "boost/asio.hpp", "CLI/CLI.hpp", "zlib.h"}) {
    CHECK(only_breach("daemon/delivery/a.cc", "#include <" + std::string(name) + ">")
              .find(" belongs to ") != std::string::npos);
  }
  CHECK(
      breaches_of("daemon/app/a.cc", "#include <boost/asio/io_context.hpp>\n#include <sys/stat.h>")
          .empty());
  CHECK(breaches_of("daemon/render/a.cc", "#include <fmt/format.h>").empty());
  CHECK(only_breach("daemon/render/a.cc", "#include <rapidjson/document.h>").find("has no owner") !=
        std::string::npos);
}

TEST_CASE("A library that leaves its owner's .cc files through a header is found") {
  const std::map<std::string, std::string> fine{
      {"daemon/store/inner.h", "#pragma once\n#include <sqlite3.h>\n"},
      {"daemon/store/a.cc", "#include \"store/inner.h\"\n"},
      {"daemon/store/a.h", "#pragma once\n#include \"model/cell.h\"\n"}};
  CHECK(breaches_of(fine).empty());
  auto through_header = fine;
  through_header["daemon/store/a.h"] += "#include \"store/inner.h\"\n";
  CHECK(
      breaches_of(through_header) ==
      Breaches{
          "daemon/store/a.h: \"store/inner.h\" brings <sqlite3.h> along; libraries stay in the .cc "
          "files of their owner"});
  auto elsewhere = fine;
  elsewhere["daemon/engine/b.cc"] = "#include \"store/inner.h\"\n";
  CHECK(breaches_of(elsewhere).size() == 1);
}

TEST_CASE("A banned call outside its one place is found") {
  for (const auto* line :
       {"auto t = std::chrono::system_clock::now();",
        "auto t = std::chrono::steady_clock :: now();", "std::random_device d;", "int x = rand();",
        "srand(1);", "std::this_thread::sleep_for(x);", "usleep(5);", "std::localtime(&t);",
        "gmtime_r(&t, &tm);", "std::getenv(\"HOME\");", "auto* x = new Widget;",
        "auto* x = new (place) Widget;", "delete x;", "delete[] x;", "delete *x;", "time(nullptr);",
        "std::mt19937 g;", "clock_gettime(CLOCK_REALTIME, &t);", "void* p = malloc(3);"}) {
    CHECK(only_breach("daemon/engine/a.cc", line).find("daemon/engine/a.cc:1: `") == 0);
  }
  CHECK(breaches_of("daemon/base/clock.cc", "return std::chrono::system_clock::now();").empty());
  CHECK(breaches_of("daemon/app/environment.cc", "std::getenv(name);").empty());
  CHECK(only_breach("daemon/base/clock.cc", "std::getenv(name);").find("take it as a setting") !=
        std::string::npos);
}

TEST_CASE("Words in comments, literals and other names are not calls") {
  for (const auto* line :
       {"// never sleep_for here", "/* new Widget */ int x;", "auto s = \"delete it; new file\";",
        "A(const A&) = delete;", "int new_row = 1;", "operand(1);", "start_time(0);",
        "row.time(0);", "row->time(0);", "int renewed; renew(x);", "char c = '\"'; // getenv \"",
        "auto r = R\"(throw new Widget)\";", "auto r = R\"~sql~(delete x; \")~sql~\";",
        "int n = 1'000; // '", "auto s = \"a\\\"new b\";", "row_deleted(x);",
        "catch (const std::exception&) {"}) {
    INFO(line);
    CHECK(breaches_of("daemon/engine/a.cc", line).empty());
  }
}

TEST_CASE("Files that are too long, badly named or unguarded are found") {
  CHECK(only_breach("daemon/engine/a.cc", std::string(601, '\n')).find("over 600 lines") !=
        std::string::npos);
  CHECK(breaches_of("daemon/engine/a.cc", std::string(600, '\n')).empty());
  CHECK(only_breach("tests/engine/a_test.cc", std::string(601, '\n')).find("over 600 lines") !=
        std::string::npos);
  CHECK(only_breach("daemon/engine/a.h", "int x;").find("#pragma once") != std::string::npos);
  CHECK(only_breach("daemon/engine/a.h", "#pragma once\nusing namespace std;")
            .find(":2: `using namespace`") != std::string::npos);
  CHECK(only_breach("tests/support/a.h", "#pragma once\n  using namespace std;")
            .find("`using namespace`") != std::string::npos);
  CHECK(breaches_of("daemon/engine/a.cc", "using namespace std::chrono;").empty());
  for (const auto* name :
       {"string_utils.cc", "helpers.cc", "common.cc", "rule_manager.cc", "misc.cc"}) {
    CHECK(
        only_breach("daemon/engine/" + std::string(name), "int x;").find("is no name for a file") !=
        std::string::npos);
  }
}

}  // namespace
}  // namespace retaind::test
