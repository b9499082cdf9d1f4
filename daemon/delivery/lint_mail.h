#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "language/codes.h"
#include "language/diagnostic.h"
#include "language/plan.h"
#include "model/site.h"
#include "render/html_reader.h"
#include "render/mime.h"
#include "render/template.h"

namespace retaind::delivery {

/// A mail as it would leave, and who would get it.
struct Proof {
  const language::Rule* rule = nullptr;
  const language::Step* step = nullptr;
  std::string_view text;  ///< name of its template
  render::TemplateFile file;
  std::string_view whom;  ///< "with a long name and 30 items"; empty: everybody
  bool to_customer = true;
  render::Mail mail;
  render::Trace trace;
};

/// What readers of a finished mail stumble over: advertising without a way to unsubscribe or a
/// postal address, links and images that do not open, HTML that mail programs read differently,
/// mails that Gmail clips. Each mistake of a template's line is told once, however many mails show
/// it.
class MailLint {
 public:
  MailLint(const Site& site, std::vector<language::Diagnostic>& out) : site_(&site), out_(&out) {}
  void look_at(const Proof& proof);
  /// What only stands in branches that the proof does not take: unknown variables, and the link to
  /// unsubscribe. `context` is what the mail was rendered from.
  void branches(const Proof& proof, const render::TemplateSet& templates, const Value& context);

 private:
  struct Finding {
    language::Severity severity;
    language::Code code;
    std::string message, remedy;
  };

  void law(const std::vector<render::HtmlToken>& tokens);
  void law_of_text(std::string_view way);
  void head();
  void text_part();
  void html(const std::vector<render::HtmlToken>& tokens, render::HtmlFaults faults);
  void size();
  void language(const std::vector<render::HtmlToken>& tokens);
  void left_out(const std::vector<render::HtmlToken>& tokens);

  // lint_links.cc
  [[nodiscard]] bool leads_to(const std::vector<render::HtmlToken>& tokens,
                              std::string_view address) const;
  void addresses(const std::vector<render::HtmlToken>& tokens);
  void text_links();
  void link(const render::HtmlToken& token, const render::HtmlAttribute& attribute);
  void image(const render::HtmlToken& token);
  void styles(std::size_t at, std::string_view css);
  void background(std::size_t at, std::string_view written);
  void unquoted(const render::HtmlToken& token);

  [[nodiscard]] std::string for_whom() const;
  /// At a byte of the HTML, as far as it is known where that comes from.
  void tell(std::size_t at, Finding finding);
  void tell_at(language::Where where, Finding finding);
  /// Of a template as a whole, at the step that sends it.
  void tell_of_template(Finding finding);
  [[nodiscard]] language::Where place(const render::Spot& spot);

  const Site* site_;
  std::vector<language::Diagnostic>* out_;
  const Proof* proof_ = nullptr;
  std::map<std::string, std::shared_ptr<const language::Source>, std::less<>> sources_;
  std::set<std::tuple<std::string, std::string, std::size_t>> told_;  // code, file, byte
};

}  // namespace retaind::delivery
