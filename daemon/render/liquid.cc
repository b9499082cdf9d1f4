#include "render/liquid.h"

#include "base/text.h"

namespace retaind::render {

Liquid::Liquid(std::string path, std::string text, Mode mode,
               const std::map<std::string, std::string>& partials)
    : mode_(mode) {
  add(std::move(path), std::move(text), faults_);
  // To Shopify's, a partial is wrong only where it is used.
  Faults unused;
  for (const auto& [name, body] : partials)
    partials_[name] = add(name, body, mode == Mode::mail ? faults_ : unused);
}

const Tree* Liquid::add(std::string path, std::string text, Faults& faults) {
  parsed_.push_back(std::make_unique<Parsed>());
  Parsed& made = *parsed_.back();
  made.source = {std::move(path), std::move(text)};
  if (const std::size_t at = utf8_error(made.source.text); at < made.source.text.size()) {
    faults.push_back({&made.source, at, 1, "invalid UTF-8; save the file as UTF-8"});
    made.tree.broken = true;
    return &made.tree;
  }
  Parser(made.source, mode_, made.tree, faults).parse(0, made.source.text.size());
  return &made.tree;
}

Result<std::string> Liquid::render(const Value& context, bool html, std::string_view locale) const {
  if (!faults_.empty()) return Error{ErrorKind::invalid, located(faults_.front())};
  const RunSetting setting{mode_, html, locale, &partials_};
  Run run(parsed_.front()->tree, context, setting);
  std::string out;
  out.reserve(parsed_.front()->source.text.size() + 1024);
  Fault fault;
  if (!run.render(out, fault)) return Error{ErrorKind::invalid, located(fault)};
  return out;
}

}  // namespace retaind::render
