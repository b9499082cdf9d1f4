#include "render/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace retaind::render {
namespace {

std::string_view entity(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return {};
  }
}

constexpr std::array<bool, 256> special_characters = [] {
  std::array<bool, 256> table{};
  for (const char c : {'&', '<', '>', '"', '\''}) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!special_characters[static_cast<unsigned char>(text[i])]) continue;
    out.append(text, begin, i - begin);
    out += entity(text[i]);
    begin = i + 1;
  }
  out.append(text, begin, text.size() - begin);
}

namespace {

bool begins_direction(std::string_view rest) {
  if (rest.size() < 3) return false;
  const auto third = static_cast<unsigned char>(rest[2]);
  return (rest[1] == '\x80' && third >= 0xAA && third <= 0xAE) ||  // U+202A to U+202E
         (rest[1] == '\x81' && third >= 0xA6 && third <= 0xA9);    // U+2066 to U+2069
}

/// Without the marks that turn round whatever stands behind them, up to the end of the paragraph:
/// a name ends none of them. Nothing when it has none.
std::optional<std::string> without_direction(std::string_view text) {
  std::string kept;
  std::size_t begin = 0;
  for (std::size_t i = text.find('\xE2'); i != std::string_view::npos; i = text.find('\xE2', i)) {
    if (!begins_direction(text.substr(i))) {
      ++i;
      continue;
    }
    kept.append(text, begin, i - begin);
    begin = i += 3;
  }
  if (begin == 0) return std::nullopt;
  kept.append(text, begin);
  return kept;
}

}  // namespace

Run::Run(const Tree& tree, const Value& context, const RunSetting& setting)
    : tree_(&tree),
      setting_(setting),
      scope_(arena_, context, setting.locale, setting.html, setting.mode == Mode::mail) {
  top_.globals = &context;
}

void Run::set(std::string_view name, const Datum& value) { put(top_.assigned, name, value); }

bool Run::render(std::string& out, Fault& fault) {
  out_ = &out;
  whole_ = &out;
  if (tree_->broken)
    fail(0, 1, "the template has mistakes and cannot be rendered; mend it first");
  else
    steps(0, static_cast<Index>(tree_->nodes.size()));
  if (failed_) fault = std::move(fault_);
  return !failed_;
}

void Run::fail(std::size_t at, std::size_t length, std::string message, FaultKind kind) {
  if (failed_) return;
  failed_ = true;
  fault_ = {tree_->source, at, length, std::move(message), kind};
}

Datum* Run::find(std::vector<Named>& list, std::string_view name) {
  for (auto i = list.rbegin(); i != list.rend(); ++i) {
    if (i->name == name) return &i->value;
  }
  return nullptr;
}

void Run::put(std::vector<Named>& list, std::string_view name, const Datum& value) {
  if (Datum* const old = find(list, name))
    *old = value;
  else
    list.push_back({name, value});
}

Run::Flow Run::steps(Index from, Index to) {
  const std::vector<Node>& nodes = tree_->nodes;
  for (Index i = from; i < to; i = nodes[i].next) {
    const Node& node = nodes[i];
    if (!spend(1, node.at)) return Flow::failed;
    if (node.kind == Node::Kind::text) {
      out_->append(tree_->source->text, node.a, node.b);
    } else {
      const Flow flow = step(node, i);
      if (flow != Flow::on) return flow;
    }
    if (out_->size() > limits::output) {
      fail_too_long(node.at);
      return Flow::failed;
    }
  }
  return Flow::on;
}

/// The steps of a block, whose tag is in front of them.
Run::Flow Run::inside(Index from, Index to) {
  if (depth_ == max_nesting) {
    fail(tree_->nodes[from - 1].at, 1, too_deep("write the inner ones side by side"),
         FaultKind::limit);
    return Flow::failed;
  }
  ++depth_;
  const Flow flow = steps(from, to);
  --depth_;
  return flow;
}

void Run::fail_too_long(std::size_t at) {
  fail(at, 1, "the mail grows beyond 4 MB here; shorten a value or limit the loop",
       FaultKind::limit);
}

Run::Flow Run::step(const Node& node, Index at) {
  switch (node.kind) {
    case Node::Kind::traced_text:
      trace(node, node.b);
      out_->append(tree_->source->text, node.a, node.b);
      break;
    case Node::Kind::traced_output: trace(node, 0); [[fallthrough]];
    case Node::Kind::output: {
      const Datum value = piped(tree_->pipelines[node.a]);
      if (!failed_) print(value, node);
      break;
    }
    case Node::Kind::assign: {
      const Datum value = piped(tree_->pipelines[node.b]);
      put(frame_->assigned, tree_->names[node.a], value);
      break;
    }
    case Node::Kind::choice: return choice(node, at);
    case Node::Kind::match: return match(node, at);
    case Node::Kind::loop: return loop(node, at);
    case Node::Kind::partial: return partial(node);
    case Node::Kind::counter: count(node); break;
    case Node::Kind::cycle: cycle(node); break;
    case Node::Kind::leave: return node.a == 0 ? Flow::broken : Flow::continued;
    case Node::Kind::capture: {
      std::string text;
      const Flow flow = captured(node, at, text);
      // What was captured from an HTML template is HTML: its values were escaped on the way in.
      put(frame_->assigned, tree_->names[node.a], Datum::of(arena_.keep(text), setting_.html));
      if (flow != Flow::on) return flow;
      break;
    }
    case Node::Kind::if_changed: {
      std::string text;
      const Flow flow = captured(node, at, text);
      if (text != last_change_) {
        *out_ += text;
        last_change_ = arena_.keep(text);
      }
      if (flow != Flow::on) return flow;
      break;
    }
    default: break;
  }
  if (arena_.exhausted())
    fail(node.at, 1,
         "the template needs more than 32 MB of memory while it renders; build shorter values",
         FaultKind::limit);
  return failed_ ? Flow::failed : Flow::on;
}

Run::Flow Run::captured(const Node& node, Index at, std::string& text) {
  std::string* const outer = out_;
  out_ = &text;
  const Flow flow = inside(at + 1, node.next);
  out_ = outer;
  return flow;
}

Run::Flow Run::choice(const Node& node, Index at) {
  for (Index i = at + 1; i < node.next; i = tree_->nodes[i].next) {
    const Node& branch = tree_->nodes[i];
    const bool taken = branch.a == none || holds(tree_->conditions[branch.a]) != (branch.b == 1);
    if (failed_) return Flow::failed;
    if (taken) return inside(i + 1, branch.next);
  }
  return Flow::on;
}

Run::Flow Run::match(const Node& node, Index at) {
  const bool was_lenient = std::exchange(lenient_, true);
  Datum value = evaluate(node.a);
  lenient_ = was_lenient;
  // Only the word in `when` asks whether the value is empty.
  if (value.is(Datum::Kind::empty) || value.is(Datum::Kind::blank))
    value = Datum::of(std::string_view());
  bool matched = false;
  for (Index i = at + 1; i < node.next && !failed_; i = tree_->nodes[i].next) {
    const Node& part = tree_->nodes[i];
    // Every matching value of every `when` prints, and an `else` in front of them does not stop
    // them: so does Shopify's.
    Index times = part.kind == Node::Kind::otherwise && !matched ? 1 : 0;
    for (Index k = 0; part.kind == Node::Kind::when && k < part.b; ++k) {
      if (equal(value, evaluate(tree_->lists[part.a + k]))) ++times;
    }
    if (part.kind == Node::Kind::when && times > 0) matched = true;
    for (Index k = 0; k < times; ++k) {
      const Flow flow = inside(i + 1, part.next);
      if (flow != Flow::on) return flow;
    }
  }
  return failed_ ? Flow::failed : Flow::on;
}

void Run::trace(const Node& node, std::size_t length) {
  if (setting_.trace == nullptr || out_ != whole_) return;
  const std::size_t at = node.kind == Node::Kind::traced_text ? node.a : node.at;
  setting_.trace->add({out_->size(), tree_->source, at, length});
}

void Run::count(const Node& node) {
  const std::string_view name = tree_->names[node.a];
  const Datum* const old = find(frame_->counters, name);
  // A number of the data is where a counter of its name begins.
  const Value* const given = frame_->globals->find(name);
  // No template counts to 2^53, so the sum below cannot overflow.
  constexpr std::int64_t most = std::int64_t{1} << 53;
  const std::int64_t* const start =
      old == nullptr && given != nullptr ? given->as_integer() : nullptr;
  const std::int64_t now = old != nullptr     ? old->integer()
                           : start != nullptr ? std::clamp(*start, -most, most)
                                              : 0;
  const std::int64_t shown = node.b == 1 ? now - 1 : now;
  Datum::of(shown).print(*out_);
  put(frame_->counters, name, Datum::of(node.b == 1 ? shown : now + 1));
}

void Run::print(const Datum& value, const Node& node) {
  if (value.is(Datum::Kind::text)) {
    // The check behind each step would come too late for a value that fills the memory.
    if (value.text().size() > limits::output) return fail_too_long(node.at);
    put_text(value.text(), value.safe());
    return;
  }
  if (setting_.mode == Mode::mail &&
      (value.is(Datum::Kind::object) || value.is(Datum::Kind::loop))) {
    const Expression& expression = tree_->expressions[tree_->pipelines[node.a].expression];
    return fail(
        expression.at, expression.length,
        fmt::format("{}; print one of its fields, as in {{{{ order.number }}}}", whole_object));
  }
  if (!setting_.html || !(value.is_sequence() || value.is(Datum::Kind::object)))
    return value.print(*out_);
  std::string text;
  value.print(text);
  put_text(text, false);
}

void Run::put_text(std::string_view text, bool safe) {
  std::optional<std::string> kept;
  if (setting_.mode == Mode::mail && !safe) kept = without_direction(text);
  if (kept) text = *kept;
  if (setting_.html && !safe)
    append_escaped(*out_, text);
  else
    *out_ += text;
}

}  // namespace retaind::render
