#include "language/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/currencies.h"
#include "base/text.h"
#include "language/spans.h"

namespace retaind::language {
namespace {

constexpr std::size_t longest_name = 100;

/// Keys of the language that this version does not know; a nearest name would mislead.

/// Keys under which people write a secret into retaind.yaml itself.
constexpr std::array<std::string_view, 5> clear_secrets{"password", "secret", "token", "api-key",
                                                        "key"};

bool is_one_of(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_name &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

/// What a name may have been meant to be: lower case, dashes for everything else.
std::string as_name(std::string_view text) {
  std::string name;
  for (const char c : lower_ascii(text)) {
    if (is_name(std::string_view(&c, 1)) && c != '-') {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  return name.empty() || name.size() > longest_name ? "win-back" : name;
}

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// What YAML 1.2 takes for a whole number, as editors see it: 0x10, 0o17, 15.0, 1e3.
std::optional<int> yaml_whole(const YamlNode& node) {
  std::string_view text = trim(node.text);
  if (node.quoted) return whole_number(text);
  const int base = text.starts_with("0x") ? 16 : text.starts_with("0o") ? 8 : 10;
  if (base != 10) {
    int value = 0;
    const auto [end, error] =
        std::from_chars(text.data() + 2, text.data() + text.size(), value, base);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
  }
  if (text.starts_with('+') && text.substr(1, 1) != "-") text.remove_prefix(1);
  if (const auto value = whole_number(text)) return value;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool fits = error == std::errc{} && end == text.data() + text.size() &&
                    std::abs(value) < 1e9 && value == std::floor(value);
  return fits ? std::optional(static_cast<int>(value)) : std::nullopt;
}

std::optional<double> decimal_number(std::string_view text) {
  double value = 0;
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos)
    return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string example_of(Keys of, std::string_view key) {
  const KeyRow* row = find_key(of, key);
  return row == nullptr ? std::string() : fmt::format("{}: {}", key, row->example);
}

}  // namespace

MapReader::MapReader(Report& report, const YamlNode& map, Keys of)
    : report_(report), map_(map), of_(of) {
  const auto known = key_names(of);
  // What stands there already was hardly meant a second time.
  auto fresh = known;
  std::erase_if(fresh, [&](std::string_view name) { return map.find(name) != nullptr; });
  const bool of_site = of > Keys::site && of <= Keys::retention;
  foreign_ = of_site && fresh.size() == known.size();
  for (const auto& key : map.keys) {
    if (key.text == "<<" || find_key(of, key.text) != nullptr) continue;
    if (foreign_ && unknown_) break;
    unknown_ = true;
    if (of >= Keys::site && of <= Keys::retention && is_one_of(clear_secrets, key.text)) {
      report.error(Code::clear_password, key.at,
                   fmt::format("`{}` stands in clear in this file", key.text),
                   fmt::format("put it into a file that only retaind may read, and write "
                               "`{}-file:` with its path",
                               key.text));
      continue;
    }
    if (of == Keys::trigger && find_key(Keys::rule, key.text) != nullptr) {
      report.error(Code::unknown_key, key.at,
                   fmt::format("`{}` does not belong to `when`", key.text),
                   fmt::format("it is a key of the rule: write `{}:` at the beginning of a line of "
                               "its own",
                               key.text));
      continue;
    }
    report.error(Code::unknown_key, key.at, fmt::format("unknown key `{}`", key.text),
                 suggestion(key.text, nearest(key.text, fresh) ? fresh : known, 20));
  }
}

const YamlNode* MapReader::get(std::string_view key) const { return map_.find(key); }

const YamlNode* MapReader::need(std::string_view key, std::string_view remedy) {
  if (const YamlNode* node = map_.find(key)) return node;
  // A misspelt key has been reported, or all of them, and this would be the same mistake again.
  if (foreign_ && unknown_) return nullptr;
  for (const auto& written : map_.keys) {
    const std::array<std::string_view, 1> wanted{key};
    if (find_key(of_, written.text) == nullptr && nearest(written.text, wanted)) return nullptr;
  }
  const Range at = map_.keys.empty() ? map_.at : map_.keys.front().at;
  report_.error(
      Code::missing_key, at, fmt::format("`{}:` is missing", key),
      remedy.empty() ? fmt::format("write `{}`", example_of(of_, key)) : std::string(remedy));
  return nullptr;
}

Range MapReader::key_at(std::string_view key) const {
  for (const auto& written : map_.keys)
    if (written.text == key) return written.at;
  return map_.at;
}

bool expect_map(Report& report, std::string_view key, const YamlNode& node,
                std::string_view example) {
  if (node.kind == YamlNode::Kind::map) return true;
  report.error(Code::wrong_kind, node.at,
               fmt::format("`{}` needs keys with values, and this is {}", key, name_of(node.kind)),
               fmt::format("write `{}` on the line below, indented", example));
  return false;
}

std::vector<const YamlNode*> one_or_more(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::list) return {&node};
  std::vector<const YamlNode*> result;
  for (const auto& child : node.children) result.push_back(&child);
  return result;
}

std::optional<std::string> read_text(Report& report, std::string_view key, const YamlNode& node) {
  const std::string_view text = trim(node.text);
  if (node.kind == YamlNode::Kind::scalar && !text.empty()) return std::string(text);
  const bool nothing = node.kind == YamlNode::Kind::empty || node.kind == YamlNode::Kind::scalar;
  report.error(Code::wrong_kind, node.at,
               nothing
                   ? fmt::format("`{}` has no value", key)
                   : fmt::format("`{}` takes one value, and this is {}", key, name_of(node.kind)),
               nothing ? fmt::format("write `{}: …`, or delete the line", key)
                       : fmt::format("write one value behind `{}:`", key));
  return std::nullopt;
}

std::optional<std::string> read_word(Report& report, std::string_view key, const YamlNode& node) {
  auto text = read_text(report, key, node);
  if (!text || *text == node.text) return text;
  report.error(Code::bad_word, node.at, fmt::format("`{}` has blanks around its word", key),
               fmt::format("write `{}: {}`", key, *text));
  return std::nullopt;
}

std::optional<std::string> read_name(Report& report, std::string_view key, const YamlNode& node) {
  auto text = read_text(report, key, node);
  const bool truth = !node.quoted && (text == "true" || text == "false");
  if (truth)
    report.error(Code::bad_name, node.at,
                 fmt::format("`{}` is no name to YAML, but yes or no", *text),
                 fmt::format("put it into quotes, `'{}'`, or choose another", *text));
  if (!text || is_name(*text)) return text;
  report.error(
      Code::bad_name, node.at,
      text->size() > longest_name
          ? fmt::format("this name is longer than {} characters", longest_name)
          : fmt::format("`{}` is no name", *text),
      fmt::format("names are small letters, digits and dashes, such as `{}`", as_name(*text)));
  return std::nullopt;
}

std::optional<Span> read_duration(Report& report, std::string_view key, const YamlNode& node,
                                  Business business) {
  const auto text = read_text(report, key, node);
  if (!text) return std::nullopt;
  Fault fault;
  auto span = read_span(*text, fault);
  if (!span) report.error(fault.code, node.at, fault.message, fault.remedy);
  if (span && span->business && business == Business::refused) {
    report.error(Code::business_time, node.at,
                 fmt::format("`{}` counts all time, not opening hours", key),
                 fmt::format("write elapsed time, such as `{}`", in_all_time(*span)));
    return std::nullopt;
  }
  return span;
}

std::optional<Span> read_positive(Report& report, std::string_view key, const YamlNode& node,
                                  Business business) {
  auto span = read_duration(report, key, node, business);
  if (!span || !span->is_zero()) return span;
  report.error(Code::bad_duration, node.at, fmt::format("`{}` must be longer than nothing", key),
               "write a duration such as `1 day`");
  return std::nullopt;
}

std::optional<int> read_count(Report& report, std::string_view key, const YamlNode& node,
                              Whole range) {
  const auto text = read_text(report, key, node);
  if (!text) return std::nullopt;
  const auto value = yaml_whole(node);
  if (value && *value >= range.least && *value <= range.most) return value;
  report.error(Code::bad_number, node.at,
               value ? fmt::format("`{}` is out of range", *text)
                     : fmt::format("`{}` is no whole number", *text),
               fmt::format("write a number from {} to {}", range.least, range.most));
  return std::nullopt;
}

std::optional<double> read_share(Report& report, std::string_view key, const YamlNode& node,
                                 bool whole) {
  const auto text = read_text(report, key, node);
  if (!text) return std::nullopt;
  const bool sign = text->ends_with('%');
  const auto value =
      decimal_number(trim(std::string_view(*text).substr(0, text->size() - (sign ? 1 : 0))));
  if (value && !sign) {
    report.error(Code::no_unit, node.at, fmt::format("`{}` has no unit", *text),
                 fmt::format("write `{}%`", *text));
    return std::nullopt;
  }
  if (value && (*value < 100 || (whole && *value == 100))) return *value / 100;
  report.error(Code::bad_number, node.at, fmt::format("`{}` is no share", *text),
               fmt::format("write a percentage {} 100, such as `10%`", whole ? "up to" : "under"));
  return std::nullopt;
}

std::optional<bool> read_yes_no(Report& report, std::string_view key, const YamlNode& node) {
  static constexpr std::array<std::string_view, 4> words{"yes", "no", "true", "false"};
  const auto text = read_word(report, key, node);
  if (!text) return std::nullopt;
  if (*text == "yes" || *text == "true") return true;
  if (*text == "no" || *text == "false") return false;
  report.error(Code::bad_word, node.at, fmt::format("`{}` is neither yes nor no", *text),
               nearest(*text, words) ? suggestion(*text, words) : "write `yes` or `no`");
  return std::nullopt;
}

std::optional<int> read_time_of_day(Report& report, std::string_view key, const YamlNode& node) {
  const auto text = read_text(report, key, node);
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  if (colon != std::string::npos && colon >= 1 && colon <= 2 && text->size() == colon + 3 &&
      text->find_first_not_of("0123456789:") == std::string::npos) {
    const auto hour = whole_number(std::string_view(*text).substr(0, colon));
    const auto minute = whole_number(std::string_view(*text).substr(colon + 1));
    if (hour && minute && *hour < 24 && *minute < 60) return *hour * 60 + *minute;
  }
  report.error(Code::bad_time, node.at, fmt::format("`{}` is no time of day", *text),
               "write hours and minutes of a 24-hour clock, such as `09:00`");
  return std::nullopt;
}

std::optional<Money> read_money(Report& report, std::string_view key, const YamlNode& node) {
  const auto text = read_text(report, key, node);
  if (!text) return std::nullopt;
  const std::size_t space = text->find(' ');
  const std::string_view number = std::string_view(*text).substr(0, space);
  const std::string_view code =
      space == std::string::npos ? std::string_view() : trim(std::string_view(*text).substr(space));
  const auto currency = find_currency(code);
  if (currency && currency->view() == code) {
    const auto minor = parse_minor(number, *currency);
    if (minor && *minor > 0) return Money{*minor, *currency};
  }
  if (code.empty() && decimal_number(number)) {
    report.error(Code::no_unit, node.at, fmt::format("`{}` has no currency", *text),
                 fmt::format("write `{} EUR`", *text));
  } else {
    const bool misspelt = decimal_number(number) && !(currency && currency->view() == code);
    report.error(
        Code::bad_money, node.at, fmt::format("`{}` is no amount", *text),
        misspelt ? currency_remedy(code) : "write a number over 0 and a currency, such as `5 EUR`");
  }
  return std::nullopt;
}

std::optional<Currency> read_currency(Report& report, std::string_view key, const YamlNode& node) {
  const auto text = read_text(report, key, node);
  if (!text) return std::nullopt;
  const auto currency = find_currency(*text);
  if (currency && currency->view() == *text) return currency;
  report.error(Code::bad_money, node.at, fmt::format("`{}` is no currency", *text),
               currency_remedy(*text));
  return std::nullopt;
}

std::string currency_remedy(std::string_view word) {
  if (const auto currency = find_currency(word)) return fmt::format("write `{}`", currency->view());
  if (const auto near = nearest_currency(word)) return fmt::format("did you mean `{}`?", *near);
  return "write its ISO 4217 code, such as `EUR`";
}

std::optional<std::size_t> read_choice(Report& report, std::string_view key, const YamlNode& node,
                                       std::span<const std::string_view> words) {
  const auto text = read_word(report, key, node);
  if (!text) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), *text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  report.error(Code::bad_word, node.at, fmt::format("`{}` cannot be `{}`", key, *text),
               suggestion(*text, words));
  return std::nullopt;
}

std::optional<std::string> read_known(Report& report, Code code, std::string_view what,
                                      const YamlNode& node,
                                      std::span<const std::string_view> names) {
  // `what` is no key, so the words of read_text would not fit.
  if (node.kind != YamlNode::Kind::scalar || trim(node.text).empty()) {
    report.error(Code::wrong_kind, node.at,
                 fmt::format("the name of a {} belongs here, and this is {}", what,
                             node.kind == YamlNode::Kind::scalar ? "nothing" : name_of(node.kind)),
                 names.empty() ? "write one name"
                               : fmt::format("write one name, such as `{}`", names.front()));
    return std::nullopt;
  }
  std::optional<std::string> text(trim(node.text));
  if (std::find(names.begin(), names.end(), *text) != names.end()) return text;
  report.error(
      code, node.at, fmt::format("unknown {} `{}`", what, *text),
      names.empty() ? fmt::format("the site has no {} yet", what) : suggestion(*text, names));
  return std::nullopt;
}

}  // namespace retaind::language
