#include "language/diagnostic.h"

#include <catch2/catch.hpp>

#include "base/value.h"
#include "language/codes.h"

namespace lang = retaind::language;
using lang::Diagnostic;

namespace {

Diagnostic about(std::string text, std::string_view marked, std::string remedy = "remedy") {
  auto source = std::make_shared<lang::Source>(lang::Source{"rules/x.yaml", std::move(text)});
  const std::size_t begin = source->text.find(marked);
  REQUIRE(begin != std::string::npos);
  return {lang::Severity::error,
          "R021",
          {source, begin, begin + marked.size()},
          "message",
          std::move(remedy)};
}

}  // namespace

TEST_CASE("the caret stands below its word behind wide characters and combining marks",
          "[language][diagnostic]") {
  CHECK(lang::to_text(about("city: '東京' x\n", "x"), false) ==
        "error[R021]: message\n"
        "  --> rules/x.yaml:1:16\n"
        "   1 | city: '東京' x\n"
        "     |              ^ remedy\n");
  CHECK(lang::to_text(about("a: 東京 b\n", "東京"), false) ==
        "error[R021]: message\n"
        "  --> rules/x.yaml:1:4\n"
        "   1 | a: 東京 b\n"
        "     |    ^^^^ remedy\n");
  CHECK(lang::to_text(about("e\xcc\x81 x\n", "x"), false).ends_with("     |   ^ remedy\n"));
}

TEST_CASE("a tab takes the same room in both lines", "[language][diagnostic]") {
  CHECK(lang::to_text(about("\ta\tx\n", "x"), false) ==
        "error[R021]: message\n"
        "  --> rules/x.yaml:1:4\n"
        "   1 |     a    x\n"
        "     |          ^ remedy\n");
}

TEST_CASE("a line that would play with the terminal is shown harmless", "[language][diagnostic]") {
  const std::string text = lang::to_text(about("a\x1b[31m \xe2\x80\xae x \xff\n", "x"), false);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\xe2\x80\xae") == std::string::npos);
  CHECK(text.find('\xff') == std::string::npos);
}

TEST_CASE("a very long line is cut around the caret", "[language][diagnostic]") {
  const std::string text = lang::to_text(
      about(std::string(900'000, 'a') + " here " + std::string(90'000, 'b'), "here"), false);
  CHECK(text.size() < 600);
  CHECK(text.find("… ") == std::string::npos);
  CHECK(text.find("here bbb") != std::string::npos);
  const std::size_t caret = text.find("^^^^");
  REQUIRE(caret != std::string::npos);
  const std::string wide =
      lang::to_text(about("x: " + std::string(3'000, 'y') + "z", std::string(3'000, 'y')), false);
  CHECK(wide.size() < 900);
}

TEST_CASE("a mark over several lines ends with its first", "[language][diagnostic]") {
  CHECK(lang::to_text(about("a: b c\n  d\n", "b c\n  d"), false)
            .ends_with("   1 | a: b c\n     |    ^^^ remedy\n"));
  CHECK(lang::to_text(about("a: b\r\nc: d\r\n", "b\r\nc"), false)
            .ends_with("   1 | a: b\n     |    ^ remedy\n"));
}

TEST_CASE("the end of a file can be pointed at", "[language][diagnostic]") {
  auto source = std::make_shared<lang::Source>(lang::Source{"x", "a:\n"});
  const Diagnostic at_end{lang::Severity::warning, "R001", {source, 3, 3}, "m", "r"};
  CHECK(lang::to_text(at_end, false) == "warning[R001]: m\n  --> x:2:1\n   2 | \n     | ^ r\n");
  const Diagnostic beyond{lang::Severity::error, "R001", {source, 99, 120}, "m", ""};
  CHECK(lang::to_text(beyond, false) == "error[R001]: m\n  --> x:2:1\n   2 | \n     | ^\n");
  const Diagnostic nowhere{lang::Severity::error, "R001", {}, "m", "r"};
  CHECK(lang::to_text(nowhere, false) == "error[R001]: m\n  r\n");
}

TEST_CASE("colour surrounds the same text", "[language][diagnostic]") {
  const Diagnostic diagnostic = about("for: 90\n", "90");
  std::string coloured = lang::to_text(diagnostic, true);
  CHECK(coloured.find("\x1b[1;31m") != std::string::npos);
  for (std::size_t at = 0; (at = coloured.find('\x1b')) != std::string::npos;)
    coloured.erase(at, coloured.find('m', at) - at + 1);
  CHECK(coloured == lang::to_text(diagnostic, false));
}

TEST_CASE("line and column count from one, columns in bytes", "[language][diagnostic]") {
  const lang::Source source{"x", "ä\nbc\n"};
  using Place = std::pair<std::size_t, std::size_t>;
  CHECK(lang::line_and_column(source, 0) == Place(1, 1));
  CHECK(lang::line_and_column(source, 2) == Place(1, 3));
  CHECK(lang::line_and_column(source, 3) == Place(2, 1));
  CHECK(lang::line_and_column(source, 4) == Place(2, 2));
  CHECK(lang::line_and_column(source, 6) == Place(3, 1));
  CHECK(lang::line_and_column(source, 999) == Place(3, 1));
}

TEST_CASE("GitHub gets workflow commands with their escapes", "[language][diagnostic]") {
  Diagnostic diagnostic = about("for: 90\n", "90", "write 90%\nor: so, then");
  CHECK(lang::to_text({diagnostic}, lang::Format::github, true) ==
        "::error file=rules/x.yaml,line=1,col=6,title=R021::message: write 90%25%0Aor: so, then\n");
  auto odd = std::make_shared<lang::Source>(lang::Source{"a,b:c%.yaml", "x"});
  diagnostic.where.source = odd;
  diagnostic.severity = lang::Severity::warning;
  CHECK(lang::to_text({diagnostic}, lang::Format::github, false)
            .starts_with("::warning file=a%2Cb%3Ac%25.yaml,line=1,col=2,title=R021::"));
}

TEST_CASE("JSON holds the same for machines", "[language][diagnostic]") {
  const auto json = retaind::parse_json(lang::to_text(
      {about("x: \"1\"\nfor: 90\n", "90"), about("a\n", "a")}, lang::Format::json, true));
  REQUIRE(json);
  const auto* rows = json->as_array();
  REQUIRE(rows != nullptr);
  REQUIRE(rows->size() == 2);
  const retaind::Value& first = (*rows)[0];
  CHECK(*first.find("file")->as_text() == "rules/x.yaml");
  CHECK(*first.find("line")->as_integer() == 2);
  CHECK(*first.find("column")->as_integer() == 6);
  CHECK(*first.find("end_column")->as_integer() == 8);
  CHECK(*first.find("code")->as_text() == "R021");
  CHECK(*first.find("severity")->as_text() == "error");
  CHECK(*first.find("remedy")->as_text() == "remedy");
  CHECK(lang::to_text(std::vector<Diagnostic>{}, lang::Format::json, false) == "[]\n");
}

TEST_CASE("codes are found as people write them", "[language][diagnostic]") {
  for (const char* name : {"R021", "r021", "21", "R21"}) {
    const auto* row = lang::find_code(name);
    REQUIRE(row != nullptr);
    CHECK(row->code == lang::Code::no_unit);
  }
  for (const char* name : {"", "R", "R999", "21x", "E021"}) CHECK(lang::find_code(name) == nullptr);
  for (const auto& row : lang::codes()) CHECK(lang::find_code(lang::name_of(row.code)) == &row);
}
