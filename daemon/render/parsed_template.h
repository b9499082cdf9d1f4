#pragma once
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "render/front_matter.h"
#include "render/run.h"
#include "render/template.h"

namespace retaind::render {

struct ParsedPartial {
  std::string locale;  ///< key; empty: for all
  Source source;
  Tree tree;
};

/// One file templates/<name>.<locale>.liquid. Neither copied nor moved: its trees point into its
/// source.
class ParsedTemplate {
 public:
  ParsedTemplate(std::string path, std::string text, std::string locale);
  ParsedTemplate(const ParsedTemplate&) = delete;
  ParsedTemplate& operator=(const ParsedTemplate&) = delete;

  void parse(Faults& faults);
  /// Looks up layout and the partials that are named outright. To be called once all files are
  /// parsed.
  void link(Partials partials, Faults& faults);
  /// `trace`, when given, gets where the HTML comes from; `memo` is of this file's mails.
  [[nodiscard]] Result<Rendered> render(const Value& context, Trace* trace,
                                        HtmlTextMemo* memo) const;
  [[nodiscard]] const std::string& locale() const { return locale_; }
  [[nodiscard]] const std::string& path() const { return source_.path; }
  [[nodiscard]] TemplateFile file() const;
  void used_variables(std::vector<UsedVariable>& found) const;
  [[nodiscard]] std::optional<Spot> passed_by(std::string_view variable) const;
  void bare_variables(std::vector<BareVariable>& found) const;
  /// TemplateSet::reads()
  [[nodiscard]] bool reads(std::string_view variable) const;
  /// TemplateSet::members_read(); false: nobody knows which.
  [[nodiscard]] bool add_members(std::string_view variable, Members& members) const;

 private:
  struct Traced;  // what one traced rendering needs
  /// All that a rendering may run.
  [[nodiscard]] std::vector<const Tree*> trees() const;
  [[nodiscard]] bool piece(const Tree& tree, const Value& context, bool html,
                           std::string_view preheader, std::string_view content, std::string& out,
                           Fault& fault, const Traced* traced = nullptr) const;
  [[nodiscard]] bool value(FrontKey key, const Value& context, std::string& out,
                           Fault& fault) const;
  [[nodiscard]] bool body(const Value& context, Rendered& mail, Fault& fault, Trace* trace,
                          HtmlTextMemo* memo) const;
  [[nodiscard]] bool html(const Value& context, Rendered& mail, Fault& fault, Trace* trace) const;
  void check_partials(const Tree& tree, Faults& faults) const;

  Source source_;
  std::string locale_;
  FrontMatter front_;
  std::array<Tree, front_keys.size()> values_;
  Tree body_;
  Tree text_;
  bool html_ = true;
  bool shows_preheader_ = false;  // body or layout print it themselves
  const Tree* layout_ = nullptr;
  Partials partials_;
};

}  // namespace retaind::render
