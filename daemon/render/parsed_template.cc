#include "render/parsed_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "render/html_text.h"
#include "render/lexer.h"

namespace retaind::render {
namespace {

// Mail programs show it in the list of mails; the filler keeps the body's first words from
// following it there.
constexpr std::string_view hidden =
    R"(<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">)";

bool names(const Tree& tree, std::string_view variable) {
  return std::any_of(tree.segments.begin(), tree.segments.end(),
                     [&](const Segment& segment) { return segment.name == variable; });
}

std::vector<std::string_view> names_of(const Partials& partials) {
  std::vector<std::string_view> found;
  for (const auto& [name, tree] : partials) found.push_back(name);
  return found;
}

/// Where it begins and how many bytes it has.
std::pair<std::size_t, std::size_t> insert_preheader(std::string& html,
                                                     std::string_view preheader) {
  std::size_t at = 0;
  for (std::size_t tag = html.find('<'); tag != std::string::npos; tag = html.find('<', tag + 1)) {
    if (!starts_with_ignoring_case(std::string_view(html).substr(tag + 1), "body")) continue;
    at = std::min(html.find('>', tag), html.size() - 1) + 1;
    break;
  }
  std::string block(hidden);
  append_escaped(block, preheader);
  block += "</div>";
  html.insert(at, block);
  return {at, block.size()};
}

void make_valid(std::string& text) {
  if (!is_valid_utf8(text)) text = to_valid_utf8(text);
}

/// The copy whose text and outputs are traced, so that a rendering without a trace asks for none.
Tree traced_copy(const Tree& tree) {
  Tree copy = tree;
  for (Node& node : copy.nodes) {
    if (node.kind == Node::Kind::text) node.kind = Node::Kind::traced_text;
    if (node.kind == Node::Kind::output) node.kind = Node::Kind::traced_output;
  }
  return copy;
}

/// The layout's trace with that of the body where it prints it.
void put_body(Trace& layout, const Trace& body, std::string_view whole, std::string_view content) {
  for (const Trace::Piece& piece : layout.pieces()) {
    if (piece.length > 0 || whole.substr(piece.out, content.size()) != content) continue;
    layout.put_inside(body, piece.out, content.size());
    return;
  }
}

}  // namespace

struct ParsedTemplate::Traced {
  Traced(const Partials& all, Trace* into) : trace(into) {
    for (const auto& [name, tree] : all) {
      trees.push_back(traced_copy(*tree));
      partials[name] = &trees.back();
    }
  }
  Trace* trace;
  std::deque<Tree> trees;
  Partials partials;
};

ParsedTemplate::ParsedTemplate(std::string path, std::string text, std::string locale)
    : source_{std::move(path), std::move(text)}, locale_(std::move(locale)) {}

void ParsedTemplate::parse(Faults& faults) {
  if (const std::size_t at = utf8_error(source_.text); at < source_.text.size()) {
    faults.push_back({&source_, at, 1, "invalid UTF-8; save the file as UTF-8", FaultKind::file});
    return;
  }
  const std::size_t before = faults.size();
  front_ = read_front_matter(source_, faults);
  for (std::size_t i = before; i < faults.size(); ++i) faults[i].kind = FaultKind::front_matter;
  for (const FrontKey key :
       {FrontKey::subject, FrontKey::preheader, FrontKey::from, FrontKey::reply_to}) {
    const auto& extent = front_.value(key);
    if (extent)
      Parser(source_, Mode::mail, values_[static_cast<std::size_t>(key)], faults)
          .parse(extent->begin, extent->end);
  }
  const auto& format = front_.value(FrontKey::format);
  html_ = !format || format->in(source_) != "text";
  Parser(source_, Mode::mail, body_, faults).parse(front_.body.begin, front_.body.end);
  if (front_.text)
    Parser(source_, Mode::mail, text_, faults).parse(front_.text->begin, front_.text->end);
}

void ParsedTemplate::check_partials(const Tree& tree, Faults& faults) const {
  for (const Partial& partial : tree.partials) {
    if (partial.name == none) continue;
    const Expression& name = tree.expressions[partial.name];
    if (name.kind != Expression::Kind::text) continue;
    const std::string_view wanted =
        std::string_view(tree.source->text).substr(name.part.first, name.part.count);
    if (partials_.contains(wanted)) continue;
    const auto near = nearest(wanted, names_of(partials_));
    faults.push_back({tree.source, name.at, name.length,
                      fmt::format("unknown partial `{0}`; {1}", wanted,
                                  near ? fmt::format("did you mean `{}`?", *near)
                                       : fmt::format("add the file _{0}.{1}.liquid or _{0}.liquid",
                                                     wanted, locale_)),
                      FaultKind::unknown_partial});
  }
}

void ParsedTemplate::link(Partials partials, Faults& faults) {
  partials_ = std::move(partials);
  for (const Tree& tree : values_) check_partials(tree, faults);
  check_partials(body_, faults);
  check_partials(text_, faults);
  shows_preheader_ = names(body_, "preheader");
  const auto& layout = front_.value(FrontKey::layout);
  if (!layout) return;
  const std::string_view name = layout->in(source_);
  const auto found = partials_.find(name);
  if (found == partials_.end()) {
    const auto near = nearest(name, names_of(partials_));
    faults.push_back({&source_, layout->begin, name.size(),
                      near ? fmt::format("unknown layout `{}`; did you mean `{}`?", name, *near)
                           : fmt::format("unknown layout `{0}`; add the file _{0}.liquid", name),
                      FaultKind::unknown_partial});
    return;
  }
  layout_ = found->second;
  shows_preheader_ = shows_preheader_ || names(*layout_, "preheader");
  // Many share a layout, and its mistake is one.
  const Source* const source = layout_->source;
  const bool told = std::any_of(faults.begin(), faults.end(), [&](const Fault& fault) {
    return fault.source == source && fault.kind == FaultKind::front_matter;
  });
  if (!names(*layout_, "content") && !told)
    faults.push_back(
        {source, 0, 1,
         fmt::format("the layout `{}` never prints {{{{ content }}}}; write it where the body "
                     "belongs",
                     name),
         FaultKind::front_matter});
}

TemplateFile ParsedTemplate::file() const {
  const auto spot = [this](std::size_t at) { return Spot{source_.path, source_.text, at, true}; };
  const auto of = [&](FrontKey key) {
    const auto& value = front_.value(key);
    return value ? spot(value->begin) : Spot();
  };
  const auto& subject = front_.value(FrontKey::subject);
  return {locale_,
          spot(subject ? subject->begin : 0),
          of(FrontKey::from),
          of(FrontKey::reply_to),
          spot(front_.text ? front_.text->begin : front_.body.begin),
          front_.text.has_value() || !html_};
}

std::vector<const Tree*> ParsedTemplate::trees() const {
  std::vector<const Tree*> trees{&body_, &text_};
  for (const Tree& tree : values_) trees.push_back(&tree);
  if (layout_ != nullptr) trees.push_back(layout_);
  const auto add = [&](const Tree* tree) {
    if (std::find(trees.begin(), trees.end(), tree) == trees.end()) trees.push_back(tree);
  };
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const Tree& tree = *trees[i];
    for (const Partial& partial : tree.partials) {
      if (partial.name == none) continue;
      const Expression& name = tree.expressions[partial.name];
      const bool outright = name.kind == Expression::Kind::text;
      // Which partial a variable names is known to nobody: it may be any.
      for (const auto& [key, one] : partials_) {
        if (!outright ||
            std::string_view(tree.source->text).substr(name.part.first, name.part.count) == key)
          add(one);
      }
    }
  }
  return trees;
}

bool ParsedTemplate::reads(std::string_view variable) const {
  const auto all = trees();
  return std::any_of(all.begin(), all.end(),
                     [&](const Tree* tree) { return names(*tree, variable); });
}

bool ParsedTemplate::add_members(std::string_view variable, Members& members) const {
  for (const Tree* tree : trees()) {
    for (const Expression& expression : tree->expressions) {
      if (expression.kind != Expression::Kind::path) continue;
      const Segment* const segments = &tree->segments[expression.part.first];
      if (segments[0].bracketed) return false;
      if (segments[0].name != variable) continue;
      if (expression.part.count < 2 || segments[1].bracketed) return false;
      const std::string_view member = segments[1].name;
      if (member == "size" || member == "first" || member == "last") return false;
      members.emplace(member);
    }
  }
  return true;
}

bool ParsedTemplate::piece(const Tree& tree, const Value& context, bool html,
                           std::string_view preheader, std::string_view content, std::string& out,
                           Fault& fault, const Traced* traced) const {
  RunSetting setting{Mode::mail, html, locale_, &partials_};
  std::optional<Tree> copy;
  if (traced != nullptr) {
    setting.partials = &traced->partials;
    setting.trace = traced->trace;
    copy = traced_copy(tree);
  }
  Run run(copy ? *copy : tree, context, setting);
  if (shows_preheader_) run.set("preheader", Datum::of(preheader));
  if (&tree == layout_) {
    run.set("content", Datum::of(content, true));
    run.set("locale", Datum::of(std::string_view(locale_)));
  }
  if (!run.render(out, fault)) return false;
  make_valid(out);
  return true;
}

bool ParsedTemplate::value(FrontKey key, const Value& context, std::string& out,
                           Fault& fault) const {
  if (!front_.value(key)) return true;
  if (!piece(values_[static_cast<std::size_t>(key)], context, false, {}, {}, out, fault))
    return false;
  if (const std::string_view kept = strip(out); kept.size() != out.size()) out = std::string(kept);
  return true;
}

bool ParsedTemplate::html(const Value& context, Rendered& mail, Fault& fault, Trace* trace) const {
  std::optional<Traced> traced;
  if (trace != nullptr) {
    trace->clear();
    traced.emplace(partials_, trace);
  }
  const Traced* const with = traced ? &*traced : nullptr;
  mail.html.reserve(front_.body.end - front_.body.begin + 1024);
  if (!piece(body_, context, true, mail.preheader, {}, mail.html, fault, with)) return false;
  if (layout_ == nullptr) return true;
  const Trace body = trace == nullptr ? Trace() : std::exchange(*trace, Trace());
  std::string whole;
  if (!piece(*layout_, context, true, mail.preheader, mail.html, whole, fault, with)) return false;
  if (trace != nullptr) put_body(*trace, body, whole, mail.html);
  mail.html = std::move(whole);
  return true;
}

bool ParsedTemplate::body(const Value& context, Rendered& mail, Fault& fault, Trace* trace,
                          HtmlTextMemo* memo) const {
  if (!html_) return piece(body_, context, false, mail.preheader, {}, mail.text, fault);
  if (!html(context, mail, fault, trace)) return false;
  if (front_.text) {
    if (!piece(text_, context, false, mail.preheader, {}, mail.text, fault)) return false;
  } else {
    mail.text = memo != nullptr ? memo->convert(mail.html) : html_to_text(mail.html);
  }
  if (!mail.preheader.empty() && !shows_preheader_) {
    const auto [at, size] = insert_preheader(mail.html, mail.preheader);
    if (trace != nullptr) trace->shift(at, size);
  }
  return true;
}

Result<Rendered> ParsedTemplate::render(const Value& context, Trace* trace,
                                        HtmlTextMemo* memo) const {
  Rendered mail;
  Fault fault;
  mail.locale = locale_;
  const bool done = value(FrontKey::subject, context, mail.subject, fault) &&
                    value(FrontKey::preheader, context, mail.preheader, fault) &&
                    value(FrontKey::from, context, mail.from, fault) &&
                    value(FrontKey::reply_to, context, mail.reply_to, fault) &&
                    body(context, mail, fault, trace, memo);
  if (!done) {
    if (trace != nullptr) trace->fail(fault);
    return Error{ErrorKind::invalid, located(fault)};
  }
  return mail;
}

}  // namespace retaind::render
