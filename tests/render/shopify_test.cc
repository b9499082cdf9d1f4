// What Shopify's Liquid prints beyond its suite, at the edges of filters and tags: each line was
// held against Liquid 5.4 for Ruby.
#include <catch2/catch.hpp>

#include "base/value.h"
#include "render/liquid.h"

using namespace retaind;
using namespace retaind::render;

namespace {

const Value& data() {
  static const Value made = *parse_json(R"({"i": 5, "f": 2.5, "s": "hello", "n": null, "t": true,
    "arr": [1, 2, 3], "mix": [1, "a\"b", null, 2.5, true], "dups": [1, 1, "1", 1.0, null, null],
    "objs": [{"k": "x", "v": 2}, {"k": "Y"}], "h": {"a": 1}, "ea": [], "eh": {}})");
  return made;
}

std::string shown(const std::string& text) {
  const std::map<std::string, std::string> partials = {{"bad", "{% if %}"}, {"good", "ok"}};
  const auto result = Liquid("t", text, Mode::conformance, partials).render(data());
  return result ? *result : "error";
}

struct Line {
  const char* text;
  const char* printed;
};

}  // namespace

TEST_CASE("filters see lists, numbers and nothing as Shopify's do", "[render]") {
  static constexpr Line lines[] = {
      {"{{ arr | append: 'x' }}", "[1, 2, 3]x"},
      {"{{ mix | upcase }}", R"([1, "A\"B", NIL, 2.5, TRUE])"},
      {"{{ objs | strip }}", R"([{"k"=>"x", "v"=>2}, {"k"=>"Y"}])"},
      {"{{ mix }}", "1a\"b2.5true"},
      {"{% if s contains ea %}T{% else %}F{% endif %}", "F"},
      {"{{ i | size }}{{ i.size }}{{ f | size }}{{ t | size }}", "8800"},
      {"{{ f | divided_by: 0 }}", "Infinity"},
      {"{{ 1 | divided_by: 0.0 }}", "Infinity"},
      {"{{ i | divided_by: 0 }}", "error"},
      {"{{ '2.5' | divided_by: 0 }}", "Infinity"},
      {"{{ s | slice: 1, nil }}", "e"},
      {"{{ n | truncate: 'a' }}", ""},
      {"{{ s | truncate: 'a' }}", "error"},
      {"{{ dups | uniq | join: '|' }}|", "1|1|1.0||"},
      {"{{ f | map: 'k' }}", ""},
      {"{{ i | map: 'k' }}", "error"},
      {"{{ i | map: 2 }}", "1"},
      {"{{ mix | sort: 'k' }}", ""},
      {"{{ i | sort: 'k' }}", "5"},
      {"{{ arr | uniq: 'k' }}", "error"},
      {"{{ objs | compact: 'v' | size }}", "1"},
      {"{{ '-1' | date: '%Y' }}", "-1"},
      {"{{ 0 | date: '%v %::z %-10B|%10A|%^5b' }}",
       " 1-JAN-1970 +00:00:00 January|  Thursday|  JAN"},
      {"{{ s | default: 1, 2 }}", "hello"},
  };
  for (const Line& line : lines) {
    INFO(line.text);
    CHECK(shown(line.text) == line.printed);
  }
}

TEST_CASE("tags keep their places and edges as Shopify's do", "[render]") {
  static constexpr Line lines[] = {
      {"{% cycle 1,2,3 %}{% cycle 1, 2, 3 %}{% cycle '1','2','3' %}", "121"},
      {"{% cycle n,1 %}{% cycle n,1 %}", ""},
      {"{% for x in arr %}{% cycle s, 1 %}{% endfor %}", "hello1hello"},
      {"{% increment i %}{{ i }}", "56"},
      {"{% decrement q %}{% increment q %}", "-1-1"},
      {"{% assign x = (1..3) %}{{ x[1] }}{{ x.last }}", "3"},
      {"{% if empty == empty %}T{% else %}F{% endif %}", "F"},
      {"{% case empty %}{% when ea %}M{% else %}E{% endcase %}", "E"},
      {"{% case ea %}{% when empty %}M{% else %}E{% endcase %}", "M"},
      {"{% if (1..3) contains f %}T{% else %}F{% endif %}", "T"},
      {"{% if (1..3) contains 3.5 %}T{% else %}F{% endif %}", "F"},
      {"{% tablerow x in arr limit:'x' %}{{ x }}{% endtablerow %}", "<tr class=\"row1\">\n</tr>\n"},
      {"{% tablerow x in arr limit:n %}{{ x }}{% endtablerow %}", "<tr class=\"row1\">\n</tr>\n"},
      {"{% tablerow x in arr limit:1 cols:0 %}{{ tablerowloop.col_last }}{% endtablerow %}",
       "<tr class=\"row1\">\n<td class=\"col1\">false</td></tr>\n"},
      {"{% tablerow x in n %}{{ x }}{% endtablerow %}|", "|"},
      {"{% ifchanged %} {% endifchanged %}|", " |"},
      {"{% if t %}{% liquid\nendif %}", "error"},
      {"{% if t %}{% liquid\nelse %}{% endif %}", "error"},
      {"{% liquid\nif t\necho 'a'\nelse\necho 'b'\nendif %}", "a"},
      {"{% render 'good' %}", "ok"},
      {"{% if i == 4 %}{% render 'bad' %}{% endif %}ok", "ok"},
      {"{% include 'bad' %}", "error"},
  };
  for (const Line& line : lines) {
    INFO(line.text);
    CHECK(shown(line.text) == line.printed);
  }
}
