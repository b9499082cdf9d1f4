#include "language/mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/text.h"
#include "language/load.h"
#include "language/values.h"
#include "model/fields.h"

namespace retaind::language {
namespace {

using From = FieldSource::From;

struct Shape {
  std::string_view key;
  From from;
  std::size_t least, most;  ///< columns
};
constexpr std::array<Shape, 7> shapes{{{"column", From::column, 1, 1},
                                       {"columns", From::column, 2, 8},
                                       {"text", From::text, 0, 0},
                                       {"product", From::product, 2, 2},
                                       {"latest", From::latest, 2, 8},
                                       {"earliest", From::earliest, 2, 8},
                                       {"number-within", From::number_within, 1, 1}}};
constexpr std::string_view source_example = "write a column, or a map such as `{column: order_id}`";

class MappingReader {
 public:
  MappingReader(Report& report, const YamlNode& root, ImportKind kind, const Zone& site_zone)
      : report_(report), map_(report, root, Keys::mapping), kind_(kind) {
    mapping_.zone = site_zone;
  }

  Mapping run() {
    read_format();
    read_values();
    read_lines();
    read_fields();
    if (const YamlNode* node = map_.get("attributes")) read_attributes(*node);
    if (const YamlNode* node = map_.get("alias")) read_alias(*node);
    return std::move(mapping_);
  }

 private:
  void read_format() {
    if (const YamlNode* node = map_.get("separator")) read_separator(*node);
    if (const YamlNode* node = map_.get("header")) {
      mapping_.header = read_yes_no(report_, "header", *node).value_or(true);
    }
    if (const YamlNode* node = map_.get("missing")) {
      for (const YamlNode* entry : one_or_more(*node)) {
        if (const auto text = cell_text("missing", *entry)) mapping_.missing.push_back(*text);
      }
    }
    if (const YamlNode* node = map_.get("merge")) {
      mapping_.merge = read_yes_no(report_, "merge", *node).value_or(false);
    }
    if (const YamlNode* node = map_.get("key-prefix")) {
      mapping_.key_prefix = read_text(report_, "key-prefix", *node).value_or("");
    }
  }

  void read_separator(const YamlNode& node) {
    const auto text = read_text(report_, "separator", node);
    if (!text) return;
    mapping_.blanks = *text == "blanks";
    if (mapping_.blanks) return;
    if (*text == "tab")
      mapping_.separator = '\t';
    else if (text->size() == 1 && *text != "\"")
      mapping_.separator = text->front();
    else
      report_.error(Code::bad_word, node.at, fmt::format("`{}` cannot separate fields", *text),
                    "write one character in quotes, such as `\";\"`, or `tab` or `blanks`");
  }

  void read_values() {
    if (const YamlNode* node = map_.get("time-zone")) read_zone(*node);
    if (const YamlNode* node = map_.get("dates")) {
      for (const YamlNode* entry : one_or_more(*node)) {
        if (auto format = date_format("dates", *entry))
          mapping_.date_formats.push_back(std::move(*format));
      }
    }
    const YamlNode* node = map_.get("currency");
    if (node == nullptr) return;
    const auto text = read_text(report_, "currency", *node);
    if (!text) return;
    if (const auto currency = find_currency(*text))
      mapping_.currency = *currency;
    else
      report_.error(Code::bad_money, node->at, fmt::format("`{}` is no currency", *text),
                    currency_remedy(*text));
  }

  void read_zone(const YamlNode& node) {
    const auto name = read_text(report_, "time-zone", node);
    if (!name) return;
    auto zone = Zone::find(*name);
    if (zone) {
      mapping_.zone = *zone;
      return;
    }
    auto [message, remedy] = split_remedy(zone.error(), "write a name such as `Europe/Berlin`");
    report_.error(Code::bad_time, node.at, std::move(message), std::move(remedy));
  }

  std::optional<std::string> date_format(std::string_view key, const YamlNode& node) {
    auto text = read_text(report_, key, node);
    if (!text) return std::nullopt;
    constexpr std::string_view known = "YmdeHIMSfpybzZ%";
    for (std::size_t at = 0; (at = text->find('%', at)) != std::string::npos; at += 2) {
      if (at + 1 < text->size() && known.find((*text)[at + 1]) != std::string_view::npos) continue;
      report_.error(Code::bad_time, node.at,
                    fmt::format("`{}` is no part of a date", text->substr(at, 2)),
                    "write %Y %m %d for the date and %H %M %S for the time");
      return std::nullopt;
    }
    if (text->find('%') != std::string::npos) return text;
    report_.error(Code::bad_time, node.at,
                  fmt::format("`{}` does not say how a date is written", *text),
                  "write it with %Y, %m and %d, such as `\"%d/%m/%Y %H:%M\"`");
    return std::nullopt;
  }

  void read_lines() {
    if (const YamlNode* node = map_.get("skip")) {
      for (const YamlNode* entry : one_or_more(*node)) {
        if (auto test = line_test("skip", *entry)) mapping_.skip.push_back(std::move(*test));
      }
    }
    const YamlNode* node = map_.get("refund");
    if (node == nullptr) return;
    mapping_.refund = line_test("refund", *node);
    if (kind_ == ImportKind::orders) return;
    report_.error(Code::misplaced_key, map_.key_at("refund"), "only orders are refunded",
                  "delete the key");
  }

  std::optional<LineTest> line_test(std::string_view key, const YamlNode& node) {
    if (!expect_map(report_, key, node, "{column: status, is: canceled}")) return std::nullopt;
    MapReader map(report_, node, Keys::line);
    LineTest test;
    const YamlNode* column = map.need("column", "");
    if (column == nullptr) return std::nullopt;
    test.column = cell_text("column", *column).value_or("");
    const YamlNode* is = map.get("is");
    const YamlNode* begins = map.get("begins-with");
    if ((is == nullptr) == (begins == nullptr)) {
      if (!map.had_unknown_keys()) {
        report_.error(Code::missing_key, node.at,
                      "the cells are picked by `is` or by `begins-with`, by one of them",
                      "write `is: canceled` or `begins-with: C`");
      }
      return std::nullopt;
    }
    if (begins != nullptr) test.begins_with = cell_text("begins-with", *begins).value_or("");
    if (is == nullptr) return test;
    for (const YamlNode* entry : one_or_more(*is)) {
      if (auto text = cell_text("is", *entry)) test.is.push_back(std::move(*text));
    }
    return test;
  }

  /// A cell as it stands in the file: the empty text is one too.
  std::optional<std::string> cell_text(std::string_view key, const YamlNode& node) {
    if (node.kind == YamlNode::Kind::scalar && (node.quoted || !node.text.empty()))
      return node.text;
    return read_text(report_, key, node);
  }

  void read_fields() {
    const YamlNode* node =
        map_.need("fields", "write `fields:` and below it `key:` and the column that holds it");
    if (node == nullptr || !expect_map(report_, "fields", *node, "{key: order_id}")) return;
    std::vector<std::string_view> names;
    for (const ImportField& field : import_fields(kind_)) names.push_back(field.name);
    for (std::size_t i = 0; i < node->keys.size(); ++i) {
      const YamlNode::Key& key = node->keys[i];
      const auto known = std::find(names.begin(), names.end(), key.text);
      if (known == names.end()) {
        report_.error(Code::unknown_field, key.at,
                      fmt::format("{} have no field `{}`", name_of(kind_), key.text),
                      suggestion(key.text, names, 20));
        continue;
      }
      const ImportField& field =
          import_fields(kind_)[static_cast<std::size_t>(known - names.begin())];
      if (auto source = read_source(key.text, node->children[i], &field)) {
        if (mapping_.merge && field.type == ImportType::money)
          source->take = FieldSource::Take::sum;
        mapping_.fields.emplace(key.text, std::move(*source));
      }
    }
    need_required(*node);
  }

  void need_required(const YamlNode& node) {
    for (const ImportField& field : import_fields(kind_)) {
      if (!field.required || node.find(field.name) != nullptr) continue;
      report_.error(Code::missing_key, map_.key_at("fields"),
                    fmt::format("{} need the field `{}`", name_of(kind_), field.name),
                    fmt::format("write `{}:` and the column that holds it", field.name));
    }
  }

  void read_attributes(const YamlNode& node) {
    if (!expect_map(report_, "attributes", node, "{channel: Channel}")) return;
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      if (auto source = read_source(node.keys[i].text, node.children[i], nullptr)) {
        mapping_.attributes.emplace(node.keys[i].text, std::move(*source));
      }
    }
  }

  void read_alias(const YamlNode& node) {
    mapping_.alias = read_source("alias", node, nullptr);
    if (kind_ == ImportKind::customers) return;
    report_.error(Code::misplaced_key, map_.key_at("alias"), "only customers have further keys",
                  "delete the key");
  }

  std::optional<FieldSource> read_source(std::string_view key, const YamlNode& node,
                                         const ImportField* field) {
    FieldSource source;
    if (node.kind == YamlNode::Kind::scalar) {
      const auto text = cell_text(key, node);
      if (!text) return std::nullopt;
      source.columns = {*text};
      return source;
    }
    if (!expect_map(report_, key, node, "{column: order_id}")) return std::nullopt;
    MapReader map(report_, node, Keys::source);
    if (!read_shape(map, node, source)) return std::nullopt;
    const bool times = source.from == From::latest || source.from == From::earliest;
    if (field != nullptr && ((times && field->type != ImportType::time) ||
                             (source.from == From::product && field->type != ImportType::money))) {
      report_.error(Code::misplaced_key, node.at,
                    fmt::format("`{}` is no {}", key, times ? "time" : "amount"),
                    std::string(source_example));
      return std::nullopt;
    }
    read_words(map, field, source);
    if (const YamlNode* date = map.get("date"))
      source.date_format = date_format("date", *date).value_or("");
    if (const YamlNode* when = map.get("when")) source.when = line_test("when", *when);
    if (const YamlNode* lower = map.get("lower-case")) {
      source.lower_case = read_yes_no(report_, "lower-case", *lower).value_or(false);
    }
    if (const YamlNode* take = map.get("take")) {
      const auto index = read_choice(report_, "take", *take, words::takes);
      if (index) source.take = static_cast<FieldSource::Take>(*index);
    }
    return source;
  }

  bool read_shape(const MapReader& map, const YamlNode& node, FieldSource& source) {
    const Shape* found = nullptr;
    for (const Shape& shape : shapes) {
      if (map.get(shape.key) == nullptr) continue;
      if (found != nullptr) {
        report_.error(Code::misplaced_key, map.key_at(shape.key),
                      fmt::format("`{}` stands beside `{}`", shape.key, found->key),
                      "a field has one source: delete one");
        return false;
      }
      found = &shape;
    }
    if (found == nullptr) {
      if (!map.had_unknown_keys()) {
        report_.error(Code::missing_key, node.at, "nothing says where the value comes from",
                      std::string(source_example));
      }
      return false;
    }
    source.from = found->from;
    const YamlNode& value = *map.get(found->key);
    if (found->from == From::text) {
      source.text = cell_text("text", value).value_or("");
      return true;
    }
    for (const YamlNode* entry : one_or_more(value)) {
      const auto column = cell_text(found->key, *entry);
      if (!column) return false;
      source.columns.push_back(*column);
    }
    if (source.columns.size() >= found->least && source.columns.size() <= found->most) return true;
    report_.error(
        Code::wrong_kind, value.at,
        fmt::format("`{}` wants {}, and this is {}", found->key,
                    found->least == 1  ? "one column"
                    : found->most == 2 ? "two columns"
                                       : "several columns",
                    counted(static_cast<long long>(source.columns.size()), "column")),
        fmt::format("write `{}: {}`", found->key, find_key(Keys::source, found->key)->example));
    return false;
  }

  void read_words(const MapReader& map, const ImportField* field, FieldSource& source) {
    std::vector<std::string_view> known;
    const bool closed = field != nullptr && field->type == ImportType::word;
    if (closed) known = split(find_field(subject(), field->name)->words, '|');
    const auto meaning = [&](std::string_view key,
                             const YamlNode& node) -> std::optional<std::string> {
      auto text = cell_text(key, node);
      if (!text || !closed || text->empty() ||
          std::find(known.begin(), known.end(), *text) != known.end())
        return text;
      report_.error(Code::unknown_word, node.at, fmt::format("`{}` is no {}", *text, field->name),
                    suggestion(*text, known));
      return std::nullopt;
    };
    if (const YamlNode* words = map.get("words");
        words != nullptr && expect_map(report_, "words", *words, "{delivered: completed}")) {
      for (std::size_t i = 0; i < words->keys.size(); ++i) {
        if (auto text = meaning("words", words->children[i]))
          source.words.emplace(words->keys[i].text, std::move(*text));
      }
    }
    if (const YamlNode* otherwise = map.get("otherwise"))
      source.otherwise = meaning("otherwise", *otherwise);
  }

  [[nodiscard]] Subject subject() const {
    switch (kind_) {
      case ImportKind::orders: return Subject::order;
      case ImportKind::subscriptions: return Subject::subscription;
      default: return Subject::ticket;  // the only other kind with words
    }
  }

  Report& report_;
  MapReader map_;
  ImportKind kind_;
  Mapping mapping_;
};

}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param): diagnostics keep the source alive
CheckedMapping read_mapping(std::shared_ptr<const Source> source, ImportKind kind,
                            const Zone& site_zone) {
  CheckedMapping result;
  Report report(source, result.diagnostics);
  const auto root = read_yaml(report);
  if (!root) return result;
  if (root->kind != YamlNode::Kind::map) {
    report.error(Code::wrong_kind, root->at,
                 fmt::format("a mapping is keys with values, and this is {}", name_of(root->kind)),
                 "begin with `fields:` and below it `key:` and the column that holds it");
    return result;
  }
  Mapping mapping = MappingReader(report, *root, kind, site_zone).run();
  mapping.fingerprint = hex(sha256(source->text));
  sort_by_place(result.diagnostics, 0);
  if (!report.failed()) result.mapping = std::move(mapping);
  return result;
}

CheckedMapping read_mapping(const std::filesystem::path& file, ImportKind kind,
                            const Zone& site_zone) {
  CheckedMapping result;
  auto source = load_source(file, result.diagnostics);
  if (!source) return result;
  return read_mapping(std::move(source), kind, site_zone);
}

}  // namespace retaind::language
