#include <algorithm>

#include "render/parsed_template.h"

// What a template shows in all of its branches, read from its tree: a rendering takes some of them.
namespace retaind::render {
namespace {

std::string_view written(const Tree& tree, Index index) {
  if (index == none) return {};
  const Expression& expression = tree.expressions[index];
  if (expression.kind != Expression::Kind::path) return {};
  return std::string_view(tree.source->text).substr(expression.at, expression.length);
}

std::string_view root_of(std::string_view path) { return path.substr(0, path.find_first_of(".[")); }

/// What the conditions of a branch ask about.
void add_asked(const Tree& tree, const Node& branch, std::vector<std::string_view>& asked) {
  if (branch.a == none) return;
  for (const Test* test = &tree.tests[tree.conditions[branch.a].first];; ++test) {
    for (const Index side : {test->left, test->right})
      if (const auto path = written(tree, side); !path.empty()) asked.push_back(path);
    if (test->joint == Test::Joint::last) break;
  }
}

/// Of a rule's mails it is the same in all.
bool is_constant(std::string_view path) {
  const std::string_view root = root_of(path);
  return root == "rule" || root == "site" || root == "sender" || root == "locale";
}

/// The partial that is named outright; nullptr: nobody knows which, or there is none.
const Tree* named_partial(const Tree& tree, const Partial& made, const Partials& partials) {
  if (made.name == none) return nullptr;
  const Expression& name = tree.expressions[made.name];
  if (name.kind != Expression::Kind::text) return nullptr;
  const auto found =
      partials.find(std::string_view(tree.source->text).substr(name.part.first, name.part.count));
  return found == partials.end() ? nullptr : found->second;
}

class Usage {
 public:
  using Names = std::vector<std::string_view>;

  /// What a walk through a template and its partials has in common.
  struct Shared {
    const Partials& partials;
    std::vector<UsedVariable>& found;
    std::size_t partials_left = 200;  ///< that are gone into; those of a text that people write
  };

  Usage(const Tree& tree, Shared& shared, Names own) : tree_(tree), shared_(shared) {
    own_ = std::move(own);
    own_.insert(own_.end(), {"locale", "forloop", "tablerowloop"});
    add_own(tree, 0);
  }

  void walk() {
    if (tree_.source != nullptr && !tree_.broken && !unforeseen_)
      steps(0, static_cast<Index>(tree_.nodes.size()));
  }

 private:
  /// The inside of a partial, under the conditions around it.
  Usage(const Tree& tree, const Usage& outer, Names own)
      : Usage(tree, outer.shared_, std::move(own)) {
    asked_ = outer.asked_;
    depth_ = outer.depth_ + 1;
  }

  /// Whatever a template sets anywhere is its own, and so is what its `include`s set.
  void add_own(const Tree& tree, std::size_t depth) {
    own_.insert(own_.end(), tree.names.begin(), tree.names.end());
    for (const Loop& loop : tree.loops) own_.push_back(loop.variable);
    for (const Partial& partial : tree.partials) {
      if (!partial.alias.empty()) own_.push_back(partial.alias);
      if (partial.isolated || partial.name == none || depth == most_included) continue;
      if (const Tree* const included = named_partial(tree, partial, shared_.partials))
        add_own(*included, depth + 1);
      else
        unforeseen_ = true;
    }
  }

  void steps(Index from, Index to) {
    for (Index i = from; i < to; i = tree_.nodes[i].next) {
      const Node& node = tree_.nodes[i];
      const std::size_t outer = asked_.size();
      if (node.kind == Node::Kind::output) shown(tree_.pipelines[node.a]);
      if (node.kind == Node::Kind::assign) shown(tree_.pipelines[node.b]);
      if (node.kind == Node::Kind::loop) used(tree_.loops[node.a].collection);
      if (node.kind == Node::Kind::partial) partial(tree_.partials[node.a]);
      if (node.kind == Node::Kind::match)
        if (const auto path = written(tree_, node.a); !path.empty()) asked_.push_back(path);
      // Whatever one branch asks about, the others know.
      if (node.kind == Node::Kind::choice)
        for (Index k = i + 1; k < node.next; k = tree_.nodes[k].next)
          add_asked(tree_, tree_.nodes[k], asked_);
      steps(i + 1, node.next);
      asked_.resize(outer);
    }
  }

  void partial(const Partial& made) {
    used(made.bound);
    Names own;
    if (!made.isolated) own = own_;
    for (Index i = made.first; i < made.first + made.count; ++i) {
      used(tree_.arguments[i].expression);
      own.push_back(tree_.arguments[i].name);
    }
    const Tree* const tree = named_partial(tree_, made, shared_.partials);
    if (tree == nullptr || depth_ == most_included || shared_.partials_left == 0) return;
    --shared_.partials_left;
    const Expression& name = tree_.expressions[made.name];
    own.push_back(
        made.alias.empty()
            ? std::string_view(tree_.source->text).substr(name.part.first, name.part.count)
            : made.alias);
    Usage(*tree, *this, std::move(own)).walk();
  }

  void shown(const Pipeline& pipeline) {
    if (pipeline.count > 0) {
      const std::string_view first = tree_.calls[pipeline.first].filter->name;
      if (first == "default" || first == "honorific") return;
    }
    used(pipeline.expression);
  }

  void used(Index expression) {
    const std::string_view path = written(tree_, expression);
    if (path.empty() || std::find(own_.begin(), own_.end(), root_of(path)) != own_.end()) return;
    shared_.found.push_back(
        {{tree_.source->path, tree_.source->text, tree_.expressions[expression].at, true},
         path,
         asked_});
  }

  // Enough for texts that people write; one that includes itself goes on for ever.
  static constexpr std::size_t most_included = 4;

  const Tree& tree_;
  Shared& shared_;
  Names own_;
  bool unforeseen_ = false;  // nobody knows which partial it includes
  Names asked_;
  std::size_t depth_ = 0;
};

/// Whether every way through a tree prints a variable.
class Passage {
 public:
  Passage(const Partials& partials, std::string_view variable)
      : partials_(partials), variable_(variable) {}

  bool prints(const Tree& tree) {
    if (tree.source == nullptr || tree.broken || depth_ == max_nesting) return false;
    ++depth_;
    const bool printed = steps(tree, 0, static_cast<Index>(tree.nodes.size()));
    --depth_;
    return printed;
  }

  [[nodiscard]] const std::optional<Spot>& first() const { return first_; }

 private:
  bool steps(const Tree& tree, Index from, Index to) {
    bool printed = false;
    for (Index i = from; i < to; i = tree.nodes[i].next)
      if (step(tree, tree.nodes[i], i)) printed = true;
    return printed;
  }

  bool step(const Tree& tree, const Node& node, Index at) {
    switch (node.kind) {
      case Node::Kind::output: {
        const Index expression = tree.pipelines[node.a].expression;
        if (written(tree, expression) != variable_) return false;
        if (!first_)
          first_ =
              Spot{tree.source->path, tree.source->text, tree.expressions[expression].at, true};
        return true;
      }
      case Node::Kind::choice: return choice(tree, node, at);
      case Node::Kind::match: return match(tree, node, at);
      case Node::Kind::capture:
      case Node::Kind::if_changed: return steps(tree, at + 1, node.next);
      case Node::Kind::loop: steps(tree, at + 1, node.next); return false;
      case Node::Kind::body:
      case Node::Kind::otherwise: return steps(tree, at + 1, node.next);
      case Node::Kind::partial: return partial(tree, tree.partials[node.a]);
      default: return false;
    }
  }

  bool choice(const Tree& tree, const Node& node, Index at) {
    bool all = true;
    bool any = false;
    bool constant = true;
    bool otherwise = false;
    bool decided = false;
    for (Index i = at + 1; i < node.next; i = tree.nodes[i].next) {
      const Node& branch = tree.nodes[i];
      const bool printed = steps(tree, i + 1, branch.next);
      std::vector<std::string_view> asked;
      add_asked(tree, branch, asked);
      // That there is a link is for the settings to say.
      const bool own = std::find(asked.begin(), asked.end(), variable_) != asked.end();
      any = any || printed;
      constant = constant && std::all_of(asked.begin(), asked.end(), is_constant);
      if (decided || (own && branch.b == 1)) continue;
      all = all && printed;
      otherwise = otherwise || branch.a == none;
      decided = own;
    }
    // What all mails of a rule have in common, each of them shows.
    return constant ? any : all && (otherwise || decided);
  }

  bool match(const Tree& tree, const Node& node, Index at) {
    bool all = true;
    bool otherwise = false;
    for (Index i = at + 1; i < node.next; i = tree.nodes[i].next) {
      if (!steps(tree, i + 1, tree.nodes[i].next)) all = false;
      otherwise = otherwise || tree.nodes[i].kind == Node::Kind::otherwise;
    }
    return all && otherwise;
  }

  bool partial(const Tree& tree, const Partial& made) {
    if (made.name == none) return false;
    if (tree.expressions[made.name].kind != Expression::Kind::text)
      return true;  // nobody knows which one
    const Tree* const found = named_partial(tree, made, partials_);
    return found != nullptr && prints(*found) && !made.repeats;
  }

  const Partials& partials_;
  std::string_view variable_;
  std::optional<Spot> first_;
  std::size_t depth_ = 0;
};

}  // namespace

void ParsedTemplate::used_variables(std::vector<UsedVariable>& found) const {
  Usage::Shared shared{partials_, found};
  const auto walk = [&](const Tree& tree, Usage::Names own) {
    Usage(tree, shared, std::move(own)).walk();
  };
  for (const Tree& tree : values_) walk(tree, {});
  walk(body_, {"preheader"});
  walk(text_, {"preheader"});
  if (layout_ != nullptr) walk(*layout_, {"preheader", "content"});
}

std::optional<Spot> ParsedTemplate::passed_by(std::string_view variable) const {
  Passage passage(partials_, variable);
  const bool in_body = passage.prints(body_);
  const bool in_layout = layout_ != nullptr && passage.prints(*layout_);
  if (!in_body && !in_layout && passage.first()) return passage.first();
  Passage in_text(partials_, variable);
  return in_text.prints(text_) ? std::nullopt : in_text.first();
}

}  // namespace retaind::render
