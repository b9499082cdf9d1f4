#pragma once
#include <string>
#include <string_view>

#include "base/value.h"
#include "language/key_values.h"
#include "language/schema.h"

namespace retaind::language {

/// `{type: …}` and whatever else is given, in order.
Value object_of(std::initializer_list<std::pair<std::string_view, Value>> members);
Value list_of(Value items, int least = 0);
Value any_of(std::vector<Value> alternatives);
/// A scalar of any kind, as the files have them: `15` and `yes` are texts where a text is wanted.
Value scalar();
/// A text that matches, with what to write instead.
Value matching(std::string_view pattern, std::string_view remedy);
/// One of these; with hover text for each.
Value one_of(const std::vector<EditorName>& names);
Value one_of(Words words);
/// Never right: the message says why.
Value refused(std::string_view message);
/// A duration that is not business time.
Value elapsed();

/// The value of one key, without hover text.
class ValueSchemas {
 public:
  explicit ValueSchemas(const EditorNames& names) : names_(names) {}

  /// A map with the keys of `of`.
  [[nodiscard]] Value map(Keys of) const;
  [[nodiscard]] Value value(const KeyRow& key) const;
  /// What every field of a mapping refers to.
  [[nodiscard]] Value source_definition() const;

 private:
  [[nodiscard]] Value simple(const KeyRow& key, const KeyValue& takes) const;
  [[nodiscard]] Value built(const KeyRow& key, const KeyValue& takes) const;
  [[nodiscard]] Value named(const KeyRow& key, const KeyValue& takes) const;
  [[nodiscard]] Value declared(const KeyValue& takes) const;
  [[nodiscard]] Value source() const;
  [[nodiscard]] Value import_fields_of_all() const;
  [[nodiscard]] Value event() const;
  [[nodiscard]] std::vector<std::string> offered(const KeyRow& key) const;
  void describe_kinds(Keys of, Value& map) const;

  const EditorNames& names_;
};

/// Stories: what stands under `people:`, `order:` and the like.
Value person_schema(const Vocabulary& vocabulary, const ValueSchemas& schemas);
Value row_schema(const Vocabulary& vocabulary, std::string_view key);
/// A time of a story.
std::string moment_pattern();

}  // namespace retaind::language
