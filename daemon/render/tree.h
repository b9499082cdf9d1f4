#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "render/expression.h"
#include "render/source.h"

namespace retaind::render {

/// One step of a template, in preorder: the children of nodes[i] are i + 1, nodes[i + 1].next, …
/// before nodes[i].next.
struct Node {
  enum class Kind : std::uint8_t {
    text,         ///< a: offset, b: length in the source
    output,       ///< a: pipeline
    assign,       ///< a: name, b: pipeline
    capture,      ///< a: name; children
    choice,       ///< if, unless; children are branches
    branch,       ///< a: condition or none for else, b: 1 when it is taken on false; children
    match,        ///< case; a: expression; children are when and otherwise
    when,         ///< a: first of lists, b: count; children
    otherwise,    ///< else of case, for and include; children
    loop,         ///< for, tablerow; a: loop; children are body and perhaps otherwise
    body,         ///< children
    cycle,        ///< a: cycle
    counter,      ///< increment and decrement; a: name, b: 1 when it counts down
    leave,        ///< break (a: 0), continue (a: 1)
    partial,      ///< render, include; a: partial
    if_changed,   ///< children
    traced_text,  ///< as text and output, in the copy of a tree whose rendering is traced
    traced_output,
  };
  Kind kind = Kind::text;
  std::uint32_t at = 0;  ///< offset in the source
  Index next = 0;        ///< index behind the last child
  Index a = none;
  Index b = 0;
};

struct Loop {
  std::string_view variable;
  Index name = none;  ///< of loop_names
  Index collection = none;
  Index limit = none;
  Index offset = none;
  Index columns = none;
  bool goes_on = false;  ///< offset: continue
  bool reversed = false;
  bool table = false;
};

struct Cycle {
  std::string key;  ///< of an unnamed cycle: its values
  Index name = none;
  Index first = 0;  ///< of lists
  Index count = 0;
};

struct Partial {
  Index name = none;       ///< expression
  Index bound = none;      ///< `with` or `for`
  std::string_view alias;  ///< `as`
  bool repeats = false;    ///< `for`
  bool isolated = false;   ///< render; include shares the scope
  Index first = 0;         ///< of arguments
  Index count = 0;
};

/// A parsed template: flat tables, literal text as views into the source.
struct Tree {
  const Source* source = nullptr;
  bool broken = false;  ///< has faults and must not be run
  std::vector<Node> nodes;
  std::vector<Expression> expressions;
  std::vector<Segment> segments;
  std::vector<Argument> arguments;
  std::vector<Call> calls;
  std::vector<Pipeline> pipelines;
  std::vector<Test> tests;
  std::vector<Condition> conditions;
  std::vector<Loop> loops;
  std::vector<Cycle> cycles;
  std::vector<Partial> partials;
  std::vector<Index> lists;  ///< expressions of `when` and `cycle`
  std::vector<std::string_view> names;
  std::vector<std::string>
      loop_names;  ///< "item-order.items": forloop.name and the key of `offset: continue`

  [[nodiscard]] std::size_t memory() const;
};

}  // namespace retaind::render
