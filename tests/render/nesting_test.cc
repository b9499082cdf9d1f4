// One limit bounds how deep blocks, partials and brackets go, and so the stack that the deepest
// template needs, whatever it is made of.
#include <pthread.h>

#include <catch2/catch.hpp>
#include <functional>

#include "../support/sanitized.h"
#include "base/value.h"
#include "render/liquid.h"

using namespace retaind;
using namespace retaind::render;
using Catch::Matchers::Contains;

namespace {

// Sanitizers and builds without optimisation make each frame several times larger.
constexpr std::size_t stack_size = RETAIND_SANITIZED ? 4U << 20U : 512U << 10U;

void on_small_stack(std::function<void()> work) {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, stack_size) == 0);
  const auto run = [](void* given) -> void* {
    (*static_cast<std::function<void()>*>(given))();
    return nullptr;
  };
  pthread_t thread{};
  REQUIRE(pthread_create(&thread, &attributes, run, &work) == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  pthread_attr_destroy(&attributes);
}

using Texts = std::map<std::string, std::string>;

/// What a template renders to, or its error, on the small stack.
std::string rendered(const std::string& text, const Texts& partials) {
  std::string out;
  on_small_stack([&] {
    const Value data = Value::Object{{"a", Value::Array{"a"}}, {"b", Value::Object{{"b", "b"}}}};
    const auto result = Liquid("deep", text, Mode::mail, partials).render(data, true);
    out = result ? *result : result.error().message;
  });
  return out;
}

struct Kind {
  const char* open;
  const char* close;
};
constexpr Kind kinds[] = {{"{% if true %}", "{% endif %}"},
                          {"{% unless false %}", "{% endunless %}"},
                          {"{% for i in (1..1) %}", "{% endfor %}"},
                          {"{% for i in x %}{% else %}", "{% endfor %}"},
                          {"{% tablerow i in (1..1) %}", "{% endtablerow %}"},
                          {"{% case 1 %}{% when 1 %}", "{% endcase %}"},
                          {"{% case 1 %}{% else %}", "{% endcase %}"},
                          {"{% capture s %}", "{% endcapture %}{{ s }}"},
                          {"{% ifchanged %}", "{% endifchanged %}"}};

std::string nested(const Kind& kind, int times, const std::string& inner) {
  std::string open;
  std::string close;
  for (; times > 0; --times) {
    open += kind.open;
    close += kind.close;
  }
  return open + inner + close;
}

std::string brackets(int times) {
  std::string open;
  std::string close;
  for (; times > 0; --times) {
    open += "b[";
    close += "]";
  }
  return "{{ " + open + "'b'" + close + " }}";
}

}  // namespace

TEST_CASE("a hundred blocks of any kind render on a small stack, and one more is refused",
          "[render]") {
  for (const Kind& kind : kinds) {
    INFO(kind.open);
    const std::string variable = "{% assign x = '' | split: '' %}";
    // Of a hundred ifchanged every second one has the text of the one inside.
    CHECK_THAT(rendered(variable + nested(kind, 100, "here"), {}), !Contains("deep:"));
    CHECK_THAT(rendered(variable + nested(kind, 101, "here"), {}),
               Contains("nested deeper than 100 in each other; "));
  }
}

TEST_CASE("brackets, and blocks with brackets in them, share the hundred", "[render]") {
  CHECK(rendered(brackets(100), {}) == "b");
  CHECK_THAT(rendered(brackets(101), {}), Contains("nested deeper than 100 in each other; assign"));
  for (const int blocks : {1, 50, 99}) {
    INFO(blocks);
    CHECK(rendered(nested(kinds[2], blocks, brackets(100 - blocks)), {}) == "b");
    CHECK_THAT(rendered(nested(kinds[2], blocks, brackets(101 - blocks)), {}),
               Contains("nested deeper than 100"));
  }
  std::string ranges;
  for (int i = 0; i < 100; ++i) ranges += "(1..";
  CHECK_THAT(rendered("{{ " + ranges, {}), Contains("never closed"));
  CHECK_THAT(rendered("{{ " + ranges + "(1..2) }}", {}), Contains("nested deeper than 100"));
}

TEST_CASE("what is unknown within many brackets is told once, at once", "[render]") {
  std::string open;
  std::string close;
  for (int i = 0; i < 90; ++i) {
    open += "b[";
    close += "]";
  }
  CHECK_THAT(rendered("{{ " + open + "nobody" + close + " }}", {}),
             Contains("unknown variable `nobody`"));
}

TEST_CASE("lines of liquid in each other share the hundred", "[render]") {
  std::string lines;
  for (int i = 0; i < 99; ++i) lines += "liquid ";
  CHECK(rendered("{% liquid " + lines + "echo 'here' %}", {}) == "here");
  CHECK_THAT(rendered("{% liquid liquid " + lines + "echo 'here' %}", {}),
             Contains("nested deeper than 100"));
}

TEST_CASE("partials that use themselves inside any block end at the same hundred, on a small stack",
          "[render]") {
  for (const char* const use : {"{% render 'p' %}", "{% render 'p' for a %}", "{% include 'p' %}",
                                "{% include 'p' for a %}"}) {
    for (const Kind& kind : kinds) {
      for (const int blocks : {0, 1, 10, 49, 98, 99}) {
        INFO(use << " in " << blocks << " of " << kind.open);
        const std::string variable = "{% assign x = '' | split: '' %}";
        CHECK_THAT(rendered("{% render 'p' %}", {{"p", variable + nested(kind, blocks, use)}}),
                   Contains("nested deeper than 100 in each other"));
      }
    }
  }
}

TEST_CASE("the deepest of blocks, partials and brackets that is allowed renders on a small stack",
          "[render]") {
  // 33 partials, each within a loop, and brackets in the innermost.
  Texts partials;
  for (int i = 0; i < 33; ++i) {
    const std::string inner =
        i == 32 ? brackets(34) : "{% render 'p" + std::to_string(i + 1) + "' %}";
    partials["p" + std::to_string(i)] = nested(kinds[2], 1, inner);
  }
  CHECK(rendered("{% render 'p0' %}", partials) == "b");
  partials["p32"] = nested(kinds[2], 1, brackets(35));
  CHECK_THAT(rendered("{% render 'p0' %}", partials),
             Contains("p32:1:") && Contains("nested deeper than 100 in each other; assign a part"));
}

TEST_CASE("partials that multiply end in time, however few levels they have", "[render]") {
  Texts partials;
  for (int i = 0; i < 60; ++i) {
    const std::string next = "{% render 'p" + std::to_string(i + 1) + "' %}";
    partials["p" + std::to_string(i)] = next + next;
  }
  partials["p60"] = "";
  CHECK_THAT(rendered("{% render 'p0' %}", partials), Contains("the template takes too long"));
}
