#include "render/parsed_template.h"

#include <fmt/format.h>

#include <algorithm>

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

void insert_preheader(std::string& html, std::string_view preheader) {
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
}

void make_valid(std::string& text) {
  if (!is_valid_utf8(text)) text = to_valid_utf8(text);
}

}  // namespace

ParsedTemplate::ParsedTemplate(std::string path, std::string text, std::string locale)
    : source_{std::move(path), std::move(text)}, locale_(std::move(locale)) {}

void ParsedTemplate::parse(Faults& faults) {
  if (const std::size_t at = utf8_error(source_.text); at < source_.text.size()) {
    faults.push_back({&source_, at, 1, "invalid UTF-8; save the file as UTF-8"});
    return;
  }
  front_ = read_front_matter(source_, faults);
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
    std::vector<std::string_view> known;
    for (const auto& [key, one] : partials_) known.push_back(key);
    const auto near = nearest(wanted, known);
    faults.push_back({tree.source, name.at, name.length,
                      fmt::format("unknown partial `{0}`; {1}", wanted,
                                  near ? fmt::format("did you mean `{}`?", *near)
                                       : fmt::format("add the file _{0}.{1}.liquid or _{0}.liquid",
                                                     wanted, locale_))});
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
    faults.push_back({&source_, layout->begin, name.size(),
                      fmt::format("unknown layout `{0}`; add the file _{0}.liquid", name)});
    return;
  }
  layout_ = found->second;
  shows_preheader_ = shows_preheader_ || names(*layout_, "preheader");
  if (!names(*layout_, "content"))
    faults.push_back({&source_, layout->begin, name.size(),
                      fmt::format("the layout `{}` never prints {{{{ content }}}}", name)});
}

bool ParsedTemplate::piece(const Tree& tree, const Value& context, bool html,
                           std::string_view preheader, std::string_view content, std::string& out,
                           Fault& fault) const {
  const RunSetting setting{Mode::mail, html, locale_, &partials_};
  Run run(tree, context, setting);
  if (shows_preheader_) run.set("preheader", Datum::of(preheader));
  if (&tree == layout_) run.set("content", Datum::of(content, true));
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

bool ParsedTemplate::body(const Value& context, Rendered& mail, Fault& fault) const {
  if (!html_) return piece(body_, context, false, mail.preheader, {}, mail.text, fault);
  mail.html.reserve(front_.body.end - front_.body.begin + 1024);
  if (!piece(body_, context, true, mail.preheader, {}, mail.html, fault)) return false;
  if (layout_ != nullptr) {
    std::string whole;
    if (!piece(*layout_, context, true, mail.preheader, mail.html, whole, fault)) return false;
    mail.html = std::move(whole);
  }
  if (front_.text) {
    if (!piece(text_, context, false, mail.preheader, {}, mail.text, fault)) return false;
  } else {
    mail.text = memo_.convert(mail.html);
  }
  if (!mail.preheader.empty() && !shows_preheader_) insert_preheader(mail.html, mail.preheader);
  return true;
}

Result<Rendered> ParsedTemplate::render(const Value& context) const {
  Rendered mail;
  Fault fault;
  mail.locale = locale_;
  const bool done = value(FrontKey::subject, context, mail.subject, fault) &&
                    value(FrontKey::preheader, context, mail.preheader, fault) &&
                    value(FrontKey::from, context, mail.from, fault) &&
                    value(FrontKey::reply_to, context, mail.reply_to, fault) &&
                    body(context, mail, fault);
  if (!done) return Error{ErrorKind::invalid, located(fault)};
  return mail;
}

}  // namespace retaind::render
