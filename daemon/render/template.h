#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "render/html_text.h"
#include "render/trace.h"

namespace retaind::render {

/// What front matter and body of a template render to for one customer; all text is valid UTF-8.
struct Rendered {
  std::string subject;
  std::string preheader;
  std::string from;      ///< empty: the site's sender
  std::string reply_to;  ///< empty: the site's
  std::string html;      ///< empty: a text-only mail
  std::string text;
  std::string locale;  ///< of the file that was used
};

/// Names of members of a variable.
using Members = std::set<std::string, std::less<>>;

/// A located mistake in a template: path:line:column, with the excerpt in `message` as the rule
/// checker shows it.
struct TemplateError {
  std::string path;
  std::size_t line = 0;  ///< 0: it is about the file
  std::size_t column = 0;
  std::string message;
  FaultKind kind = FaultKind::file;
  std::size_t at = 0;  ///< byte in `text`
  std::size_t length = 0;
  std::string what;  ///< the message without its excerpt; empty: there is none
  std::string text;  ///< of the file
};

/// A variable that a template prints without a `default`, and outside of any `if` about its
/// subject. The texts belong to the TemplateSet.
struct BareVariable {
  std::string_view path, text;  ///< of the file
  std::size_t at = 0;           ///< byte in the text
  std::string_view variable;    ///< "customer.first_name"
};

/// A variable that a mail shows or goes through in one of its branches, taken or not.
struct UsedVariable {
  Spot spot;
  std::string_view path;                ///< "customer.first_name", as written
  std::vector<std::string_view> asked;  ///< by the conditions around it
};

/// The file that a mail is made from: where to point at when something is wrong with it.
struct TemplateFile {
  std::string_view locale;
  Spot subject;           ///< its value
  Spot from, reply_to;    ///< theirs; without a path where the file has none
  Spot text;              ///< the text part, or the body that it is made from
  bool own_text = false;  ///< the text part is written there, and not made from the HTML
};

/// What one mail of a file leaves for the next, by the file's path.
using TextMemos = std::map<std::string, HtmlTextMemo, std::less<>>;

/// The files templates/<name>.<locale>.liquid, parsed once. Immutable after load, so a reload
/// builds a new set aside, and copies share one.
///
///     ---
///     subject: Order {{ order.number }} is on its way      (required; each value is one line of
///     Liquid) preheader, from, reply-to: …                          (Liquid too; a value may stand
///     in quotes) format: html                                          (or text: the body is the
///     text part, nothing is escaped) layout: base                                          (the
///     partial _base; `{{ content }}` is the body)
///     ---
///     body
///     --- text ---                                          (optional)
///     text part; without it the text is made from the HTML
///
/// _<name>.liquid and _<name>.<locale>.liquid are partials for `render` and `include`; they have no
/// front matter, and `render` sees the context but not the variables of its template. The preheader
/// is put behind <body …>, hidden, unless a body or layout prints `{{ preheader }}` itself. In HTML
/// every value is escaped; `| raw` opts out. Times are shown in the context's customer.timezone,
/// else timezone, else UTC; `now` is the context's now. An unknown variable stops the mail, except
/// in a condition and in front of `| default:` or `| honorific`; null is known and prints nothing.
class TemplateSet {
 public:
  TemplateSet();
  ~TemplateSet();
  TemplateSet(const TemplateSet&);
  TemplateSet& operator=(const TemplateSet&);
  TemplateSet(TemplateSet&&) noexcept;
  TemplateSet& operator=(TemplateSet&&) noexcept;

  /// Reads and parses every template; the errors of all files come back at once.
  static TemplateSet load(const std::filesystem::path& directory,
                          std::vector<TemplateError>& errors);
  /// Of one file name.locale.liquid, with the layouts and partials of a directory.
  static TemplateSet load_one(const std::filesystem::path& file,
                              const std::filesystem::path& partials,
                              std::vector<TemplateError>& errors);

  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::vector<std::string> locales(std::string_view name) const;

  /// Of all files of this name and their layouts; partials are left aside.
  [[nodiscard]] std::vector<BareVariable> bare_variables(std::string_view name) const;
  /// Whether any of its files, their layouts or partials asks for this variable of the context. A
  /// member of that name counts, too.
  [[nodiscard]] bool reads(std::string_view name, std::string_view variable) const;
  /// Which members of this variable they ask for by name. Empty: it may be any, because one of them
  /// takes the variable as a whole or by a name that only its run knows.
  [[nodiscard]] std::optional<Members> members_read(std::string_view name,
                                                    std::string_view variable) const;
  /// The file of a template and a locale that it has; empty when there is none.
  [[nodiscard]] std::string_view path_of(std::string_view name, std::string_view locale) const;
  /// Of a file that the set has, its layout and their partials: what would stop a mail that took
  /// that branch. Variables that the template sets itself and those in front of `default` are left
  /// aside.
  [[nodiscard]] std::vector<UsedVariable> used_variables(std::string_view name,
                                                         std::string_view locale) const;
  /// Where the file or its layout first prints the variable, when some mails pass it by: a branch
  /// that is not about the variable itself, a loop. Empty when all print it, or none.
  [[nodiscard]] std::optional<Spot> passed_by(std::string_view name, std::string_view locale,
                                              std::string_view variable) const;
  /// The file that render() takes for a reader; empty when it has none.
  [[nodiscard]] std::optional<TemplateFile> file_for(std::string_view name, std::string_view locale,
                                                     std::string_view site_locale) const;

  /// Locale chain: exact ("pt-BR") -> language ("pt") -> `site_locale` -> its language -> the only
  /// one there is. `trace`, when given, gets where the HTML comes from, for whoever looks for
  /// mistakes in it. `memos`, when given, spare the mails of one thread work; threads that share
  /// a set each have their own.
  [[nodiscard]] Result<Rendered> render(std::string_view name, std::string_view locale,
                                        std::string_view site_locale, const Value& context,
                                        Trace* trace = nullptr, TextMemos* memos = nullptr) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace retaind::render
