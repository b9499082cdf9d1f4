#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "render/run.h"

namespace retaind::render {
namespace {

// Offsets and limits beyond this are cut; so their sums cannot overflow.
constexpr std::int64_t far = std::int64_t{1} << 40;

std::size_t count_of(const Datum& collection) {
  if (collection.is(Datum::Kind::text)) return collection.is_empty() ? 0 : 1;
  return collection.size();
}

}  // namespace

bool Run::spend_iteration(std::uint32_t at) {
  if (++iterations_ <= limits::iterations) return true;
  fail(at, 1,
       fmt::format("the loops of this template run more than {} times; end them with `limit:`, as "
                   "in {{% for item in items limit: 20 %}}",
                   grouped(limits::iterations)),
       FaultKind::limit);
  return false;
}

bool Run::spend(std::size_t work, std::size_t at) {
  work_ += std::min(work, limits::work + 1);
  if (work_ <= limits::work) return true;
  fail(at, 1,
       "the template takes too long; shorten the values that its loops work on, or end them with "
       "`limit:`",
       FaultKind::limit);
  return false;
}

Datum Run::loop_item(const Datum& collection, std::size_t i) {
  if (collection.is(Datum::Kind::object)) return collection.member(arena_, i);
  return collection.is(Datum::Kind::text) ? collection : collection.item(i);
}

bool Run::bound(Index expression, bool table, std::int64_t& number) {
  if (expression == none) return false;
  const Datum value = evaluate(expression);
  if (table) {
    // Ruby's to_i: the number that a text begins with, 0 for nothing.
    number = std::clamp(leading_number(value), -far, far);
    return true;
  }
  if (value.is_missing()) return false;
  if (const auto whole = whole_number(value)) {
    number = std::clamp(*whole, -far, far);
    return true;
  }
  const Expression& made = tree_->expressions[expression];
  fail(made.at, made.length, "this is no whole number; limit and offset want one");
  return false;
}

Run::Flow Run::loop(const Node& node, Index at) {
  const Loop& made = tree_->loops[node.a];
  const std::string_view name = tree_->loop_names[made.name];
  const Datum collection = evaluate(made.collection);
  if (made.table && !collection.truthy()) return failed_ ? Flow::failed : Flow::on;
  std::int64_t from = 0;
  if (const Datum* const before = made.goes_on ? find(frame_->offsets, name) : nullptr)
    from = before->integer();
  else
    bound(made.offset, made.table, from);
  std::int64_t limit = 0;
  const bool limited = bound(made.limit, made.table, limit);
  if (failed_) return Flow::failed;
  const auto size =
      static_cast<std::int64_t>(std::min(count_of(collection), static_cast<std::size_t>(far)));
  std::int64_t begin = std::clamp<std::int64_t>(from, 0, size);
  std::int64_t end = limited ? std::clamp<std::int64_t>(from + limit, begin, size) : size;
  // A text is one item, whatever offset and limit say.
  if (collection.is(Datum::Kind::text)) begin = 0, end = size;
  if (!made.table) put(frame_->offsets, name, Datum::of(from + (end - begin)));

  const Index body = at + 1;
  const Index otherwise = tree_->nodes[body].next;
  if (begin == end && otherwise < node.next)
    return inside(otherwise + 1, tree_->nodes[otherwise].next);
  const auto run = made.table ? &Run::iterate_table : &Run::iterate;
  return (this->*run)(made, collection, static_cast<std::size_t>(begin),
                      static_cast<std::size_t>(end), body);
}

Run::Flow Run::iterate(const Loop& made, const Datum& collection, std::size_t begin,
                       std::size_t end, Index body) {
  LoopState* const state = arena_.make(LoopState{
      tree_->loop_names[made.name], 0, static_cast<std::int64_t>(end - begin), 0, frame_->loop});
  const std::size_t scope = frame_->scoped.size();
  frame_->scoped.push_back({"forloop", Datum::loop(*state)});
  frame_->scoped.push_back({made.variable, {}});
  frame_->loop = state;
  Flow flow = Flow::on;
  for (std::size_t i = begin; i < end; ++i, ++state->index0) {
    if (!spend_iteration(tree_->nodes[body].at)) flow = Flow::failed;
    if (flow == Flow::failed) break;
    frame_->scoped[scope + 1].value =
        loop_item(collection, made.reversed ? end - 1 - (i - begin) : i);
    flow = inside(body + 1, tree_->nodes[body].next);
    if (flow == Flow::broken || flow == Flow::failed) break;
  }
  frame_->loop = state->parent;
  frame_->scoped.resize(scope);
  return flow == Flow::failed ? flow : Flow::on;
}

Run::Flow Run::iterate_table(const Loop& made, const Datum& collection, std::size_t begin,
                             std::size_t end, Index body) {
  const auto length = static_cast<std::int64_t>(end - begin);
  Datum columns;
  if (made.columns != none) columns = evaluate(made.columns);
  if (failed_) return Flow::failed;
  const std::int64_t wanted = made.columns == none ? length : leading_number(columns);
  // Without a width, or with 0, the row never ends.
  LoopState* const state = arena_.make(
      LoopState{tree_->loop_names[made.name], 0, length, wanted > 0 ? wanted : far, nullptr});
  const std::size_t scope = frame_->scoped.size();
  frame_->scoped.push_back({"tablerowloop", Datum::loop(*state)});
  frame_->scoped.push_back({made.variable, {}});
  Flow flow = Flow::on;
  *out_ += "<tr class=\"row1\">\n";
  for (std::size_t i = begin; i < end; ++i, ++state->index0) {
    if (!spend_iteration(tree_->nodes[body].at)) flow = Flow::failed;
    if (flow == Flow::failed) break;
    frame_->scoped[scope + 1].value = loop_item(collection, i);
    *out_ += fmt::format("<td class=\"col{}\">", state->index0 % state->columns + 1);
    flow = inside(body + 1, tree_->nodes[body].next);
    *out_ += "</td>";
    if (flow == Flow::broken || flow == Flow::failed) break;
    const bool row_ends = (state->index0 + 1) % state->columns == 0;
    if (row_ends && state->index0 + 1 < length)
      *out_ += fmt::format("</tr>\n<tr class=\"row{}\">", state->index0 / state->columns + 2);
  }
  *out_ += "</tr>\n";
  frame_->scoped.resize(scope);
  return flow == Flow::failed ? flow : Flow::on;
}

void Run::cycle(const Node& node) {
  const Cycle& made = tree_->cycles[node.a];
  std::string_view key(made.key);
  if (made.name != none) {
    const bool was_lenient = std::exchange(lenient_, true);
    key = evaluate(made.name).string(arena_);
    lenient_ = was_lenient;
  }
  // Named and unnamed cycles do not share places.
  key = arena_.keep(fmt::format("{}{}", made.name == none ? "=" : ":", key));
  const Datum* const before = find(frame_->cycles, key);
  const std::int64_t place = before == nullptr ? 0 : before->integer();
  if (place < made.count) {
    const Datum value = evaluate(tree_->lists[made.first + static_cast<Index>(place)]);
    if (!failed_) {
      std::string text;
      value.print(text);
      put_text(text, value.safe());
    }
  }
  put(frame_->cycles, key, Datum::of(place + 1 >= made.count ? 0 : place + 1));
}

void Run::give_arguments(const Partial& made, std::vector<Named>& to) {
  for (Index i = made.first; i < made.first + made.count; ++i) {
    const Argument& argument = tree_->arguments[i];
    to.push_back({argument.name, evaluate(argument.expression)});
  }
}

Run::Flow Run::partial(const Node& node) {
  const Partial& made = tree_->partials[node.a];
  const Datum name = evaluate(made.name);
  if (failed_) return Flow::failed;
  const std::string_view wanted = name.string(arena_);
  const Expression& expression = tree_->expressions[made.name];
  const auto found =
      setting_.partials == nullptr ? Partials::const_iterator{} : setting_.partials->find(wanted);
  if (setting_.partials == nullptr || found == setting_.partials->end()) {
    fail(
        expression.at, expression.length,
        fmt::format("unknown partial `{0}`; add the file _{0}.liquid beside the templates", wanted),
        FaultKind::unknown_partial);
    return Flow::failed;
  }
  if (found->second->broken) {
    fail(expression.at, expression.length,
         fmt::format("the partial `{}` has mistakes; mend it first", wanted));
    return Flow::failed;
  }
  if (depth_ == max_nesting) {
    fail(expression.at, expression.length,
         too_deep(fmt::format("does `{}` include itself?", wanted)), FaultKind::limit);
    return Flow::failed;
  }
  if (!spend(limits::partial_work, node.at)) return Flow::failed;
  const Datum value = made.bound != none ? evaluate(made.bound)
                      : made.isolated    ? Datum()
                                         : variable(wanted);
  if (failed_) return Flow::failed;
  const std::size_t slash = wanted.rfind('/');
  const std::string_view own = slash == std::string_view::npos ? wanted : wanted.substr(slash + 1);
  const std::string_view target = made.alias.empty() ? own : made.alias;
  const Tree& tree = *found->second;
  const bool repeats = made.isolated
                           ? made.repeats && (value.is_sequence() || value.is(Datum::Kind::object))
                           : value.is(Datum::Kind::array) || value.is(Datum::Kind::list);
  if (!repeats) return partial_once(made, tree, target, value, nullptr);
  LoopState* state = nullptr;
  if (made.isolated) {
    state = arena_.make(LoopState{wanted, 0, static_cast<std::int64_t>(value.size()), 0, nullptr});
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!spend_iteration(node.at)) return Flow::failed;
    const Flow flow = partial_once(made, tree, target, loop_item(value, i), state);
    if (flow != Flow::on) return flow;
    if (state != nullptr) ++state->index0;
  }
  return Flow::on;
}

Run::Flow Run::partial_once(const Partial& made, const Tree& tree, std::string_view target,
                            const Datum& value, const LoopState* loop) {
  const Tree* const outer_tree = tree_;
  Frame* const outer = frame_;
  const std::size_t scope = outer->scoped.size();
  Frame inner;
  static const Value nothing;
  if (made.isolated) {
    // In a mail the context is global, as `shop` is in Shopify's snippets; the template's own
    // variables are not.
    inner.globals = setting_.mode == Mode::mail ? outer->globals : &nothing;
    if (loop != nullptr) inner.assigned.push_back({"forloop", Datum::loop(*loop)});
    give_arguments(made, inner.assigned);
    if (!value.is_missing()) put(inner.assigned, target, value);
    frame_ = &inner;
  } else {
    std::vector<Named> given;
    give_arguments(made, given);
    outer->scoped.insert(outer->scoped.end(), given.begin(), given.end());
    outer->scoped.push_back({target, value.is_missing() ? Datum::nil() : value});
  }
  Flow flow = failed_ ? Flow::failed : Flow::on;
  if (flow == Flow::on) {
    ++depth_;
    tree_ = &tree;
    flow = steps(0, static_cast<Index>(tree.nodes.size()));
    tree_ = outer_tree;
    --depth_;
  }
  frame_ = outer;
  outer->scoped.resize(scope);
  // A break leaves the partial; only include, being part of its template, passes it on.
  return made.isolated && flow != Flow::failed ? Flow::on : flow;
}

}  // namespace retaind::render
