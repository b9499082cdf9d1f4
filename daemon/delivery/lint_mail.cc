#include "delivery/lint_mail.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "language/codes.h"
#include "render/html_text.h"

namespace retaind::delivery {
namespace {

using language::Code;
using language::Severity;
using language::Where;
using render::HtmlAttribute;
using render::HtmlToken;

// Gmail shows no more of a mail's HTML, and puts "View entire message" in the place of the rest,
// the link to unsubscribe with it.
constexpr std::size_t gmail_clips = std::size_t{102} * 1024;
constexpr std::size_t nearly_clipped = gmail_clips / 10 * 9;
// Beyond, every program cuts a subject off, and many filters take it for spam.
constexpr std::size_t longest_subject = 150;

std::string kilobytes(std::size_t bytes) { return fmt::format("{} KB", (bytes + 512) / 1024); }

/// Letters and digits alone: a postal address stands in lines in one place and in one line in
/// another.
std::string letters(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t point = next_code_point(text, at);
    const bool ascii =
        (point >= '0' && point <= '9') || ((point | 0x20) >= 'a' && (point | 0x20) <= 'z');
    const bool other = point >= 0x80 && point != 0xA0 && !(point >= 0x2000 && point <= 0x206F) &&
                       !(point >= 0x3000 && point <= 0x3003) && point != 0xFF0C;
    if (ascii || other) append_utf8(out, point);
  }
  return lower_ascii(out);
}

}  // namespace

void MailLint::look_at(const Proof& proof) {
  proof_ = &proof;
  render::HtmlFaults faults;
  const std::vector<HtmlToken> tokens = render::read_html(proof.mail.html, faults);
  law(tokens);
  head();
  text_part();
  if (proof.file.own_text) text_links();
  if (!proof.mail.html.empty()) html(tokens, std::move(faults));
  proof_ = nullptr;
}

std::string MailLint::for_whom() const {
  return proof_->whom.empty() ? std::string() : fmt::format(", for a customer {}", proof_->whom);
}

Where MailLint::place(const render::Spot& spot) {
  auto& source = sources_[std::string(spot.path)];
  if (!source)
    source = std::make_shared<language::Source>(
        language::Source{std::string(spot.path), std::string(spot.text)});
  Where where;
  where.source = source;
  where.begin = spot.at;
  where.end = spot.at + 1;
  return where;
}

void MailLint::tell_at(Where where, Finding finding) {
  const std::string code = language::name_of(finding.code);
  const std::string path = where.source ? where.source->path : std::string();
  if (!told_.emplace(code, path, where.begin).second) return;
  out_->push_back({finding.severity, code, std::move(where), std::move(finding.message),
                   std::move(finding.remedy)});
}

void MailLint::tell_of_template(Finding finding) {
  const std::string code = language::name_of(finding.code);
  if (!told_.emplace(code, std::string(proof_->file.subject.path), std::string::npos).second)
    return;
  out_->push_back({finding.severity, code, proof_->step->where, std::move(finding.message),
                   std::move(finding.remedy)});
}

void MailLint::tell(std::size_t at, Finding finding) {
  const render::Spot spot = proof_->trace.find(at);
  // In front of the body stands what the program adds by itself.
  tell_at(place(spot.path.empty() ? proof_->file.text : spot), std::move(finding));
}

void MailLint::law(const std::vector<HtmlToken>& tokens) {
  const Purpose purpose = proof_->rule->purpose;
  if (!proof_->to_customer || (purpose != Purpose::marketing && purpose != Purpose::feedback))
    return;
  const render::Mail& mail = proof_->mail;
  const std::string_view way = mail.list_unsubscribe_url.empty()
                                   ? std::string_view(mail.list_unsubscribe_mailto)
                                   : std::string_view(mail.list_unsubscribe_url);
  if (proof_->file.own_text) law_of_text(way);
  if (mail.html.empty()) return;
  if (!leads_to(tokens, way))
    tell_of_template(
        {Severity::warning, Code::no_way_out,
         fmt::format("the text of `{}` for readers of `{}` has no link to unsubscribe{}",
                     proof_->text, proof_->file.locale, for_whom()),
         "write `{% if unsubscribe.link %}<a href=\"{{ unsubscribe.link }}\">Unsubscribe</a>{% "
         "endif %}` into the template"});
  if (purpose == Purpose::marketing &&
      letters(render::html_to_text(mail.html)).find(letters(site_->sender.postal_address)) ==
          std::string::npos)
    tell_of_template(
        {Severity::warning, Code::no_postal_address,
         fmt::format("the text of `{}` for readers of `{}` does not show the postal address{}",
                     proof_->text, proof_->file.locale, for_whom()),
         "write `{{ site.postal_address }}` into the template"});
}

/// Of a text part that is written by hand: who reads it sees nothing of the HTML.
void MailLint::law_of_text(std::string_view way) {
  const render::Mail& mail = proof_->mail;
  const std::string_view what = mail.html.empty() ? "text" : "text part";
  const auto tell = [&](Code code, std::string_view fault, std::string remedy) {
    tell_at(place(proof_->file.text),
            {Severity::warning, code,
             fmt::format("the {} of `{}` for readers of `{}` {}{}", what, proof_->text,
                         proof_->file.locale, fault, for_whom()),
             std::move(remedy)});
  };
  if (mail.text.find(way) == std::string::npos)
    tell(Code::no_way_out, "has no link to unsubscribe",
         "write `{% if unsubscribe.link %}Unsubscribe: {{ unsubscribe.link }}{% endif %}` into it");
  if (proof_->rule->purpose == Purpose::marketing &&
      letters(mail.text).find(letters(site_->sender.postal_address)) == std::string::npos)
    tell(Code::no_postal_address, "does not show the postal address",
         "write `{{ site.postal_address }}` into it");
}

void MailLint::head() {
  const std::string& subject = proof_->mail.subject;
  const auto characters =
      static_cast<std::size_t>(std::count_if(subject.begin(), subject.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
      }));
  if (trim(subject).empty())
    tell_at(
        place(proof_->file.subject),
        {Severity::warning, Code::bad_subject, fmt::format("the subject is empty{}", for_whom()),
         "write `| default: \"…\"` behind the value, or words beside it"});
  else if (characters > longest_subject)
    tell_at(place(proof_->file.subject),
            {Severity::warning, Code::bad_subject,
             fmt::format("the subject has {} characters{}; beyond {} it is cut off "
                         "everywhere",
                         characters, for_whom(), longest_subject),
             "shorten it, or a value with `| truncate_graphemes: 40`"});
}

void MailLint::text_part() {
  // A word that is no address.
  std::string_view rest = proof_->mail.text;
  while (!rest.empty()) {
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
    std::size_t end = 0;
    while (end < rest.size() && !is_space(rest[end])) ++end;
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end);
    if (word.find("://") == std::string_view::npos && word.find('@') == std::string_view::npos &&
        !letters(word).empty())
      return;
  }
  tell_at(place(proof_->file.text),
          {Severity::warning, Code::bad_text_part,
           fmt::format("the text part says nothing{}: it is empty, or links alone", for_whom()),
           "write words into the body, or a part behind `--- text ---`"});
}

void MailLint::html(const std::vector<HtmlToken>& tokens, render::HtmlFaults faults) {
  const std::string& html = proof_->mail.html;
  check_nesting(html, tokens, faults);
  addresses(tokens);
  left_out(tokens);
  language(tokens);
  size();
  if (const std::string outlook = render::as_outlook_reads(html); !outlook.empty()) {
    render::HtmlFaults more;
    const std::vector<HtmlToken> seen = render::read_html(outlook, more);
    check_nesting(outlook, seen, more);
    addresses(seen);
    // What is wrong for everyone is told once.
    if (faults.empty()) {
      for (render::HtmlFault& fault : more) fault.what = "as Outlook reads it, " + fault.what;
      faults = std::move(more);
    }
  }
  for (render::HtmlFault& fault : faults)
    tell(fault.at,
         {Severity::warning, Code::broken_html, fault.what + for_whom(), std::move(fault.remedy)});
}

namespace {

/// Which languages the text of a mail says it is in, and how much of it each.
class Languages {
 public:
  struct Said {
    const HtmlAttribute* by = nullptr;  ///< nullptr: nothing says it
    std::string language;               ///< "zh" of "zh-Hans", in lower case
    std::size_t letters = 0;
  };

  Languages(std::string_view html, const std::vector<HtmlToken>& tokens) : html_(html) {
    for (const HtmlToken& token : tokens) {
      if (token.kind == HtmlToken::Kind::start) start(token);
      if (token.kind == HtmlToken::Kind::end) end(token.name);
      if (token.kind == HtmlToken::Kind::text && !token.raw)
        count(open_.empty() ? nullptr : open_.back().by,
              letters(html_.substr(token.begin, token.end - token.begin)).size());
    }
  }

  [[nodiscard]] bool none() const { return said_.empty(); }
  /// What most of it is in.
  [[nodiscard]] Said most() const {
    std::map<std::string_view, std::size_t> all;
    for (const Said& one : said_) all[one.language] += one.letters;
    const auto found = std::max_element(
        all.begin(), all.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    Said most;
    for (const Said& one : said_)
      if (one.language == found->first && (most.by == nullptr || one.letters > most.letters))
        most = one;
    return most;
  }

 private:
  struct Open {
    std::string_view name;
    const HtmlAttribute* by = nullptr;
  };

  void start(const HtmlToken& token) {
    const HtmlAttribute* own = token.find("lang");
    const HtmlAttribute* by = own != nullptr ? own : open_.empty() ? nullptr : open_.back().by;
    const HtmlAttribute* alt = token.find("alt");
    if (alt != nullptr) count(by, letters(alt->value).size());
    // Of a mail without words.
    if (own != nullptr && (token.name == "html" || token.name == "body")) count(by, 1);
    if (!render::is_void_element(token.name) && !token.closes_itself)
      open_.push_back({token.name, by});
  }

  void end(std::string_view name) {
    for (std::size_t i = open_.size(); i-- > 0;)
      if (open_[i].name == name) return open_.resize(i);
  }

  void count(const HtmlAttribute* by, std::size_t letters) {
    if (letters == 0) return;
    const auto found =
        std::find_if(said_.begin(), said_.end(), [&](const Said& one) { return one.by == by; });
    if (found != said_.end()) {
      found->letters += letters;
      return;
    }
    const std::string value = by == nullptr ? std::string() : lower_ascii(by->value);
    said_.push_back({by, value.substr(0, value.find('-')), letters});
  }

  std::string_view html_;
  std::vector<Open> open_;
  std::vector<Said> said_;
};

}  // namespace

void MailLint::language(const std::vector<HtmlToken>& tokens) {
  const std::string wanted =
      lower_ascii(proof_->file.locale.substr(0, proof_->file.locale.find('-')));
  const Languages languages(proof_->mail.html, tokens);
  if (languages.none()) return;
  const Languages::Said most = languages.most();
  if (most.by == nullptr) {
    const auto first = std::find_if(tokens.begin(), tokens.end(), [](const HtmlToken& token) {
      return token.kind == HtmlToken::Kind::start;
    });
    tell(first == tokens.end() ? 0 : first->begin,
         {Severity::note, Code::no_language,
          "nothing says which language the mail is written in, so it is read aloud by the rules "
          "of another",
          fmt::format("write `<html lang=\"{}\">`", proof_->file.locale)});
  } else if (most.language != wanted) {
    tell(most.by->at,
         {Severity::note, Code::no_language,
          fmt::format("this says that the mail is written in `{}`, and the file is for readers of "
                      "`{}`",
                      most.by->value, proof_->file.locale),
          fmt::format("write `lang=\"{}\"`", proof_->file.locale)});
  }
}

/// What mail programs take out, for the safety of their readers.
void MailLint::left_out(const std::vector<HtmlToken>& tokens) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> all{
      {{"script", "delete it"},
       {"form", "link to a page that has it"},
       {"iframe", "show a picture that links to the page"},
       {"object", "show a picture that links to it"},
       {"embed", "show a picture that links to it"}}};
  for (const HtmlToken& token : tokens) {
    if (token.kind != HtmlToken::Kind::start) continue;
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const auto& one) { return one.first == token.name; });
    if (found == all.end()) continue;
    tell(token.begin,
         {Severity::warning, Code::broken_html,
          fmt::format("mail programs leave `<{}>` out", token.name), std::string(found->second)});
  }
}

namespace {

/// What the bytes of an HTML are.
struct Parts {
  std::size_t styles = 0;
  std::size_t tags = 0;
  std::size_t comments = 0;
  std::size_t words = 0;
};

Parts parts_of(std::string_view html) {
  render::HtmlFaults ignored;
  Parts parts;
  for (const HtmlToken& token : render::read_html(html, ignored)) {
    const std::size_t size = token.end - token.begin;
    if (token.kind == HtmlToken::Kind::comment)
      parts.comments += size;
    else if (token.kind == HtmlToken::Kind::text)
      (token.raw ? parts.styles : parts.words) += size;
    else
      parts.tags += size;
    const HtmlAttribute* style = token.find("style");
    if (style == nullptr) continue;
    parts.styles += style->value.size();
    parts.tags -= style->value.size();
  }
  return parts;
}

}  // namespace

void MailLint::size() {
  const std::string& html = proof_->mail.html;
  if (html.size() < nearly_clipped) return;
  // The line that most of it comes from.
  std::map<std::pair<std::string_view, std::size_t>, std::pair<std::size_t, std::size_t>> lines;
  const auto& pieces = proof_->trace.pieces();
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::size_t next = i + 1 < pieces.size() ? pieces[i + 1].out : html.size();
    const render::Spot spot = proof_->trace.find(pieces[i].out);
    auto& [bytes, first] = lines[{spot.path, spot.at}];
    bytes += next - pieces[i].out;
    first = pieces[i].out;
  }
  const auto most = std::max_element(lines.begin(), lines.end(), [](const auto& a, const auto& b) {
    return a.second.first < b.second.first;
  });
  const bool clipped = html.size() >= gmail_clips;
  const Parts parts = parts_of(html);
  const std::string most_of_it =
      most == lines.end() ? std::string()
                          : fmt::format("; {} come from here", kilobytes(most->second.first));
  tell(most == lines.end() ? 0 : most->second.second,
       {Severity::warning, Code::clipped,
        fmt::format("the HTML of `{}` has {}{}, and Gmail {} 102 KB: {} styles, {} tags, {} "
                    "comments, {} text{}",
                    proof_->text, kilobytes(html.size()), for_whom(),
                    clipped ? "hides what is beyond" : "would hide what is beyond",
                    kilobytes(parts.styles), kilobytes(parts.tags), kilobytes(parts.comments),
                    kilobytes(parts.words), most_of_it),
        parts.words > html.size() / 2
            ? "shorten the text, or link to a page that has the rest"
            : "show fewer items, or move styles from the tags into one `<style>`"});
}

}  // namespace retaind::delivery
