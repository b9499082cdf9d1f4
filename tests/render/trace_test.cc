#include "render/trace.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/value.h"
#include "render/template.h"
#include "support/directory.h"

using namespace retaind;
using namespace retaind::render;
namespace fs = std::filesystem;

namespace {

struct Texts {
  test::Directory directory;
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(directory / name) << text;
  }
};

/// "name.liquid:3" of the first place of a text in the HTML, with * for a value.
std::string origin_of(const std::string& html, const Trace& trace, const std::string& what) {
  const std::size_t at = html.find(what);
  if (at == std::string::npos) return "not in the HTML";
  const Spot spot = trace.find(at);
  if (spot.path.empty()) return "unknown";
  const auto line = 1 + std::count(spot.text.begin(),
                                   spot.text.begin() + static_cast<std::ptrdiff_t>(spot.at), '\n');
  return fs::path(std::string(spot.path)).filename().string() + ":" + std::to_string(line) +
         (spot.literal ? "" : "*");
}

}  // namespace

TEST_CASE("every byte of a rendered mail is traced to its template's line") {
  const Texts texts;
  texts.put("a.en.liquid",
            "---\nsubject: S\npreheader: hidden words\nlayout: frame\n---\n<p>one</p>\n"
            "{% for i in list %}<i>{{ i }}</i>\n{% endfor %}"
            "{% render 'part', of: list[0] %}\n{% capture kept %}<u>kept</u>{% endcapture %}"
            "{{ kept }}\n<p>last\n</p>\n");
  texts.put("_part.liquid", "<s>\n{{ of }}-part</s>");
  texts.put("_frame.liquid", "<body>\n<h1>top</h1>\n{{ content }}<h6>foot</h6>\n</body>\n");
  std::vector<TemplateError> errors;
  const TemplateSet set = TemplateSet::load(texts.directory.path(), errors);
  REQUIRE(errors.empty());
  Value context;
  context.set("list", Value::Array{Value("alpha"), Value("beta")});
  Trace trace;
  const auto traced = set.render("a", "en", "en", context, &trace);
  const auto plain = set.render("a", "en", "en", context);
  REQUIRE(traced);
  REQUIRE(plain);
  CHECK(traced->html == plain->html);
  CHECK(traced->text == plain->text);
  const std::string& html = traced->html;
  INFO(html);
  const auto origin = [&](const std::string& what) { return origin_of(html, trace, what); };
  CHECK(origin("<h1>") == "_frame.liquid:2");
  CHECK(origin("<p>one") == "a.en.liquid:6");
  CHECK(origin("<i>") == "a.en.liquid:7");
  CHECK(origin("alpha</i>") == "a.en.liquid:7*");
  CHECK(origin("beta") == "a.en.liquid:7*");
  CHECK(origin("<s>") == "_part.liquid:1");
  CHECK(origin("alpha-part") == "_part.liquid:2*");
  CHECK(origin("-part</s>") == "_part.liquid:2");
  CHECK(origin("<u>kept") == "a.en.liquid:9*");
  CHECK(origin("<p>last") == "a.en.liquid:10");
  CHECK(origin("</p>\n<h6>") == "a.en.liquid:11");
  CHECK(origin("<h6>") == "_frame.liquid:3");
  CHECK(origin("</body>") == "_frame.liquid:4");
}
