// Literal text costs no allocation of its own, neither when a template is read nor when it is
// rendered. This file counts those of the whole program.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "../support/sanitized.h"
#include "base/value.h"
#include "render/run.h"

// Sanitizers bring their own, and see where one allocates and another one frees.
#if !RETAIND_SANITIZED

namespace {
thread_local std::size_t allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const made = std::malloc(size == 0 ? 1 : size)) return made;
  throw std::bad_alloc();
}
void operator delete(void* made) noexcept { std::free(made); }
void operator delete(void* made, std::size_t /*size*/) noexcept { std::free(made); }

using namespace retaind;
using namespace retaind::render;

namespace {

struct Counts {
  std::size_t parsing = 0;
  std::size_t rendering = 0;
};

/// Of a template with 1,000 outputs, each between two of `literal`.
Counts counts_with(const std::string& literal) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += literal + "{{ a }}";
  const Source source{"t", text};
  const Value data = Value::Object{{"a", "x"}};
  Tree tree;
  Faults faults;
  Counts counts;
  std::size_t before = allocations;
  Parser(source, Mode::mail, tree, faults).parse(0, text.size());
  counts.parsing = allocations - before;
  REQUIRE(faults.empty());
  std::string out;
  out.reserve(2 * text.size());
  const RunSetting setting{Mode::mail, true, "en", nullptr};
  Fault fault;
  before = allocations;
  Run run(tree, data, setting);
  REQUIRE(run.render(out, fault));
  counts.rendering = allocations - before;
  REQUIRE(out.size() == 1000 * (literal.size() + 1));
  return counts;
}

}  // namespace

TEST_CASE("1,000 literal texts add no allocation to reading a template and to rendering it",
          "[render]") {
  const Counts without = counts_with("");
  const Counts with = counts_with("<p>a literal text that is too long for any small string</p>\n");
  // The table of nodes grows by doubling, and is twice as long.
  CHECK(with.parsing <= without.parsing + 1);
  CHECK(with.rendering == without.rendering);
  CHECK(with.rendering < 10);
}

#endif
