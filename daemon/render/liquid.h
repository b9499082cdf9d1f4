#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "render/run.h"

namespace retaind::render {

/// One Liquid text by itself, with its partials: what `retaind render` and the conformance suite
/// need. Mails come from TemplateSet.
class Liquid {
 public:
  /// `partials` by name. Parsing goes on after a mistake; a Liquid with faults renders nothing.
  /// With Mode::conformance a mistake in a partial is a fault of the rendering that uses it.
  Liquid(std::string path, std::string text, Mode mode,
         const std::map<std::string, std::string>& partials = {});

  [[nodiscard]] const Faults& faults() const { return faults_; }
  /// `html` escapes what is printed. The error is located: path:line:column, excerpt, carets.
  [[nodiscard]] Result<std::string> render(const Value& context, bool html = false,
                                           std::string_view locale = "en") const;

 private:
  struct Parsed {
    Source source;
    Tree tree;
  };
  const Tree* add(std::string path, std::string text, Faults& faults);

  Mode mode_;
  std::vector<std::unique_ptr<Parsed>> parsed_;
  Partials partials_;
  Faults faults_;
};

}  // namespace retaind::render
