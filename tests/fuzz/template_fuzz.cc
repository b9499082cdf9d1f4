// module: render
// Template text, up to a NUL; behind it JSON for the context. Parses and renders in both modes and
// as a template file's HTML, and makes text of the result.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "base/value.h"
#include "render/front_matter.h"
#include "render/html_text.h"
#include "render/liquid.h"

using namespace retaind;
using namespace retaind::render;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

Value sample_context() {
  auto value = parse_json(
      R"({"a": [1, 2.5, "x", null, {"b": "<&>"}, [3]], "b": {"c": "山田", "minor": 4990, "currency": "EUR"}, "n": -7, "s": "one two", "t": "2026-03-02T05:07:09Z", "x": true, "timezone": "Asia/Tokyo"})");
  return value ? *value : Value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Value sample = sample_context();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\0'), input.size());
  const std::string text(input.substr(0, end));
  const auto given = end < input.size() ? parse_json(input.substr(end + 1)) : Result<Value>(sample);
  const Value& context = given ? *given : sample;
  for (const Mode mode : {Mode::mail, Mode::conformance}) {
    const Liquid liquid("fuzz", text, mode,
                        {{"p", "{{ p }}{% include 'p' %}"}, {"q", "{{ a | join: ' ' }}"}});
    for (const Fault& fault : liquid.faults()) require(!located(fault).empty());
    const auto result = liquid.render(context, mode == Mode::mail, "ja");
    if (result)
      require(is_valid_utf8(*result) || !is_valid_utf8(text) || mode == Mode::conformance);
    else
      require(!result.error().message.empty());
    if (result) html_to_text(*result);
  }
  const Source source{"fuzz", text};
  Faults faults;
  const FrontMatter front = read_front_matter(source, faults);
  require(front.body.begin <= front.body.end && front.body.end <= text.size());
  html_to_text(text);
  return 0;
}
