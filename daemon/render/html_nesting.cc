#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>

#include "render/html_reader.h"
#include "render/lexer.h"

// The rules of WHATWG HTML 13.2.6 as far as they say that an author has made a mistake: what is
// left open, closed twice, or moved elsewhere.
namespace retaind::render {
namespace {

// Deeper than any mail; a search goes through all that is open.
constexpr std::size_t deepest = 256;
// What follows from a mistake is often a mistake, too.
constexpr std::size_t most_faults = 20;

using Names = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view name, Names names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// HTML 13.1.2.4.
bool ends_by_itself(std::string_view name) {
  return is_one_of(name, {"html",    "head",   "body",     "p",     "li",    "dt",    "dd",
                          "tr",      "td",     "th",       "thead", "tbody", "tfoot", "colgroup",
                          "caption", "option", "optgroup", "rb",    "rt",    "rtc",   "rp"});
}

bool ends_paragraph(std::string_view name) {
  return is_one_of(
      name,
      {"address", "article", "aside",   "blockquote", "center",   "details",    "dialog", "dir",
       "div",     "dl",      "dd",      "dt",         "fieldset", "figcaption", "figure", "footer",
       "form",    "h1",      "h2",      "h3",         "h4",       "h5",         "h6",     "header",
       "hgroup",  "hr",      "li",      "main",       "menu",     "nav",        "ol",     "p",
       "pre",     "section", "summary", "table",      "ul"});
}

bool is_of_table(std::string_view name) {
  return is_one_of(
      name, {"table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "td", "th"});
}

/// What an end tag inside does not reach beyond.
bool is_barrier(std::string_view name) {
  return is_one_of(name, {"html", "table", "td", "th", "caption", "object", "template", "button"});
}

class Nesting {
 public:
  Nesting(std::string_view html, HtmlFaults& faults) : html_(html), faults_(&faults) {}

  void check(const std::vector<HtmlToken>& tokens) {
    tokens_ = &tokens;
    for (const HtmlToken& token : tokens) {
      if (faults_->size() >= most_faults) return;
      if (token.kind == HtmlToken::Kind::text) text(token);
      if (token.kind == HtmlToken::Kind::start && !start(token)) return;
      if (token.kind == HtmlToken::Kind::end) end(token);
    }
    while (!open_.empty()) {
      if (!ends_by_itself(open_.back().name))
        fault(open_.back().begin, fmt::format("`<{}>` is never closed", open_.back().name),
              fmt::format("write `</{}>`", open_.back().name));
      open_.pop_back();
    }
  }

 private:
  struct Open {
    std::string name;
    std::size_t begin = 0;
  };

  void fault(std::size_t at, std::string what, std::string remedy) {
    faults_->push_back({at, std::move(what), std::move(remedy)});
  }

  [[nodiscard]] bool in_table() const {
    return !open_.empty() &&
           is_one_of(open_.back().name, {"table", "thead", "tbody", "tfoot", "tr"});
  }

  void misplaced(std::size_t at, const std::string& what) {
    fault(at,
          fmt::format("{} stands directly in `<{}>`, and is shown above the table", what,
                      open_.back().name),
          "put it into a `<td>`");
  }

  void text(const HtmlToken& token) {
    if (!in_table() || token.raw) return;
    for (std::size_t i = token.begin; i < token.end; ++i) {
      if (!is_space(html_[i])) return misplaced(i, "text");
    }
  }

  /// Index of the innermost open element of these, not looked for beyond a barrier; -1: none.
  [[nodiscard]] std::ptrdiff_t find(Names names, Names barriers) const {
    for (std::size_t i = open_.size(); i-- > 0;) {
      if (is_one_of(open_[i].name, names)) return static_cast<std::ptrdiff_t>(i);
      if (is_one_of(open_[i].name, barriers)) break;
    }
    return -1;
  }

  /// Closes the element and all that is open inside; what does not end by itself is told.
  void close(std::ptrdiff_t index, std::string_view by) {
    const auto keep = static_cast<std::size_t>(index);
    while (open_.size() > keep + 1) {
      const Open& inner = open_.back();
      if (!ends_by_itself(inner.name)) {
        fault(inner.begin, fmt::format("`<{}>` is still open where `{}` stands", inner.name, by),
              fmt::format("write `</{}>` in front of that", inner.name));
        told_.push_back(inner.name);
      }
      open_.pop_back();
    }
    open_.pop_back();
  }

  void close_before(const std::string& name) {
    const std::string by = "<" + name + ">";
    std::ptrdiff_t found = -1;
    if (ends_paragraph(name))
      found = find({"p"}, {"html", "table", "td", "th", "caption", "object", "template", "button"});
    if (found >= 0) close(found, by);
    found = -1;
    if (name == "li") found = find({"li"}, {"ul", "ol", "menu", "table", "td", "th"});
    if (name == "dt" || name == "dd") found = find({"dt", "dd"}, {"dl", "table", "td", "th"});
    if (name == "option") found = find({"option"}, {"select"});
    if (name == "body") found = find({"head"}, {});
    if (name == "td" || name == "th") found = find({"td", "th"}, {"table", "tr"});
    if (name == "tr") found = find({"tr", "caption", "colgroup"}, {"table"});
    if (is_one_of(name, {"thead", "tbody", "tfoot"})) {
      found = find({"thead", "tbody", "tfoot", "caption", "colgroup"}, {"table"});
      if (found < 0) found = find({"tr"}, {"table"});
    }
    if (found >= 0) close(found, by);
  }

  /// False: the mail is not looked at any further.
  bool start(const HtmlToken& token) {
    const std::string& name = token.name;
    // What Outlook alone reads is XML.
    const bool xml = name.find(':') != std::string::npos;
    if (!xml) {
      if (is_of_table(name) && name != "table" && find({"table"}, {}) < 0) {
        outside_of_table(token);
        return true;
      }
      close_before(name);
      if (in_table() && !is_of_table(name) &&
          !is_one_of(name, {"style", "script", "template", "form", "input"}))
        misplaced(token.begin, fmt::format("`<{}>`", name));
      if (name == "a") {
        if (const auto outer = find({"a"}, {"html", "table", "td", "th"}); outer >= 0) {
          fault(token.begin, "a link begins inside another", "close the other with `</a>`");
          told_.emplace_back("a");
          open_.erase(open_.begin() + outer);
        }
      }
      if (is_void_element(name)) return true;
    }
    const bool foreign = xml || find({"svg", "math"}, {}) >= 0 || name == "svg";
    if (foreign && token.closes_itself) return true;
    open_.push_back({name, token.begin});
    if (open_.size() < deepest) return true;
    fault(token.begin, fmt::format("more than {} elements are open here", deepest),
          leaves_open() ? "close what is left open in front of it"
                        : "write fewer elements inside each other");
    return false;
  }

  /// Programs leave the tag out, and its end; a row's cells follow from the row.
  void outside_of_table(const HtmlToken& token) {
    if (std::none_of(told_.begin(), told_.end(), is_of_table))
      fault(token.begin,
            fmt::format("`<{}>` stands outside of a table, and is left out", token.name),
            "put `<table>` around it");
    if (!is_void_element(token.name)) told_.push_back(token.name);
  }

  /// Whether one of the elements that are open now has fewer ends than beginnings in all of the
  /// HTML.
  [[nodiscard]] bool leaves_open() const {
    std::map<std::string_view, std::ptrdiff_t> more;
    for (const HtmlToken& token : *tokens_) {
      if (token.kind == HtmlToken::Kind::start && !token.closes_itself) ++more[token.name];
      if (token.kind == HtmlToken::Kind::end) --more[token.name];
    }
    return std::any_of(open_.begin(), open_.end(), [&](const Open& open) {
      return !ends_by_itself(open.name) && more[open.name] > 0;
    });
  }

  void end(const HtmlToken& token) {
    const std::string& name = token.name;
    const std::string written = "</" + name + ">";
    if (is_void_element(name)) {
      if (name.find(':') == std::string::npos)
        fault(token.begin, fmt::format("`{}` closes nothing: `<{}>` has no end", written, name),
              "delete it");
      return;
    }
    for (std::size_t i = open_.size(); i-- > 0;) {
      if (open_[i].name == name) return close(static_cast<std::ptrdiff_t>(i), written);
      const bool reaches = is_of_table(name) ? name != "table" && open_[i].name == "table"
                                             : is_barrier(open_[i].name);
      if (reaches && name != "html" && name != "body") break;
    }
    const auto told = std::find(told_.begin(), told_.end(), name);
    if (told != told_.end()) {
      told_.erase(told);
      return;
    }
    if (is_one_of(name, {"html", "head", "body"})) return;
    if (name == "p")
      fault(token.begin, "`</p>` closes nothing: what stands in front has ended the paragraph",
            "delete it, or close the paragraph in front of the block inside");
    else
      fault(token.begin, fmt::format("`{}` closes nothing that is open here", written),
            "delete it");
  }

  std::string_view html_;
  HtmlFaults* faults_;
  const std::vector<HtmlToken>* tokens_ = nullptr;
  std::vector<Open> open_;
  std::vector<std::string> told_;  // closed by what stood around them: their end tag is no news
};

}  // namespace

bool is_void_element(std::string_view name) {
  return is_one_of(name, {"area", "base", "br", "col", "embed", "hr", "img", "input", "link",
                          "meta", "param", "source", "track", "wbr"});
}

void check_nesting(std::string_view html, const std::vector<HtmlToken>& tokens,
                   HtmlFaults& faults) {
  Nesting(html, faults).check(tokens);
}

}  // namespace retaind::render
