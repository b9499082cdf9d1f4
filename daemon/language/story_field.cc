#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/text.h"
#include "language/site_parts.h"
#include "language/story_parts.h"

namespace retaind::language {
namespace {

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class FieldReader {
 public:
  /// `own`: the same field, when it is one of the site's.
  FieldReader(StoryScope& scope, const ImportField& field, Subject subject, const YamlNode& node,
              const Field* own = nullptr)
      : scope_(scope),
        report_(scope.report),
        field_(field),
        subject_(subject),
        node_(node),
        own_(own) {
    value_.field = &field;
  }

  std::optional<StoryValue> run() {
    if (!read()) return std::nullopt;
    return std::move(value_);
  }

 private:
  bool read() {
    switch (field_.type) {
      case ImportType::time: return time();
      case ImportType::date: return date();
      case ImportType::money: return amount();
      case ImportType::integer:
      case ImportType::real: return number();
      case ImportType::boolean: return yes_no();
      case ImportType::reference: return reference();
      case ImportType::word:
        return word(split((own_ ? own_ : find_field(subject_, field_.name))->words, '|'));
      case ImportType::text: return text();
    }
    return false;
  }

  bool keep(std::string text) {
    value_.value.kind = Cell::Kind::text;
    value_.text = std::move(text);
    return true;
  }

  bool text() {
    if (own_ != nullptr) return keep_maybe(read_text(report_, field_.name, node_));
    if (field_.name == "locale") return keep_maybe(read_locale(report_, field_.name, node_));
    if (field_.name == "email") return keep_maybe(read_address(report_, field_.name, node_));
    if (field_.name == "purpose") return word(words::consent_purposes);
    if (field_.name == "scope") return word(words::suppression_scopes);
    auto text = read_text(report_, field_.name, node_);
    if (!text) return false;
    if (field_.name == "time_zone") {
      if (const auto zone = Zone::find(*text); !zone) {
        auto [message, remedy] = split_remedy(zone.error(), "write a name such as `Europe/Berlin`");
        report_.error(Code::bad_time, node_.at, std::move(message), std::move(remedy));
        return false;
      }
    }
    if (field_.name == "currency" && !find_currency(*text)) {
      report_.error(Code::bad_money, node_.at, fmt::format("`{}` is no currency", *text),
                    currency_remedy(*text));
      return false;
    }
    return keep(*std::move(text));
  }

  bool keep_maybe(std::optional<std::string> text) { return text && keep(*std::move(text)); }

  bool word(std::span<const std::string_view> words) {
    const auto text = read_text(report_, field_.name, node_);
    if (!text) return false;
    if (std::find(words.begin(), words.end(), *text) != words.end()) return keep(*text);
    report_.error(Code::unknown_word, node_.at, fmt::format("`{}` is no {}", *text, field_.name),
                  suggestion(*text, words));
    return false;
  }

  bool time() {
    const auto time = read_story_time(scope_, field_.name, node_);
    if (time) value_.value = Cell::of(to_ms(*time));
    return time.has_value();
  }

  bool date() {
    const auto text = read_text(report_, field_.name, node_);
    if (!text) return false;
    if (parse_date(*text)) return keep(*text);
    report_.error(Code::bad_time, node_.at, fmt::format("`{}` is no date", *text),
                  "write it as `1980-12-31`");
    return false;
  }

  // Zero and less are amounts, too: a free order, money that goes back.
  bool amount() {
    const auto text = read_text(report_, field_.name, node_);
    if (!text) return false;
    const std::size_t space = text->find(' ');
    const std::string_view number = std::string_view(*text).substr(0, space);
    if (space == std::string::npos && number_in<double>(number)) {
      report_.error(Code::no_unit, node_.at, fmt::format("`{}` has no currency", *text),
                    fmt::format("write `{} {}`", *text, currency()));
      return false;
    }
    const std::string_view code =
        space == std::string::npos ? "" : trim(std::string_view(*text).substr(space));
    const auto known = find_currency(code);
    const auto minor = known && known->view() == code ? parse_minor(number, *known) : std::nullopt;
    if (minor) {
      value_.value = Cell::of(*minor);
      value_.currency = *known;
      return true;
    }
    report_.error(Code::bad_money, node_.at, fmt::format("`{}` is no amount", *text),
                  fmt::format("write a number and a currency, such as `49 {}`", currency()));
    return false;
  }

  [[nodiscard]] std::string_view currency() const {
    const auto& site = scope_.context.site.currency;
    return site.empty() ? "EUR" : site.view();
  }

  bool number() {
    const auto text = read_text(report_, field_.name, node_);
    if (!text) return false;
    if (field_.type == ImportType::integer) {
      if (const auto whole = number_in<std::int64_t>(*text)) {
        value_.value = Cell::of(*whole);
        return true;
      }
    } else if (const auto real = number_in<double>(*text)) {
      value_.value = Cell::of(*real);
      return true;
    }
    report_.error(Code::bad_number, node_.at,
                  fmt::format("`{}` is no {}number", *text,
                              field_.type == ImportType::integer ? "whole " : ""),
                  "write it without separators, such as `12`");
    return false;
  }

  bool yes_no() {
    const auto value = read_yes_no(report_, field_.name, node_);
    if (value) value_.value = Cell::of(std::int64_t{*value});
    return value.has_value();
  }

  bool reference() {
    if (field_.name == "customer") return keep_maybe(read_person_name(scope_, field_.name, node_));
    const auto key = read_text(report_, field_.name, node_);
    if (!key) return false;
    const ImportKind kind = field_.name == "order" ? ImportKind::orders : ImportKind::tickets;
    const auto& known = scope_.known[kind];
    if (scope_.any_row || known.count(*key) != 0) return keep(*key);
    const std::vector<std::string_view> names(known.begin(), known.end());
    report_.error(
        Code::unknown_row, node_.at, fmt::format("the story has no {} `{}` yet", field_.name, *key),
        names.empty() ? fmt::format("write a line with the {} above this one", field_.name)
                      : suggestion(*key, names));
    return false;
  }

  StoryScope& scope_;
  Report& report_;
  const ImportField& field_;
  Subject subject_;
  const YamlNode& node_;
  const Field* own_;
  StoryValue value_;
};

Value value_of(const Field& field, StoryValue value) {
  switch (field.type) {
    case Type::boolean: return value.value.integer != 0;
    case Type::number: return value.value.real;
    case Type::time: return to_iso(from_ms(value.value.integer));
    case Type::money: {
      const Money money{value.value.integer, value.currency};
      return fmt::format("{} {}", decimal(money), value.currency.view());
    }
    default: return std::move(value.text);
  }
}

}  // namespace

ImportType import_type(Type type) {
  switch (type) {
    case Type::boolean: return ImportType::boolean;
    case Type::number: return ImportType::real;
    case Type::money: return ImportType::money;
    case Type::enumeration: return ImportType::word;
    case Type::time: return ImportType::time;
    case Type::date: return ImportType::date;
    default: return ImportType::text;
  }
}

std::optional<StoryValue> read_field(StoryScope& scope, const ImportField& field, Subject subject,
                                     const YamlNode& node) {
  return FieldReader(scope, field, subject, node).run();
}

std::optional<Value> read_own_field(StoryScope& scope, const Field& field, const YamlNode& node) {
  const ImportField known{field.name, field.column, import_type(field.type)};
  auto value = FieldReader(scope, known, field.subject, node, &field).run();
  if (!value) return std::nullopt;
  if (field.type == Type::percent && !read_attribute(field, value->text, scope.story.zone)) {
    scope.report.error(Code::bad_number, node.at, fmt::format("`{}` is no percentage", value->text),
                       "write `15%`");
    return std::nullopt;
  }
  return value_of(field, *std::move(value));
}

std::optional<std::string> read_person_name(StoryScope& scope, std::string_view key,
                                            const YamlNode& node) {
  auto name = read_text(scope.report, key, node);
  if (!name || scope.any_name ||
      std::find(scope.people.begin(), scope.people.end(), *name) != scope.people.end())
    return name;
  // Mostly their own line is the one with the slip, and every other one would be told of it.
  if (!scope.strangers.insert(*name).second) return name;
  scope.report.error(Code::unknown_person, node.at, fmt::format("nobody is called `{}`", *name),
                     scope.people.empty() ? fmt::format("write `people:` and below it `{}:`", *name)
                                          : suggestion(*name, scope.people));
  return std::nullopt;
}

std::optional<std::string> read_rule_name(StoryScope& scope, const YamlNode& node) {
  auto name = read_text(scope.report, "rule", node);
  if (!name || std::find(scope.rules.begin(), scope.rules.end(), *name) != scope.rules.end())
    return name;
  scope.report.error(Code::unknown_rule, node.at, fmt::format("unknown rule `{}`", *name),
                     suggestion(*name, scope.rules));
  return std::nullopt;
}

}  // namespace retaind::language
