#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "delivery/lint_mail.h"
#include "language/codes.h"
#include "render/html_text.h"

// Where a mail leads, and the pictures that it fetches.
namespace retaind::delivery {
namespace {

using language::Code;
using language::Severity;
using render::HtmlAttribute;
using render::HtmlToken;

std::string_view scheme_of(std::string_view address) {
  const std::size_t colon = address.find(':');
  const std::string_view scheme = address.substr(0, colon);
  const bool plain = colon != std::string_view::npos && !scheme.empty() &&
                     std::all_of(scheme.begin(), scheme.end(), [](char c) {
                       const char lower = static_cast<char>(c | 0x20);
                       return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
                              c == '+' || c == '-' || c == '.';
                     });
  return plain ? scheme : std::string_view();
}

using Fault = std::pair<std::string, std::string>;  // what is wrong, and the remedy

Fault relative(std::string_view address) {
  if (address.starts_with("//"))
    return {"takes `http:` or `https:` from its page, and a mail is none",
            "write `https:` in front of it"};
  return {"is relative, and a mail has no site that it could count from",
          "write the whole address, beginning with `https://`"};
}

/// What is wrong with an address; empty when it opens.
Fault fault_of(std::string_view address, bool image) {
  if (address.empty())
    return {"is empty", image ? "write the picture's https address" : "write where it leads"};
  const std::string scheme = lower_ascii(scheme_of(address));
  if (std::any_of(address.begin(), address.end(), is_space)) {
    if (scheme == "tel" || scheme == "sms")
      return {"has a space in it",
              "write the number without spaces, with `-` between its parts, or let "
              "`| remove: \" \"` do it"};
    return {"has a space in it", "write `%20`, or let `| url_encode` do it"};
  }
  if (scheme == "https") {
    if (address.size() > 8 && address.substr(6, 2) == "//" && address[8] != '/') return {};
    return {"names no server", "write `https://` and the rest of the address"};
  }
  if (scheme == "http") return {"is not https", "write `https://`"};
  if (scheme.empty()) return !image && address.front() == '#' ? Fault() : relative(address);
  if (scheme == "javascript" || scheme == "vbscript" || scheme == "data" || scheme == "file" ||
      scheme == "ftp" || image)
    return {fmt::format("is `{}:`, which mail programs do not open", scheme),
            image ? "write an https address" : "write an https, mailto or tel address"};
  return {};  // mailto, tel, sms, and programs of the reader
}

bool is_hidden(const HtmlToken& token) {
  if (token.find("hidden") != nullptr) return true;
  const HtmlAttribute* style = token.find("style");
  if (style == nullptr) return false;
  std::string text = lower_ascii(style->value);
  std::erase_if(text, is_space);
  return text.find("display:none") != std::string::npos ||
         text.find("visibility:hidden") != std::string::npos;
}

/// Of the site's own addresses it is told in retaind.yaml.
bool is_of_settings(std::string_view address, const Site& site) {
  for (const std::string* own : {&site.survey_url, &site.ticket_url}) {
    const std::string_view known = std::string_view(*own).substr(0, own->find('{'));
    if (!known.empty() && address.starts_with(known)) return true;
  }
  return false;
}

/// Where the source writes what became `address`, a value in it or not; `from` when it is a value.
std::size_t written_at(std::string_view source, std::size_t from, std::string_view address) {
  constexpr std::string_view scheme = "http://";
  for (std::size_t at = source.find(scheme, from); at != std::string_view::npos;
       at = source.find(scheme, at + 1)) {
    const std::string_view rest = source.substr(at);
    const std::string_view literal =
        rest.substr(0, std::min(rest.find_first_of("{\"' \t\r\n"), rest.size()));
    if (address.starts_with(literal)) return at;
  }
  return from;
}

/// The index behind the element that begins at `i`.
std::size_t behind_element(const std::vector<HtmlToken>& tokens, std::size_t i) {
  const std::string& name = tokens[i].name;
  if (render::is_void_element(name)) return i + 1;
  for (std::size_t open = 1; open > 0 && ++i < tokens.size();) {
    if (tokens[i].name != name) continue;
    if (tokens[i].kind == HtmlToken::Kind::start) ++open;
    if (tokens[i].kind == HtmlToken::Kind::end) --open;
  }
  return std::min(i + 1, tokens.size());
}

}  // namespace

/// Whether a reader can follow a link to the address: one that is shown, with words or a picture.
bool MailLint::leads_to(const std::vector<HtmlToken>& tokens, std::string_view address) const {
  const auto leads = [&](const HtmlToken& token) {
    const HtmlAttribute* href = token.find("href");
    return href != nullptr &&
           render::decode_entities(href->value).find(address) != std::string::npos;
  };
  bool inside = false;
  for (std::size_t i = 0; i < tokens.size();) {
    const HtmlToken& token = tokens[i];
    const bool begins = token.kind == HtmlToken::Kind::start;
    if (begins && is_hidden(token)) {
      i = behind_element(tokens, i);
      continue;
    }
    ++i;
    if (begins && token.name == "area" && leads(token)) return true;
    if (token.name == "a") inside = begins && leads(token);
    if (!inside) continue;
    if (begins && token.name == "img") return true;
    if (token.kind == HtmlToken::Kind::text &&
        !trim(std::string_view(proof_->mail.html).substr(token.begin, token.end - token.begin))
             .empty())
      return true;
  }
  return false;
}

void MailLint::addresses(const std::vector<HtmlToken>& tokens) {
  bool css = false;
  for (const HtmlToken& token : tokens) {
    if (token.kind == HtmlToken::Kind::text && token.raw && css)
      styles(token.begin,
             std::string_view(proof_->mail.html).substr(token.begin, token.end - token.begin));
    if (token.kind != HtmlToken::Kind::start) continue;
    css = token.name == "style";
    unquoted(token);
    if (token.name == "img") image(token);
    const bool outlook = token.name.starts_with("v:");
    if (token.name == "a" || token.name == "area" || outlook) {
      if (const HtmlAttribute* href = token.find("href")) link(token, *href);
    }
    if (const HtmlAttribute* style = token.find("style")) styles(style->at, style->value);
    for (const std::string_view name : {"background", "src"}) {
      const HtmlAttribute* picture = token.find(name);
      if (picture != nullptr && (outlook || name == "background"))
        background(picture->at, picture->value);
    }
  }
}

/// The pictures of `url(…)`; `at` is where the CSS begins.
void MailLint::styles(std::size_t at, std::string_view css) {
  const std::string lower = lower_ascii(css);
  for (std::size_t open = 0; (open = lower.find("url(", open)) != std::string::npos;) {
    open += 4;
    const std::size_t close = lower.find(')', open);
    if (close == std::string::npos) return;
    std::string_view address = trim(css.substr(open, close - open));
    for (const std::string_view quote : {"&quot;", "&#39;", "\"", "'"}) {
      const bool quoted = address.size() >= 2 * quote.size() && address.starts_with(quote) &&
                          address.ends_with(quote);
      if (!quoted) continue;
      address = trim(address.substr(quote.size(), address.size() - 2 * quote.size()));
      break;
    }
    if (!address.starts_with('#'))
      background(at + static_cast<std::size_t>(address.data() - css.data()), address);
    open = close;
  }
}

void MailLint::background(std::size_t at, std::string_view written) {
  const std::string address = render::decode_entities(trim(written));
  const auto [fault, remedy] = fault_of(address, true);
  if (fault.empty()) return;
  tell(at,
       {Severity::warning, Code::bad_link,
        fmt::format("the address `{}` of a background {}{}", address, fault, for_whom()), remedy});
}

void MailLint::unquoted(const HtmlToken& token) {
  for (const HtmlAttribute& attribute : token.attributes) {
    if (attribute.quoted || attribute.value.empty()) continue;
    const render::Spot spot = proof_->trace.find(attribute.at);
    if (spot.path.empty() || spot.literal) continue;
    tell(attribute.at, {Severity::warning, Code::broken_html,
                        fmt::format("the value of `{}` of `<{}>` has no quotes, and ends at the "
                                    "first space that the data has",
                                    attribute.name, token.name),
                        fmt::format("write {}=\"{{{{ … }}}}\"", attribute.name)});
  }
}

void MailLint::link(const HtmlToken& token, const HtmlAttribute& attribute) {
  const std::string address = render::decode_entities(trim(attribute.value));
  const auto [fault, remedy] = fault_of(address, false);
  if (fault.empty() || is_of_settings(address, *site_)) return;
  tell(attribute.at,
       {Severity::warning, Code::bad_link,
        fmt::format("the link `{}` of `<{}>` {}{}", address, token.name, fault, for_whom()),
        remedy});
}

/// Of a text part that is written by hand: mail programs make links of addresses.
void MailLint::text_links() {
  const std::string_view text = proof_->mail.text;
  for (std::size_t at = 0; (at = text.find("http://", at)) != std::string_view::npos; ++at) {
    const std::string_view rest = text.substr(at);
    const std::string_view address =
        rest.substr(0, std::min(rest.find_first_of(" \t\r\n"), rest.size()));
    if (is_of_settings(address, *site_)) continue;
    render::Spot spot = proof_->file.text;
    spot.at = written_at(spot.text, spot.at, address);
    tell_at(place(spot),
            {Severity::warning, Code::bad_link,
             fmt::format("the link `{}` is not https{}", address, for_whom()), "write `https://`"});
  }
}

void MailLint::image(const HtmlToken& token) {
  if (token.find("alt") == nullptr)
    tell(token.begin, {Severity::warning, Code::image_without_alt,
                       "the image has no `alt`, so who does not see it is told its file's name",
                       "write alt=\"…\", or alt=\"\" when it is decoration"});
  const HtmlAttribute* source = token.find("src");
  const std::string address =
      source == nullptr ? std::string() : render::decode_entities(trim(source->value));
  const auto [fault, remedy] = fault_of(address, true);
  if (fault.empty()) return;
  tell(source == nullptr ? token.begin : source->at,
       {Severity::warning, Code::bad_link,
        fmt::format("the image's address `{}` {}{}", address, fault, for_whom()), remedy});
}

}  // namespace retaind::delivery
