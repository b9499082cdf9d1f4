#include "render/html_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/text.h"
#include "render/lexer.h"

namespace retaind::render {
namespace {

enum class Effect { none, line, paragraph, cell, hidden };

// The first eight letters in one number; no two tags with an effect share them.
constexpr std::uint64_t packed(std::string_view name) {
  std::uint64_t key = 0;
  for (const char c : name.substr(0, 8)) key = (key << 8U) | static_cast<unsigned char>(c);
  return key;
}

struct TagEffect {
  std::uint64_t key = 0;
  Effect effect = Effect::none;
};
constexpr auto tag_effects = [] {
  std::array table = std::to_array<TagEffect>({
      {packed("address"), Effect::line},
      {packed("article"), Effect::line},
      {packed("blockquote"), Effect::paragraph},
      {packed("caption"), Effect::line},
      {packed("dd"), Effect::line},
      {packed("div"), Effect::line},
      {packed("dl"), Effect::paragraph},
      {packed("dt"), Effect::line},
      {packed("footer"), Effect::line},
      {packed("form"), Effect::line},
      {packed("h1"), Effect::paragraph},
      {packed("h2"), Effect::paragraph},
      {packed("h3"), Effect::paragraph},
      {packed("h4"), Effect::paragraph},
      {packed("h5"), Effect::paragraph},
      {packed("h6"), Effect::paragraph},
      {packed("head"), Effect::hidden},
      {packed("header"), Effect::line},
      {packed("hr"), Effect::paragraph},
      {packed("li"), Effect::line},
      {packed("main"), Effect::line},
      {packed("ol"), Effect::paragraph},
      {packed("p"), Effect::paragraph},
      {packed("pre"), Effect::paragraph},
      {packed("script"), Effect::hidden},
      {packed("section"), Effect::line},
      {packed("style"), Effect::hidden},
      {packed("table"), Effect::paragraph},
      {packed("td"), Effect::cell},
      {packed("template"), Effect::hidden},
      {packed("th"), Effect::cell},
      {packed("title"), Effect::hidden},
      {packed("tr"), Effect::line},
      {packed("ul"), Effect::paragraph},
  });
  std::sort(table.begin(), table.end(),
            [](const TagEffect& x, const TagEffect& y) { return x.key < y.key; });
  return table;
}();

Effect effect_of(std::string_view name) {
  const std::uint64_t key = packed(name);
  const auto found =
      std::lower_bound(tag_effects.begin(), tag_effects.end(), key,
                       [](const TagEffect& one, std::uint64_t wanted) { return one.key < wanted; });
  return found != tag_effects.end() && found->key == key ? found->effect : Effect::none;
}

bool is_void_tag(std::string_view name) {
  static constexpr std::string_view names[] = {"area",  "br",   "col",  "hr",     "img",
                                               "input", "link", "meta", "source", "wbr"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// `<name …>` or `</name>`.
struct Tag {
  std::array<char, 16> letters{};  // lower case; longer names have no effect
  std::size_t letter_count = 0;
  bool closes = false;
  std::string_view whole;  // from < to >
  [[nodiscard]] std::string_view name() const { return {letters.data(), letter_count}; }
};

// The end of a start tag: the first > outside quotes. `quotes` turns false at a quote that never
// ends; from then on the next > ends every tag, so that broken HTML is not searched to its end
// again and again.
// `surely` turns false when all of the HTML was looked at.
std::size_t tag_end(std::string_view html, std::size_t at, bool& quotes, bool& surely) {
  for (std::size_t i = at + 1; quotes && i < html.size(); ++i) {
    const char c = html[i];
    if (c == '>') return i + 1;
    if (c != '"' && c != '\'') continue;
    const std::size_t close = html.find(c, i + 1);
    quotes = close != std::string_view::npos;
    if (quotes) i = close;
  }
  surely = false;
  const std::size_t plain = html.find('>', at);
  return plain == std::string_view::npos ? html.size() : plain + 1;
}

bool hides(std::string_view tag) {
  if (tag.find("display") == std::string_view::npos) return false;
  std::string style = lower_ascii(attribute_of(tag, "style"));
  std::erase(style, ' ');
  return style.find("display:none") != std::string::npos;
}

class TextWriter {
 public:
  void text(std::string_view html) {
    const bool has_entities = html.find('&') != std::string_view::npos;
    const std::string decoded = has_entities ? decode_entities(html) : std::string();
    const std::string_view shown = has_entities ? std::string_view(decoded) : html;
    if (pre_ > 0) return verbatim(shown);
    for (std::size_t i = 0; i < shown.size();) {
      const std::size_t n = words(shown.substr(i));
      if (n > 0) word(shown.substr(i, n));
      i += n;
      if (i < shown.size()) space_ = true;
      while (i < shown.size() && is_space(shown[i])) ++i;
    }
  }
  /// Length of the words that `text` begins with and that may be copied in one piece, because a
  /// single space is between them.
  static std::size_t words(std::string_view text) {
    std::size_t n = 0;
    for (; n < text.size(); ++n) {
      if (!is_space(text[n])) continue;
      const bool single = n > 0 && text[n] == ' ' && n + 1 < text.size() && !is_space(text[n + 1]);
      if (!single) break;
    }
    return n;
  }
  void word(std::string_view shown) {
    begin();
    out_ += shown;
  }
  void line(std::size_t newlines) {
    newlines_ = std::max(newlines_, newlines);
    space_ = false;
  }
  void break_line() {
    // Two <br> are an empty line; the writer itself never makes more than one.
    newlines_ = std::min<std::size_t>(newlines_ + 1, 2);
    space_ = false;
  }
  void cell() { space_ = true; }
  void enter_pre() { ++pre_; }
  void leave_pre() { pre_ -= pre_ > 0 ? 1 : 0; }
  /// Where the next text will stand.
  [[nodiscard]] std::size_t mark() const { return out_.size(); }
  [[nodiscard]] std::string_view since(std::size_t mark) const {
    return std::string_view(out_).substr(std::min(mark, out_.size()));
  }
  /// Whether what comes depends on no more than begun(), newlines(), space() and ended().
  [[nodiscard]] bool plain() const { return pre_ == 0; }
  [[nodiscard]] bool begun() const { return !out_.empty(); }
  [[nodiscard]] std::size_t newlines() const { return newlines_; }
  [[nodiscard]] bool space() const { return space_; }
  [[nodiscard]] bool ended() const {
    return begun() && (out_.back() == ' ' || out_.back() == '\n');
  }
  void resume(std::string_view text, std::size_t newlines, bool space) {
    out_ += text;
    newlines_ = newlines;
    space_ = space;
  }
  std::string finish() {
    if (!out_.empty()) out_ += '\n';
    return std::move(out_);
  }

 private:
  void begin() {
    if (out_.empty()) newlines_ = 0;
    if (newlines_ > 0)
      out_.append(newlines_, '\n');
    else if (space_ && !out_.empty() && out_.back() != ' ' && out_.back() != '\n')
      out_ += ' ';
    newlines_ = 0;
    space_ = false;
  }
  void verbatim(std::string_view shown) {
    if (strip(shown).empty()) return;
    begin();
    out_ += shown;
  }

  std::string out_;
  std::size_t newlines_ = 0;
  bool space_ = false;
  int pre_ = 0;
};

}  // namespace

class HtmlConverter {
 public:
  using Place = HtmlTextMemo::Place;

  HtmlConverter(std::string_view html, const HtmlTextMemo* before, std::vector<Place>* places)
      : html_(html), before_(before), places_(places) {}

  std::string convert() {
    while (at_ < html_.size()) {
      if (is_place()) {
        if (places_ != nullptr)
          places_->push_back(
              {at_, writer_.mark(), writer_.newlines(), writer_.space(), writer_.ended()});
        if (before_ != nullptr && reuse()) continue;
      }
      if (html_[at_] == '<') {
        markup();
        continue;
      }
      const std::size_t open = std::min(html_.find('<', at_), html_.size());
      writer_.text(html_.substr(at_, open - at_));
      at_ = open;
    }
    return writer_.finish();
  }

  /// Bytes of the HTML that were not converted anew.
  [[nodiscard]] std::size_t reused() const { return reused_; }

 private:
  [[nodiscard]] bool is_place() const {
    return at_ > 0 && html_[at_] == '<' && html_[at_ - 1] == '\n' && quotes_ && link_.empty() &&
           lists_.empty() && writer_.plain();
  }

  /// Takes over everything up to the last place that both have, when this one is like the one
  /// expected or one soon behind it.
  bool reuse() {
    constexpr std::size_t places_ahead = 4;
    const std::vector<Place>& places = before_->places_;
    for (std::size_t i = next_; i + 1 < places.size() && i < next_ + places_ahead; ++i) {
      const Place& from = places[i];
      if ((from.text > 0) != writer_.begun() || from.newlines != writer_.newlines() ||
          from.space != writer_.space() || from.ended != writer_.ended())
        continue;
      const std::size_t end =
          from.html +
          common_prefix(html_.substr(at_), std::string_view(before_->html_).substr(from.html));
      // The tag that a place begins with must be there, too: the text in front ends at it.
      const auto behind = std::lower_bound(
          places.begin() + static_cast<std::ptrdiff_t>(i), places.end(), end,
          [](const Place& place, std::size_t wanted) { return place.html < wanted; });
      const auto last = static_cast<std::size_t>(behind - places.begin()) - 1;
      if (behind == places.begin() || last <= i) continue;
      const Place& to = places[last];
      writer_.resume(std::string_view(before_->text_).substr(from.text, to.text - from.text),
                     to.newlines, to.space);
      at_ += to.html - from.html;
      reused_ += to.html - from.html;
      next_ = last;
      return true;
    }
    ++next_;
    return false;
  }

  void markup() {
    const std::string_view rest = html_.substr(at_);
    if (rest.substr(0, 4) == "<!--") {
      const std::size_t end = rest.find("-->", 4);
      at_ = end == std::string_view::npos ? html_.size() : at_ + end + 3;
      return;
    }
    Tag tag;
    if (!read(tag)) {
      writer_.word("<");
      ++at_;
      return;
    }
    at_ += tag.whole.size();
    if (!tag.closes && (effect_of(tag.name()) == Effect::hidden || hides(tag.whole))) {
      if (!is_void_tag(tag.name())) skip(tag.name());
      return;
    }
    inline_tag(tag);
    block_tag(tag);
  }

  bool read(Tag& tag) {
    std::size_t i = at_ + 1;
    if (i < html_.size() && html_[i] == '/') {
      tag.closes = true;
      ++i;
    }
    const bool named = i < html_.size() && ((html_[i] | 0x20) >= 'a' && (html_[i] | 0x20) <= 'z');
    if (!named && !(i < html_.size() && (html_[i] == '!' || html_[i] == '?'))) return false;
    for (; i < html_.size() && !is_space(html_[i]) && html_[i] != '>' && html_[i] != '/'; ++i) {
      if (tag.letter_count == tag.letters.size()) {
        tag.letter_count = 0;
        break;
      }
      const char c = html_[i];
      tag.letters[tag.letter_count++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    }
    bool surely = true;
    tag.whole = html_.substr(at_, tag_end(html_, at_, quotes_, surely) - at_);
    // Another mail may end differently, and then this tag does.
    if (!surely) places_ = nullptr;
    return true;
  }

  // Passes over the inside of a hidden element.
  void skip(std::string_view name) {
    const std::string wanted(name);
    for (std::size_t depth = 1; depth > 0 && at_ < html_.size();) {
      at_ = std::min(html_.find('<', at_), html_.size());
      Tag tag;
      if (at_ == html_.size()) return;
      if (!read(tag)) {
        ++at_;
        continue;
      }
      at_ += tag.whole.size();
      if (tag.name() != wanted) continue;
      if (tag.closes)
        --depth;
      else
        ++depth;
    }
  }

  void inline_tag(const Tag& tag) {
    if (tag.name() == "br") return writer_.break_line();
    if (tag.name() == "img") {
      const std::string alt = decode_entities(attribute_of(tag.whole, "alt"));
      if (!strip(alt).empty()) writer_.text(alt);
      return;
    }
    if (tag.name() != "a") return;
    if (!tag.closes) {
      link_ = decode_entities(attribute_of(tag.whole, "href"));
      link_mark_ = writer_.mark();
      return;
    }
    const std::string_view shown = strip(writer_.since(link_mark_));
    const bool says_it = link_ == shown || link_ == "mailto:" + std::string(shown) ||
                         link_ == "tel:" + std::string(shown);
    if (!link_.empty() && link_.front() != '#' && !says_it) {
      if (!shown.empty()) writer_.cell();
      writer_.word("<" + link_ + ">");
    }
    link_.clear();
  }

  void block_tag(const Tag& tag) {
    const Effect effect = effect_of(tag.name());
    if (effect == Effect::none) return;
    if (effect == Effect::cell) return writer_.cell();
    const bool list = tag.name() == "ul" || tag.name() == "ol";
    if (list && tag.closes && !lists_.empty()) lists_.pop_back();
    // A list in a list is no paragraph of its own.
    writer_.line(effect == Effect::paragraph && !(list && !lists_.empty()) ? 2 : 1);
    if (list && !tag.closes && lists_.size() < 20) lists_.push_back(tag.name() == "ol" ? 1 : 0);
    if (tag.name() == "pre") tag.closes ? writer_.leave_pre() : writer_.enter_pre();
    if (tag.name() == "hr") {
      writer_.word("----");
      writer_.line(2);
    }
    if (tag.name() == "li" && !tag.closes) bullet();
  }

  void bullet() {
    const std::size_t depth = lists_.empty() ? 0 : lists_.size() - 1;
    const int number = lists_.empty() ? 0 : lists_.back();
    if (number > 0) ++lists_.back();
    writer_.word(std::string(2 * depth, ' ') + (number > 0 ? fmt::format("{}. ", number) : "- "));
  }

  std::string_view html_;
  const HtmlTextMemo* before_;
  std::vector<Place>* places_;
  std::size_t next_ = 0;  // of the places before
  std::size_t reused_ = 0;
  std::size_t at_ = 0;
  bool quotes_ = true;
  TextWriter writer_;
  std::string link_;
  std::size_t link_mark_ = 0;
  std::vector<int> lists_;  // next number of each open list, 0 for bullets
};

std::string HtmlTextMemo::convert(std::string_view html) {
  if (!learns_) {
    HtmlConverter converter(html, this, nullptr);
    std::string text = converter.convert();
    learns_ = converter.reused() < html.size() / 2;
    return text;
  }
  places_.clear();
  html_ = html;
  text_ = HtmlConverter(html, nullptr, &places_).convert();
  learns_ = false;
  return text_;
}

std::string_view attribute_of(std::string_view tag, std::string_view name) {
  std::size_t i = 1;
  while (i < tag.size() && !is_space(tag[i]) && tag[i] != '>') ++i;
  while (i < tag.size()) {
    while (i < tag.size() && (is_space(tag[i]) || tag[i] == '/')) ++i;
    const std::size_t begin = i;
    while (i < tag.size() && !is_space(tag[i]) && tag[i] != '=' && tag[i] != '>') ++i;
    const std::string_view key = tag.substr(begin, i - begin);
    while (i < tag.size() && is_space(tag[i])) ++i;
    std::string_view value;
    if (i < tag.size() && tag[i] == '=') {
      ++i;
      while (i < tag.size() && is_space(tag[i])) ++i;
      const char quote = i < tag.size() && (tag[i] == '"' || tag[i] == '\'') ? tag[i] : '\0';
      const std::size_t from = quote != 0 ? ++i : i;
      while (i < tag.size() && (quote != 0 ? tag[i] != quote : !is_space(tag[i]) && tag[i] != '>'))
        ++i;
      value = tag.substr(from, i - from);
      if (quote != 0 && i < tag.size()) ++i;
    } else if (i == begin) {
      ++i;
    }
    if (key.size() == name.size() && starts_with_ignoring_case(key, name)) return value;
  }
  return {};
}

std::string html_to_text(std::string_view html) {
  return HtmlConverter(html, nullptr, nullptr).convert();
}

}  // namespace retaind::render
