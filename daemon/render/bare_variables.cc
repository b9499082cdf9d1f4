#include <algorithm>

#include "render/parsed_template.h"

// What a template prints without saying what is shown when it is missing.
namespace retaind::render {
namespace {

class Walk {
 public:
  Walk(const Tree& tree, std::vector<BareVariable>& found) : tree_(tree), found_(found) {}

  void steps(Index from, Index to) {
    for (Index i = from; i < to; i = tree_.nodes[i].next) {
      const Node& node = tree_.nodes[i];
      const std::size_t outer = asked_.size();
      if (node.kind == Node::Kind::output) output(tree_.pipelines[node.a]);
      if (node.kind == Node::Kind::choice) ask_choice(node, i);
      if (node.kind == Node::Kind::match) ask(node.a);
      steps(i + 1, node.next);
      asked_.resize(outer);
    }
  }

 private:
  [[nodiscard]] std::string_view written(Index index) const {
    const Expression& expression = tree_.expressions[index];
    if (expression.kind != Expression::Kind::path) return {};
    return std::string_view(tree_.source->text).substr(expression.at, expression.length);
  }

  void ask(Index expression) {
    if (const auto path = written(expression); !path.empty()) asked_.push_back(path);
  }

  /// Whatever one branch asks about, the others know.
  void ask_choice(const Node& choice, Index at) {
    for (Index i = at + 1; i < choice.next; i = tree_.nodes[i].next) {
      if (tree_.nodes[i].a == none) continue;
      const Condition& condition = tree_.conditions[tree_.nodes[i].a];
      for (const Test* test = &tree_.tests[condition.first];; ++test) {
        ask(test->left);
        if (test->joint == Test::Joint::last) break;
      }
    }
  }

  void output(const Pipeline& pipeline) {
    const std::string_view path = written(pipeline.expression);
    // Who asks for a first name knows what names are like.
    const std::string_view subject = path.substr(0, path.find('.') + 1);
    const auto about = [&](std::string_view asked) { return asked.starts_with(subject); };
    if (path.empty() || std::any_of(asked_.begin(), asked_.end(), about)) return;
    for (Index i = 0; i < pipeline.count; ++i) {
      const std::string_view name = tree_.calls[pipeline.first + i].filter->name;
      if (name == "default" || name == "honorific") return;
    }
    found_.push_back(
        {tree_.source->path, tree_.source->text, tree_.expressions[pipeline.expression].at, path});
  }

  const Tree& tree_;
  std::vector<BareVariable>& found_;
  std::vector<std::string_view> asked_;  // by the conditions around
};

}  // namespace

void ParsedTemplate::bare_variables(std::vector<BareVariable>& found) const {
  const auto walk = [&](const Tree& tree) {
    if (tree.source != nullptr && !tree.broken)
      Walk(tree, found).steps(0, static_cast<Index>(tree.nodes.size()));
  };
  for (const Tree& tree : values_) walk(tree);
  walk(body_);
  walk(text_);
  if (layout_ != nullptr) walk(*layout_);
}

}  // namespace retaind::render
