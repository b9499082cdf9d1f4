// Liquid as mails use it; the language itself is proved by the conformance suite.
#include "render/liquid.h"

#include <catch2/catch.hpp>

#include "base/value.h"

using namespace retaind;
using namespace retaind::render;

namespace {

std::string mail(const std::string& text, const std::string& json = "{}", bool html = true,
                 std::string_view locale = "en",
                 const std::map<std::string, std::string>& partials = {}) {
  const auto context = parse_json(json);
  REQUIRE(context);
  const auto result =
      Liquid("t.en.liquid", text, Mode::mail, partials).render(*context, html, locale);
  return result ? *result : result.error().message;
}

bool is_at(const std::string& message, const std::string& place) {
  return message.rfind("t.en.liquid:" + place + ": ", 0) == 0;
}
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("values are escaped in HTML and not in text", "[render]") {
  const std::string data = R"({"name": "<b>\"O'Neil\" & Co</b>", "tags": ["<i>", "b"]})";
  CHECK(mail("{{ name }}", data) == "&lt;b&gt;&quot;O&#39;Neil&quot; &amp; Co&lt;/b&gt;");
  CHECK(mail("{{ name }}", data, false) == "<b>\"O'Neil\" & Co</b>");
  CHECK(mail("{{ tags }}", data) == "&lt;i&gt;b");
  CHECK(mail("<b>{{ '<' }}</b>") == "<b>&lt;</b>");
  CHECK(mail("{% cycle name, 'x' %}", data) == mail("{{ name }}", data));
}

TEST_CASE("raw opts out, and what is escaped is not escaped twice", "[render]") {
  const std::string data = R"({"bio": "<b>hi</b>\nthere"})";
  CHECK(mail("{{ bio | raw }}", data) == "<b>hi</b>\nthere");
  CHECK(mail("{{ bio | escape }}", data) == mail("{{ bio }}", data));
  CHECK(mail("{{ bio | newline_to_br }}", data) == "&lt;b&gt;hi&lt;/b&gt;<br />\nthere");
  CHECK(mail("{{ bio | raw | newline_to_br }}", data) == "<b>hi</b><br />\nthere");
  CHECK(mail("{{ bio | raw | upcase }}", data) == "&lt;B&gt;HI&lt;/B&gt;\nTHERE");
  CHECK(mail("{% capture x %}<i>{{ bio }}</i>{% endcapture %}{{ x }}", data) ==
        "<i>&lt;b&gt;hi&lt;/b&gt;\nthere</i>");
  CHECK(mail("{{ bio | raw }}", data, false) == "<b>hi</b>\nthere");
}

TEST_CASE("an unknown variable is an error with its place and the nearest name", "[render]") {
  const std::string message = mail("Dear\n  {{ custmer.name }}", R"({"customer": {"name": "A"}})");
  CHECK(message ==
        "t.en.liquid:2:6: unknown variable `custmer.name`; did you mean `customer` for `custmer`?\n"
        "  --> t.en.liquid:2:6\n"
        "    2 |   {{ custmer.name }}\n"
        "      |      ^^^^^^^^^^^^");
  CHECK(has(mail("{{ customer.nmae }}", R"({"customer": {"name": "A"}})"),
            "did you mean `name` for `nmae`?"));
  CHECK(has(mail("{{ zzz }}"), "unknown variable `zzz`; write `| default:"));
  CHECK(has(mail("{% for i in orders.items %}{% endfor %}"), "unknown variable `orders.items`"));
  CHECK(has(mail("{{ 'a' | append: zzz }}"), "unknown variable `zzz`"));
  CHECK(has(mail("{{ items[3].name }}", R"({"items": [1]})"), "unknown variable `items[3].name`"));
}

TEST_CASE("null is known, and conditions and default may ask for what is not there", "[render]") {
  CHECK(mail("[{{ a }}{{ a.b }}]", R"({"a": null})") == "[]");
  CHECK(mail("{% if coupon.code %}x{% elsif a.b == 1 %}y{% else %}z{% endif %}{% unless q %}u{% "
             "endunless %}") == "zu");
  CHECK(mail("{{ zzz.q | default: 'friend' }}") == "friend");
  CHECK(mail("{% case zzz %}{% when 1 %}1{% else %}other{% endcase %}") == "other");
  CHECK(has(mail("{{ zzz | upcase | default: 'x' }}"), "unknown variable `zzz`"));
}

TEST_CASE("printing a whole object is an error", "[render]") {
  CHECK(has(mail("{{ order }}", R"({"order": {"number": 1}})"),
            "this is a whole object; print one of its fields"));
  CHECK(has(mail("{% for i in (1..2) %}{{ forloop }}{% endfor %}"), "this is a whole object"));
}

TEST_CASE("mistakes are found while parsing, all of them, each with its place", "[render]") {
  const Liquid liquid("t.en.liquid",
                      "{{ a | upcas }}\n{% fi x %}\n{% if %}{% endif %}\n{{ b | append }}\n{% if a "
                      "= 1 %}{% endif %}\n{% for x in %}{% endfor %}",
                      Mode::mail);
  std::vector<std::string> messages;
  for (const Fault& fault : liquid.faults())
    messages.push_back(located(fault).substr(0, located(fault).find('\n')));
  const std::string no_value =
      "expected a value, got the end; write a variable, a number or a text in quotes";
  CHECK(messages ==
        std::vector<std::string>{
            "t.en.liquid:1:8: unknown filter `upcas`; did you mean `upcase`?",
            "t.en.liquid:2:4: unknown tag `fi`; did you mean `if`?", "t.en.liquid:3:7: " + no_value,
            "t.en.liquid:4:8: `append` takes 1 argument, got 0",
            "t.en.liquid:5:9: a comparison is written `==`", "t.en.liquid:6:13: " + no_value});
}

TEST_CASE("what is never closed is said where it was opened", "[render]") {
  CHECK(is_at(mail("a\n{% if 1 %}x"), "2:4"));
  CHECK(has(mail("a\n{% if 1 %}x"), "`if` is never closed; write {% endif %}"));
  CHECK(has(mail("{% for a in b %}{% if c %}{% endfor %}"),
            "`endfor` does not close `if` of line 1; write {% endif %} first"));
  CHECK(has(mail("{{ a"), "the output is never closed; write }} at its end"));
  CHECK(has(mail("{% if a"), "the tag is never closed; write %} at its end"));
  CHECK(has(mail("{% raw %}x"), "`raw` is never closed"));
  CHECK(has(mail("{% comment %}x"), "`comment` is never closed"));
  CHECK(has(mail("x{% endif %}"), "`endif` closes nothing"));
  CHECK(has(mail("{% else %}"), "`else` belongs inside if, unless, case or for"));
  CHECK(has(mail("{% liquid\nif a\n%}x{% endif %}"), "`if` is never closed inside the liquid tag"));
}

TEST_CASE("loops, output, memory, nesting and partials have limits", "[render]") {
  CHECK(has(mail("{% for i in (1..1000000000) %}{% endfor %}"), "more than 100,000 times"));
  CHECK(has(mail("{% for i in (1..1000) %}{% for j in (1..1000) %}{% endfor %}{% endfor %}"),
            "more than 100,000 times"));
  CHECK(has(mail("{% tablerow i in (1..1000000) %}{% endtablerow %}"), "more than 100,000 times"));
  CHECK(has(mail("{% assign s = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' %}{% "
                 "for i in (1..99999) %}{{ s }}{% endfor %}"),
            "grows beyond 4 MB"));
  CHECK(has(mail("{% assign s = 'xxxxxxxx' %}{% for i in (1..99) %}{% assign s = s | append: s "
                 "%}{% endfor %}"),
            "more than 32 MB of memory"));
  CHECK(has(mail("{{ (1..9000000000) | join }}"), "more than 32 MB of memory"));
  CHECK(has(mail("{% assign s = 'ab' | split: '' %}{% for i in (1..99) %}{% assign s = s | concat: "
                 "s %}{% endfor %}"),
            "more than 32 MB of memory"));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "{% for i in (1..2) %}";
  CHECK(has(mail(deep), "nested deeper than 100"));
  CHECK(has(mail("{{ a" + std::string(100'000, '[') + "}}"), "nested deeper than 100"));
  CHECK(has(mail("{% render 'a' %}", "{}", true, "en", {{"a", "{% render 'a' %}"}}),
            "nested deeper than 100 in each other; does `a` include itself?"));
  CHECK(has(mail("{% include 'a' %}", "{}", true, "en",
                 {{"a", "{% for i in (1..9) %}{% include 'a' %}{% endfor %}"}}),
            "nested deeper than 100 in each other"));
}

TEST_CASE("exactly 100 nested blocks and 100,000 rounds are fine", "[render]") {
  std::string open;
  std::string close;
  for (int i = 0; i < 100; ++i) {
    open += "{% if true %}";
    close += "{% endif %}";
  }
  CHECK(mail(open + "x" + close) == "x");
  CHECK(has(mail(open + "{% if true %}x{% endif %}" + close), "nested deeper than 100"));
  CHECK(mail("{% for i in (1..100000) %}{% if i == 100000 %}{{ i }}{% endif %}{% endfor %}") ==
        "100000");
  CHECK(has(mail("{% for i in (1..100001) %}{% endfor %}"), "more than 100,000 times"));
}

TEST_CASE("render sees the context of a mail but not the template's variables", "[render]") {
  const std::map<std::string, std::string> partials = {{"p", "{{ site }}{{ x }}"}};
  CHECK(mail("{% render 'p', x: 1 %}", R"({"site": "S"})", true, "en", partials) == "S1");
  CHECK(has(mail("{% assign x = 1 %}{% render 'p' %}", R"({"site": "S"})", true, "en", partials),
            "unknown variable `x`"));
  CHECK(mail("{% assign x = 1 %}{% include 'p' %}", R"({"site": "S"})", true, "en", partials) ==
        "S1");
  CHECK(has(mail("{% render 'q' %}"), "unknown partial `q`; add the file _q.liquid"));
}

TEST_CASE("a mistake in a partial is shown in the partial", "[render]") {
  CHECK(mail("{% render 'p' %}", "{}", true, "en", {{"p", "\n{{ x }}"}})
            .rfind("p:2:4: unknown variable `x`", 0) == 0);
}

TEST_CASE("money is shown as readers of the locale write it", "[render]") {
  const std::string data =
      R"({"total": {"minor": 123450, "currency": "EUR"}, "yen": {"minor": 12346, "currency": "JPY"}, "chf": {"minor": -320, "currency": "CHF"}, "none": null})";
  CHECK(mail("{{ total | money }} {{ yen | money }} {{ chf | money }} {{ none | money }}", data) ==
        "€1,234.50 ¥12,346 -CHF\u00A03.20 ");
  CHECK(mail("{{ total | money }} {{ yen | money }} {{ chf | money }}", data, true, "de") ==
        "1.234,50\u00A0€ 12.346\u00A0¥ -3,20\u00A0CHF");
  CHECK(mail("{{ total | money }} {{ yen | money }}", data, true, "ja") == "€1,234.50 12,346円");
  CHECK(mail("{{ 4990 | money: 'CNY' }} {{ yen | money }} {{ 5 | money: 'usd' }}", data, true,
             "zh-CN") == "¥49.90 JP¥12,346 US$0.05");
  CHECK(mail("{{ total | money }}", data, true, "fr") == "1234.50\u00A0EUR");
  CHECK(mail("{{ total | money: locale: 'de' }}", data) == "1.234,50\u00A0€");
  CHECK(has(mail("{{ 49.9 | money: 'EUR' }}"), "a whole number of minor units"));
  CHECK(has(mail("{{ 4990 | money }}"), "the currency is missing"));
  CHECK(has(mail("{{ 4990 | money: 'EURO' }}"), "`EURO` is no currency"));
}

TEST_CASE("local_date shows the customer's day in the reader's language", "[render]") {
  const std::string data =
      R"({"at": "2026-03-01T23:30:00Z", "ms": 1772407800000, "customer": {"timezone": "Asia/Tokyo"}, "timezone": "Europe/Berlin"})";
  CHECK(mail("{{ at | local_date }}", data) == "March 2, 2026");
  CHECK(mail("{{ ms | local_date: 'datetime' }}", data) == "March 2, 2026, 8:30 AM");
  CHECK(mail("{{ at | local_date: 'datetime', zone: 'Europe/Berlin' }}", data, true, "de") ==
        "2. März 2026, 00:30 Uhr");
  CHECK(mail("{{ at | local_date }} {{ at | local_date: 'short' }} {{ at | local_date: 'weekday' "
             "}} {{ at | local_date: 'time' }}",
             data, true, "ja") == "2026年3月2日 2026/03/02 2026年3月2日(月) 08:30");
  CHECK(mail("{{ at | local_date: 'weekday' }} {{ at | local_date: 'short' }}", data, true,
             "zh-Hans") == "2026年3月2日星期一 2026/3/2");
  CHECK(mail("{{ at | local_date: 'weekday' }} {{ at | local_date: 'short' }}", data, true,
             "de-AT") == "Montag, 2. März 2026 02.03.2026");
  CHECK(mail("{{ at | local_date }} {{ at | local_date: 'short' }}", data, true, "en-GB") ==
        "2 March 2026 2 Mar 2026");
  CHECK(mail("{{ at | local_date: 'datetime' }}", data, true, "sv") == "2026-03-02 08:30");
  CHECK(mail("{{ '2026-03-02' | local_date }}", data) == "March 2, 2026");
  CHECK(has(mail("{{ 'soon' | local_date }}"), "`soon` is no time"));
  CHECK(has(mail("{{ 1 | local_date: 'longish' }}"), "the form is"));
}

TEST_CASE("an unknown zone of the customer falls back to the site's, then to UTC", "[render]") {
  const std::string at = R"("at": "2026-03-01T23:30:00Z")";
  CHECK(mail("{{ at | local_date: 'time' }}",
             "{" + at + R"(, "customer": {"timezone": "Moon/Base"}, "timezone": "Europe/Berlin"})",
             true, "de") == "00:30");
  CHECK(mail("{{ at | date: '%H:%M' }}", "{" + at + R"(, "customer": {"timezone": null}})") ==
        "23:30");
  CHECK(mail("{{ 'now' | date: '%Y' }}", R"({"now": "2026-03-01T23:30:00Z"})") == "2026");
  CHECK(has(mail("{{ 'now' | date: '%Y' }}"), "`now` is no time"));
}

TEST_CASE("date knows Ruby's directives", "[render]") {
  const std::string data = R"({"at": "2026-03-02T05:07:09.250Z"})";
  CHECK(mail("{{ at | date: '%a %A %b %B %d %e %-d %j %m %-m %y %Y' }}", data) ==
        "Mon Monday Mar March 02  2 2 061 03 3 26 2026");
  CHECK(mail("{{ at | date: '%H %k %-H %I %l %p %P %M %S %L %s %z %:z %Z' }}", data) ==
        "05  5 5 05  5 AM am 07 09 250 1772428029 +0000 +00:00 UTC");
  CHECK(mail("{{ at | date: '%D %F %T %R %r %u %w %U %W %V %G %^b %#p %n%%' }}", data) ==
        "03/02/26 2026-03-02 05:07:09 05:07 05:07:09 AM 1 1 09 09 10 2026 MAR am \n%");
  CHECK(mail("{{ '2027-01-01' | date: '%V %G' }} {{ '2024-12-30' | date: '%V %G' }}", data) ==
        "53 2026 01 2025");
}

TEST_CASE("url_param encodes a value or adds a parameter", "[render]") {
  CHECK(mail("{{ 'a b&c=ü' | url_param }}") == "a%20b%26c%3D%C3%BC");
  CHECK(mail("{{ 'https://e.example/x#top' | url_param: 'ref', 'a b' }}") ==
        "https://e.example/x?ref=a%20b#top");
  CHECK(mail("{{ 'https://e.example/x?y=1' | url_param: 'ref', 7 }}") ==
        "https://e.example/x?y=1&amp;ref=7");
  CHECK(has(mail("{{ 'x' | url_param: 'ref' }}"), "write a name and a value"));
}

TEST_CASE("letters of Europe change case, others stay", "[render]") {
  CHECK(mail("{{ 'äöü straße ěščř żółć αβγς привет ёж 山田 ａ' | upcase }}") ==
        "ÄÖÜ STRASSE ĚŠČŘ ŻÓŁĆ ΑΒΓΣ ПРИВЕТ ЁЖ 山田 Ａ");
  CHECK(mail("{{ 'ÄÖÜ ĚŠČŘ ŻÓŁĆ ΑΒΓ ПРИВЕТ ЁЖ 山田 Ａ' | downcase }}") ==
        "äöü ěščř żółć αβγ привет ёж 山田 ａ");
  CHECK(mail("{{ 'éCOLE' | capitalize }}") == "École");
}

TEST_CASE("texts are cut between characters", "[render]") {
  CHECK(mail("{{ '山田太郎様' | truncate: 4, '…' }} {{ '山田太郎' | slice: 1, 2 }} {{ '山田' | "
             "size }}{{ x.size }}",
             R"({"x": "山田"})") == "山田太… 田太 22");
  CHECK(mail("{{ '山田' | split: '' | join: '/' }}") == "山/田");
}

TEST_CASE("memory of a tree stays below ten times its text, and literal text is not copied",
          "[render]") {
  std::string text;
  for (int i = 0; i < 50; ++i)
    text +=
        "<p>Some text of a usual length here</p>{% if customer.name %}{{ customer.name | upcase "
        "}}{% endif %}\n";
  Source source{"t", text};
  Tree tree;
  Faults faults;
  Parser(source, Mode::mail, tree, faults).parse(0, text.size());
  CHECK(faults.empty());
  CHECK(tree.memory() < 10 * text.size());
}
