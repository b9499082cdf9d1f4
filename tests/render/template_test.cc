#include "render/template.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/value.h"
#include "support/directory.h"

using namespace retaind;
using namespace retaind::render;

namespace {

/// Template files.
class Files {
 public:
  Files& add(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name, std::ios::binary) << text;
    return *this;
  }
  TemplateSet load() {
    errors.clear();
    return TemplateSet::load(directory_.path(), errors);
  }
  /// "file:line:column: first line of the message" of every error.
  std::vector<std::string> mistakes() {
    load();
    std::vector<std::string> lines;
    for (const TemplateError& error : errors) {
      lines.push_back(std::filesystem::path(error.path).filename().string() + ":" +
                      std::to_string(error.line) + ":" + std::to_string(error.column) + ": " +
                      error.message.substr(0, error.message.find('\n')));
    }
    return lines;
  }
  std::vector<TemplateError> errors;

 private:
  test::Directory directory_;
};

Value json(std::string_view text) {
  const auto value = parse_json(text);
  REQUIRE(value);
  return *value;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a template file renders to subject, preheader, sender, HTML and text", "[render]") {
  Files files;
  files.add("thanks.en.liquid",
            "---\n# a comment\nsubject: \"Order {{ order.number }} of {{ name }}\"\npreheader: "
            "It's <here>\nfrom: Shop <shop@example.com>\nreply-to: {{ reply }}\n---\n"
            "<html><body class=\"x\"><p>Hi {{ name }}</p></body></html>\n");
  const TemplateSet set = files.load();
  REQUIRE(files.errors.empty());
  const auto mail =
      set.render("thanks", "en", "en",
                 json(R"({"order": {"number": 7}, "name": "A & B", "reply": "r@example.com"})"));
  REQUIRE(mail);
  CHECK(mail->subject == "Order 7 of A & B");
  CHECK(mail->preheader == "It's <here>");
  CHECK(mail->from == "Shop <shop@example.com>");
  CHECK(mail->reply_to == "r@example.com");
  CHECK(
      mail->html ==
      "<html><body class=\"x\"><div "
      "style=\"display:none;max-height:0;overflow:hidden;mso-hide:all\">It&#39;s &lt;here&gt;</div>"
      "<p>Hi A &amp; B</p></body></html>\n");
  CHECK(mail->text == "Hi A & B\n");
  CHECK(mail->locale == "en");
}

TEST_CASE("the quotes around a value of front matter are no part of it, those inside are",
          "[render]") {
  const std::pair<std::string, std::string> cases[] = {
      {R"("Hello")", "Hello"},
      {R"('Hello')", "Hello"},
      {R"("Order for {{ name | default: "you" }}")", "Order for Bo"},
      {R"("{{ name | default: "you" }}")", "Bo"},
      {R"('{% if name == 'Bo' %}Yes{% endif %}')", "Yes"},
      {R"("Say "hi" to {{ name }}")", "Say \"hi\" to Bo"},
      {R"(""Hi" is short")", "\"Hi\" is short"},
      {R"("Hello" and "bye")", "\"Hello\" and \"bye\""},
      {R"("It's on")", "It's on"},
      {R"("Hello)", "\"Hello"}};
  for (const auto& [written, wanted] : cases) {
    CAPTURE(written);
    Files files;
    files.add("thanks.en.liquid", "---\nsubject: " + written + "\n---\n<p>Hi</p>\n");
    const TemplateSet set = files.load();
    REQUIRE(files.errors.empty());
    const auto mail = set.render("thanks", "en", "en", json(R"({"name": "Bo"})"));
    REQUIRE(mail);
    CHECK(mail->subject == wanted);
  }
}

TEST_CASE("a template may bring its own text part, or be only text", "[render]") {
  Files files;
  files.add("a.en.liquid",
            "---\r\nsubject: A\r\n---\r\n<p>{{ x }}</p>\r\n--- text ---\r\nText {{ x }}\r\n");
  files.add("b.en.liquid", "\xEF\xBB\xBF---\nsubject: B\nformat: text\n---\nOnly <{{ x }}>\n");
  const TemplateSet set = files.load();
  REQUIRE(files.errors.empty());
  const auto a = set.render("a", "en", "en", json(R"({"x": "<&>"})"));
  CHECK(a->html == "<p>&lt;&amp;&gt;</p>\r\n");
  CHECK(a->text == "Text <&>\r\n");
  const auto b = set.render("b", "en", "en", json(R"({"x": "<&>"})"));
  CHECK(b->html.empty());
  CHECK(b->text == "Only <<&>>\n");
}

TEST_CASE("layouts wrap the body and partials follow the template's locale", "[render]") {
  Files files;
  files.add(
      "a.en.liquid",
      "---\nsubject: A\npreheader: pre\nlayout: base\n---\n<p>{{ x }}</p>{% render 'foot' %}");
  files.add("a.ja.liquid", "---\nsubject: A\nlayout: base\n---\n{% render 'foot' %}");
  files.add("_base.liquid", "<body>{{ preheader }}|{{ content }}|{{ x }}|{{ locale }}</body>");
  files.add("_foot.liquid", "Bye");
  files.add("_foot.ja.liquid", "またね");
  // Of a locale that stands behind `liquid` in a directory.
  files.add("a.zh.liquid", "---\nsubject: A\nlayout: base\n---\n{% render 'foot' %}");
  files.add("_foot.zh.liquid", "再见");
  const TemplateSet set = files.load();
  REQUIRE(files.mistakes().empty());
  const Value context = json(R"({"x": "<"})");
  CHECK(set.render("a", "en", "en", context)->html == "<body>pre|<p>&lt;</p>Bye|&lt;|en</body>");
  CHECK(set.render("a", "ja", "en", context)->html == "<body>|またね|&lt;|ja</body>");
  CHECK(set.render("a", "zh", "en", context)->html == "<body>|再见|&lt;|zh</body>");
  CHECK(set.names() == Lines{"a"});
}

TEST_CASE("a template reads what its subject, layout or a partial of a partial asks for",
          "[render]") {
  Files files;
  files.add("a.en.liquid", "---\nsubject: A\n---\n{{ here.x }}{% render 'one' %}\n")
      .add("_one.liquid", "{% if deep %}{% render 'two' %}{% endif %}")
      .add("_two.liquid", "{% for x in far %}{{ x.y }}{% endfor %}")
      .add("_three.liquid", "{{ unused }}")
      .add("b.en.liquid", "---\nsubject: B {{ on_top }}\nlayout: frame\n---\nb\n")
      .add("b.ja.liquid", "---\nsubject: B\n---\n{{ elsewhere }}\n")
      .add("_frame.liquid", "{{ content }}{% assign z = around | size %}")
      .add("c.en.liquid", "---\nsubject: C\n---\n{% include which %}\n");
  const TemplateSet set = files.load();
  REQUIRE(files.errors.empty());
  for (const char* name : {"here", "deep", "far", "y"}) CHECK(set.reads("a", name));
  for (const char* name : {"unused", "around", "on_top", "he"}) CHECK_FALSE(set.reads("a", name));
  for (const char* name : {"on_top", "around", "elsewhere"}) CHECK(set.reads("b", name));
  CHECK_FALSE(set.reads("b", "here"));
  CHECK(set.reads("c", "unused"));  // a partial that a variable names may be any
  CHECK_FALSE(set.reads("d", "here"));
}

TEST_CASE("which members a template asks for is known unless it takes the whole", "[render]") {
  Files files;
  files
      .add("a.en.liquid",
           "---\nsubject: A {{ c.top }}\nlayout: frame\n---\n{{ c.x.y }}{{ d.z }}{% render 'one' "
           "%}\n")
      .add("a.ja.liquid",
           "---\nsubject: A\n---\n{% if c.ja > 1 %}{{ 1 | plus: c.added }}{% endif %}\n")
      .add("_one.liquid", "{% for one in c.list %}{{ one.inner }}{% endfor %}")
      .add("_frame.liquid", "{{ content }}{% assign q = c.framed %}")
      .add("_whole.liquid", "{{ c }}");
  const std::pair<const char*, const char*> whole[] = {
      {"printed", "{{ c }}"},
      {"filtered", "{{ c | size }}"},
      {"alias", "{% assign other = c %}{{ other.x }}"},
      {"looped", "{% for pair in c %}{{ pair[0] }}{% endfor %}"},
      {"handed", "{% render 'one', c: c %}"},
      {"bound", "{% render 'one' with c as d %}"},
      {"argument", "{{ 'x' | append: c }}"},
      {"bracket", "{{ c['x'] }}"},
      {"computed", "{{ c[name] }}"},
      {"any", "{{ [name].x }}"},
      {"size", "{{ c.size }}"},
      {"first", "{{ c.first }}"},
      {"partial", "{% render 'whole' %}"},
      {"included", "{% include name %}"},
  };
  for (const auto& [name, body] : whole)
    files.add(fmt::format("{}.en.liquid", name), fmt::format("---\nsubject: S\n---\n{}\n", body));
  const TemplateSet set = files.load();
  REQUIRE(files.mistakes().empty());
  CHECK(set.members_read("a", "c") == Members{"added", "framed", "ja", "list", "top", "x"});
  CHECK(set.members_read("a", "d") == Members{"z"});
  CHECK(set.members_read("a", "e") == Members{});
  for (const auto& [name, body] : whole) {
    CAPTURE(body);
    CHECK_FALSE(set.members_read(name, "c"));
  }
  CHECK_FALSE(set.members_read("unknown", "c"));
}

TEST_CASE("the locale falls back from region to language to the site's to the only one",
          "[render]") {
  Files files;
  for (const char* locale : {"en", "pt", "pt-BR", "zh-Hans"})
    files.add("a." + std::string(locale) + ".liquid", "---\nsubject: x\n---\n");
  files.add("b.ja.liquid", "---\nsubject: x\n---\n");
  const TemplateSet set = files.load();
  REQUIRE(files.errors.empty());
  const auto used = [&](std::string_view name, std::string_view locale, std::string_view site) {
    const auto mail = set.render(name, locale, site, Value(Value::Object{}));
    return mail ? mail->locale : mail.error().message;
  };
  CHECK(used("a", "pt-BR", "en") == "pt-BR");
  CHECK(used("a", "pt_br", "en") == "pt-BR");
  CHECK(used("a", "pt-PT", "en") == "pt");
  CHECK(used("a", "zh-Hans-CN", "en") == "zh-Hans");
  // Whose region has a script of its own reads that.
  for (const char* simplified : {"zh-CN", "zh_SG", "zh-hans"})
    CHECK(used("a", simplified, "en") == "zh-Hans");
  CHECK(used("a", "zh-TW", "en") == "en");
  CHECK(used("a", "fr", "en-GB") == "en");
  CHECK(used("a", "", "en") == "en");
  CHECK(used("a", "fr", "de") ==
        "the template `a` has no text for `fr`, only for en, pt, pt-BR, zh-Hans; add the file "
        "a.fr.liquid");
  CHECK(used("b", "fr", "de") == "ja");
  CHECK(used("nope", "fr", "de") == "unknown template `nope`; add the file nope.de.liquid");
  CHECK(used("bb", "fr", "de") == "unknown template `bb`; did you mean `b`?");
  CHECK(set.locales("a") == Lines{"en", "pt", "pt-BR", "zh-Hans"});
}

TEST_CASE("bad files are all named, with place and remedy", "[render]") {
  Files files;
  files.add("a.en.liquid", "---\nsubjct: x\nsubject: y\n---\n");
  files.add("b.en.liquid", "---\npreheader: x\n---\n");
  files.add("c.liquid", "---\nsubject: x\n---\n");
  files.add("d.en.liquid", "---\nsubject: x\n---\ncaf\xE9");
  files.add("e.en.liquid", "---\nsubject: {{ a | upcas }}\n---\n<p>\n  {% if a %}\n</p>\n");
  files.add("f.en.liquid", "subject: x\n");
  files.add("g.en.liquid", "---\nsubject: x\n");
  files.add("h.en.liquid", "---\nsubject: x\nsubject: y\nformat: pdf\njust words\n---\n");
  files.add("i.english.liquid", "---\nsubject: x\n---\n");
  files.add("j.en.liquid", "---\nsubject: x\nlayout: bsae\n---\n{% render 'fot' %}");
  files.add("k k.en.liquid", "---\nsubject: x\n---\n");
  files.add("_foot.liquid", "{{ x");
  files.add("notes.txt", "no template");
  CHECK(
      files.mistakes() ==
      Lines{std::string("c.liquid:0:0: the name has no locale; rename the file to c.en.liquid, or "
                        "whatever its language is"),
            "i.english.liquid:0:0: `english` is no locale; write one such as en, ja or pt-BR",
            std::string("k k.en.liquid:0:0: a template's name is letters, digits, - and _; rename "
                        "the file to name.locale.liquid"),
            "_foot.liquid:1:1: the output is never closed; write }} at its end",
            "a.en.liquid:2:1: unknown front matter key `subjct`; did you mean `subject`?",
            "b.en.liquid:1:1: a mail needs a subject; write `subject: …` in the front matter",
            "d.en.liquid:4:4: invalid UTF-8; save the file as UTF-8",
            "e.en.liquid:2:17: unknown filter `upcas`; did you mean `upcase`?",
            "e.en.liquid:5:6: `if` is never closed; write {% endif %}",
            std::string("f.en.liquid:1:1: a template begins with front matter: a line `---`, "
                        "`subject: …`, a line `---`"),
            "g.en.liquid:1:1: the front matter is never closed; write a line `---` behind it",
            "h.en.liquid:3:1: `subject` is written twice; remove one",
            std::string("h.en.liquid:5:1: a line of the front matter is `key: value`; write the "
                        "value behind its key, and `---` behind the last"),
            "h.en.liquid:4:9: the format is `html` or `text`",
            "j.en.liquid:5:11: unknown partial `fot`; did you mean `foot`?",
            "j.en.liquid:3:9: unknown layout `bsae`; add the file _bsae.liquid"});
  const TemplateSet set = files.load();
  CHECK(set.render("e", "en", "en", Value(Value::Object{}))
            .error()
            .message.find("the template has mistakes") != std::string::npos);
}

TEST_CASE("a directory that is not there is one error", "[render]") {
  std::vector<TemplateError> errors;
  TemplateSet::load("/nowhere/templates", errors);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].message.find("cannot read the templates in /nowhere/templates: ") !=
        std::string::npos);
}

TEST_CASE("an error while rendering names file, line and column and shows the place", "[render]") {
  Files files;
  files.add("a.en.liquid", "---\nsubject: x\n---\n<p>\n  Dear {{ customer.first_nam }},\n</p>\n");
  const TemplateSet set = files.load();
  const auto mail = set.render("a", "en", "en", json(R"({"customer": {"first_name": "A"}})"));
  REQUIRE_FALSE(mail);
  const std::string& message = mail.error().message;
  CHECK(message.find("a.en.liquid:5:11: unknown variable `customer.first_nam`; did you mean "
                     "`first_name` for `first_nam`?") != std::string::npos);
  CHECK(message.find(
            "\n    5 |   Dear {{ customer.first_nam }},\n      |           ^^^^^^^^^^^^^^^^^^") !=
        std::string::npos);
}

TEST_CASE("broken UTF-8 in data becomes U+FFFD in every part", "[render]") {
  Files files;
  files.add("a.en.liquid", "---\nsubject: {{ x }}\n---\n{{ x }}");
  const TemplateSet set = files.load();
  Value context;
  context.set("x", std::string("a\xFF"));
  const auto mail = set.render("a", "en", "en", context);
  CHECK(mail->subject == "a\uFFFD");
  CHECK(mail->html == "a\uFFFD");
  CHECK(mail->text == "a\uFFFD\n");
}

TEST_CASE("one set renders from several threads", "[render]") {
  Files files;
  files.add("a.en.liquid",
            "---\nsubject: {{ n }}\n---\n{% for i in (1..50) %}{{ n | plus: i }},{% endfor %}");
  const TemplateSet set = files.load();
  std::vector<std::thread> threads;
  std::array<bool, 4> fine{};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&set, &fine, t] {
      Value context;
      context.set("n", t);
      const std::string first = set.render("a", "en", "en", context)->html;
      bool same = first.rfind(std::to_string(t + 1) + ",", 0) == 0;
      for (int i = 0; i < 50; ++i)
        same = same && set.render("a", "en", "en", context)->html == first;
      fine[static_cast<std::size_t>(t)] = same;
    });
  }
  for (std::thread& one : threads) one.join();
  CHECK(fine == std::array<bool, 4>{true, true, true, true});
}

TEST_CASE("the shipped templates parse and each has English, Japanese and Chinese", "[render]") {
  std::vector<TemplateError> errors;
  const TemplateSet set =
      TemplateSet::load(std::filesystem::path(RETAIND_SOURCE) / "templates", errors);
  for (const TemplateError& error : errors) UNSCOPED_INFO(error.path << ": " << error.message);
  CHECK(errors.empty());
  CHECK_FALSE(set.names().empty());
  for (const std::string& name : set.names()) CHECK(set.locales(name) == Lines{"en", "ja", "zh"});
}
