#include "render/html_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "render/lexer.h"

namespace retaind::render {
namespace {

constexpr std::string_view conditional = "<!--[if";
constexpr std::string_view end_of_conditional = "<![endif]-->";

bool is_letter(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'z';
}

/// Whether what stands behind `<!--[if !mso]>` ends the comment for all programs but Outlook.
bool revealed(std::string_view rest) {
  return rest.starts_with("<!-->") || rest.starts_with("-->") || rest.starts_with("<!---->") ||
         rest.starts_with("<!-- -->");
}

class Reader {
 public:
  Reader(std::string_view html, HtmlFaults& faults) : html_(html), faults_(&faults) {}

  std::vector<HtmlToken> read() {
    while (at_ < html_.size()) {
      if (html_[at_] != '<') {
        text(std::min(html_.find('<', at_), html_.size()));
      } else if (html_.substr(at_, 4) == "<!--") {
        comment();
      } else if (at_ + 1 < html_.size() && is_letter(html_[at_ + 1])) {
        start_tag();
      } else if (at_ + 2 < html_.size() && html_[at_ + 1] == '/' && is_letter(html_[at_ + 2])) {
        end_tag();
      } else if (at_ + 1 < html_.size() && (html_[at_ + 1] == '!' || html_[at_ + 1] == '?')) {
        // Doctype, `<![if !mso]>` and its end, `<?xml … ?>`.
        push(HtmlToken::Kind::comment, behind('>', at_));
      } else {
        fault(at_, "a `<` of the text is not escaped", "write `&lt;`");
        text(at_ + 1);
      }
    }
    return std::move(tokens_);
  }

 private:
  void fault(std::size_t at, std::string what, std::string remedy) {
    faults_->push_back({at, std::move(what), std::move(remedy)});
  }

  [[nodiscard]] std::size_t behind(char c, std::size_t from) const {
    const std::size_t found = html_.find(c, from);
    return found == std::string_view::npos ? html_.size() : found + 1;
  }

  HtmlToken& push(HtmlToken::Kind kind, std::size_t end) {
    HtmlToken token;
    token.kind = kind;
    token.begin = at_;
    token.end = end;
    at_ = end;
    tokens_.push_back(std::move(token));
    return tokens_.back();
  }

  void text(std::size_t end) {
    if (!tokens_.empty() && tokens_.back().kind == HtmlToken::Kind::text && !tokens_.back().raw) {
      tokens_.back().end = at_ = end;
      return;
    }
    push(HtmlToken::Kind::text, end);
  }

  void comment() {
    // `<!-->` is a whole comment, and so ends what `<!--[if !mso]>` begins.
    const std::size_t close = html_.find("-->", at_ + 2);
    if (close == std::string_view::npos) {
      fault(at_, "the comment is never closed, and nothing behind it is shown",
            "write `-->` where it ends");
      push(HtmlToken::Kind::comment, html_.size());
      return;
    }
    const std::string_view all = html_.substr(at_, close + 3 - at_);
    const bool for_others =
        all.find("]>") != std::string_view::npos && revealed(all.substr(all.find("]>") + 2));
    if (all.starts_with(conditional) && !for_others && !all.ends_with(end_of_conditional))
      fault(at_,
            "the conditional comment does not end with `<![endif]-->`, so Outlook hides all "
            "that follows",
            "write `<![endif]-->` instead of its `-->`");
    push(HtmlToken::Kind::comment, close + 3);
  }

  void end_tag() {
    const std::size_t begin = at_;
    HtmlToken& token = push(HtmlToken::Kind::end, behind('>', at_));
    std::size_t i = begin + 2;
    token.name = name_from(i);
    if (html_[token.end - 1] != '>')
      fault(begin, fmt::format("`</{}` has no `>`", token.name), "write it");
  }

  std::string name_from(std::size_t& i) const {
    const std::size_t begin = i;
    while (i < html_.size() && !is_space(html_[i]) && html_[i] != '>' && html_[i] != '/') ++i;
    return lower_ascii(html_.substr(begin, i - begin));
  }

  void start_tag() {
    const std::size_t begin = at_;
    HtmlToken token;
    token.kind = HtmlToken::Kind::start;
    token.begin = begin;
    std::size_t i = begin + 1;
    token.name = name_from(i);
    if (!attributes(token, i)) {
      // Whatever the quote has swallowed is read as if the tag had ended in time.
      fault(begin,
            fmt::format("a quote in `<{}` is not closed, or stands where none belongs", token.name),
            "write each value as name=\"value\"");
      i = behind('>', begin);
      token.attributes.clear();
    }
    token.end = at_ = i;
    const std::string name = token.name;
    tokens_.push_back(std::move(token));
    if (name == "style" || name == "script" || name == "title" || name == "textarea") raw(name);
  }

  /// Up to behind the `>`; false when quotes do not match.
  bool attributes(HtmlToken& token, std::size_t& i) {
    while (true) {
      while (i < html_.size() && (is_space(html_[i]) || html_[i] == '/')) ++i;
      if (i == html_.size()) return false;
      if (html_[i] == '>') {
        token.closes_itself = html_[i - 1] == '/';
        ++i;
        return true;
      }
      HtmlAttribute attribute;
      const std::size_t begin = i;
      while (i < html_.size() && !is_space(html_[i]) && html_[i] != '>' && html_[i] != '/' &&
             (html_[i] != '=' || i == begin)) {
        if (html_[i] == '"' || html_[i] == '\'' || html_[i] == '<') return false;
        ++i;
      }
      attribute.name = lower_ascii(html_.substr(begin, i - begin));
      attribute.at = i;
      std::size_t next = i;
      while (next < html_.size() && is_space(html_[next])) ++next;
      if (next < html_.size() && html_[next] == '=') {
        i = next + 1;
        while (i < html_.size() && is_space(html_[i])) ++i;
        if (!value(token, attribute, i)) return false;
      }
      if (token.find(attribute.name) != nullptr)
        fault(begin,
              fmt::format("`<{}>` has `{}` twice, and the second is left out", token.name,
                          attribute.name),
              "write it once, with both values");
      token.attributes.push_back(std::move(attribute));
    }
  }

  bool value(const HtmlToken& token, HtmlAttribute& attribute, std::size_t& i) {
    if (i == html_.size()) return false;
    const char quote = html_[i];
    attribute.quoted = quote == '"' || quote == '\'';
    if (attribute.quoted) {
      const std::size_t close = html_.find(quote, i + 1);
      if (close == std::string_view::npos) return false;
      attribute.at = i + 1;
      attribute.value = html_.substr(i + 1, close - i - 1);
      i = close + 1;
      return true;
    }
    attribute.at = i;
    while (i < html_.size() && !is_space(html_[i]) && html_[i] != '>') ++i;
    attribute.value = html_.substr(attribute.at, i - attribute.at);
    if (attribute.value.empty() || attribute.value.find_first_of("\"'<=`") != std::string::npos ||
        attribute.value.ends_with('/'))
      fault(attribute.at,
            fmt::format("the value of `{}` of `<{}>` has no quotes and takes in what stands "
                        "beside it",
                        attribute.name, token.name),
            fmt::format("write {}=\"…\"", attribute.name));
    return true;
  }

  /// What style, script, title and textarea hold is no HTML.
  void raw(const std::string& name) {
    const std::string wanted = "</" + name;
    std::size_t end = at_;
    while (true) {
      end = html_.find("</", end);
      if (end == std::string_view::npos) {
        fault(tokens_.back().begin,
              fmt::format("`<{}>` is never closed, and takes in all that follows", name),
              fmt::format("write `</{}>`", name));
        end = html_.size();
        break;
      }
      if (starts_with_ignoring_case(html_.substr(end), wanted)) break;
      end += 2;
    }
    if (end > at_) push(HtmlToken::Kind::text, end).raw = true;
  }

  std::string_view html_;
  HtmlFaults* faults_;
  std::size_t at_ = 0;
  std::vector<HtmlToken> tokens_;
};

void blank(std::string& html, std::size_t begin, std::size_t end) {
  std::fill(html.begin() + static_cast<std::ptrdiff_t>(begin),
            html.begin() + static_cast<std::ptrdiff_t>(end), ' ');
}

}  // namespace

const HtmlAttribute* HtmlToken::find(std::string_view attribute) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const HtmlAttribute& one) { return one.name == attribute; });
  return found == attributes.end() ? nullptr : &*found;
}

std::vector<HtmlToken> read_html(std::string_view html, HtmlFaults& faults) {
  return Reader(html, faults).read();
}

std::string as_outlook_reads(std::string_view html) {
  if (html.find(conditional) == std::string_view::npos) return {};
  std::string seen(html);
  for (std::size_t at = 0; (at = seen.find(conditional, at)) != std::string::npos;) {
    const std::size_t begin = seen.find("]>", at);
    if (begin == std::string::npos) break;
    const std::string asked = lower_ascii(std::string_view(seen).substr(at + 4, begin - at - 4));
    const bool shown =
        asked.find("mso") != std::string::npos && asked.find('!') == std::string::npos;
    const std::string_view rest = std::string_view(seen).substr(begin + 2);
    const bool for_others = revealed(rest);
    const std::size_t close =
        seen.find(for_others ? "<!--<![endif]-->" : end_of_conditional, begin);
    if (close == std::string::npos) break;
    const std::size_t end = close + (for_others ? 16 : end_of_conditional.size());
    if (shown) {
      blank(seen, at, for_others ? seen.find('>', begin + 2) + 1 : begin + 2);
      blank(seen, close, end);
    } else {
      blank(seen, at, end);
    }
    at = end;
  }
  return seen;
}

}  // namespace retaind::render
