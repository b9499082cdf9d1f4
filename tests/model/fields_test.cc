#include "model/fields.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <string>

#include "base/file.h"
#include "base/text.h"

namespace retaind {
namespace {

std::string schema_text() {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(RETAIND_SOURCE) +
                                                               "/daemon/store/migrations")) {
    files.insert(entry.path());
  }
  std::string text;
  for (const auto& path : files) {
    const auto file = read_file(path, 1U << 20U);
    REQUIRE(file);
    text += *file;
  }
  return text;
}

TEST_CASE("Every subject is found by its name") {
  CHECK(name_of(Subject::customer) == "customer");
  CHECK(table_of(Subject::order) == "orders");
  CHECK(table_of(Subject::feedback) == "feedback");
  for (int i = 0; i < subject_count; ++i) {
    const auto subject = static_cast<Subject>(i);
    CHECK(find_subject(name_of(subject)) == subject);
  }
  CHECK_FALSE(find_subject("orders"));
  CHECK_FALSE(find_subject(""));
}

TEST_CASE("Every field is found under its subject and is told once") {
  std::set<std::string> seen;
  for (const Field& field : fields()) {
    const std::string name = std::string(name_of(field.subject)) + "." + std::string(field.name);
    INFO(name);
    CHECK(seen.insert(name).second);
    CHECK(find_field(field.subject, field.name) == &field);
    CHECK_FALSE(field.about.empty());
    CHECK_FALSE(field.column.empty());
    CHECK((field.type == Type::enumeration) == !field.words.empty());
    CHECK((field.type == Type::money) == field.column.ends_with("_minor"));
    if (field.derivation == Derivation::dated_flag) {
      CHECK(field.type == Type::boolean);
      const Field* dated = find_field(field.subject, field.column);
      REQUIRE(dated != nullptr);
      CHECK(dated->type == Type::time);
    }
  }
  CHECK(find_field(Subject::order, "open_tickets") == nullptr);
  CHECK(find_field(Subject::customer, "completed_at") == nullptr);
  CHECK(find_field(Subject::event, "") == nullptr);
  CHECK(find_field(Subject::event, "at")->type == Type::time);
}

TEST_CASE("Events, states and dates stand on columns that exist with the right type") {
  for (const EventKind& kind : event_kinds()) {
    INFO(kind.name);
    CHECK(find_event(kind.name) == &kind);
    const Field* anchor = find_field(kind.subject, kind.anchor);
    REQUIRE(anchor != nullptr);
    CHECK(anchor->type == Type::time);
    CHECK(split(kind.name, '.')[0] == name_of(kind.subject));
    CHECK_FALSE(kind.about.empty());
  }
  for (const StateKind& kind : state_kinds()) {
    INFO(kind.name);
    CHECK(find_state(kind.name) == &kind);
    REQUIRE(find_field(kind.subject, kind.since) != nullptr);
    CHECK(find_field(kind.subject, kind.since)->type == Type::time);
    CHECK(kind.is.empty() == kind.is_sql.empty());
    CHECK(split(kind.name, '.')[0] == name_of(kind.subject));
  }
  for (const DateKind& kind : date_kinds()) {
    INFO(kind.name);
    CHECK(find_date(kind.name) == &kind);
    const Field* column = find_field(kind.subject, kind.column);
    REQUIRE(column != nullptr);
    CHECK(column->type == (kind.yearly ? Type::date : Type::time));
  }
  CHECK(find_event("order.completd") == nullptr);
  CHECK(find_state("ticket.open") == nullptr);
  CHECK(find_date("order.placed_at") == nullptr);
}

TEST_CASE("Every column of the vocabulary is in the store's schema") {
  // Read as text: the model may not see the store, but both must say the same.
  const auto schema = schema_text();
  REQUIRE_FALSE(schema.empty());
  const auto has_column = [&](std::string_view table, std::string_view column) {
    const std::size_t from = schema.find("CREATE TABLE " + std::string(table) + " (");
    REQUIRE(from != std::string::npos);
    const std::string body = schema.substr(from, schema.find(") STRICT", from) - from);
    return body.find("\n  " + std::string(column) + " ") != std::string::npos;
  };
  for (const Field& field : fields()) {
    INFO(field.name);
    CHECK(has_column(table_of(field.subject), field.column));
  }
  for (const StateKind& kind : state_kinds()) {
    INFO(kind.name);
    if (!kind.episode.empty()) CHECK(has_column(table_of(kind.subject), kind.episode));
  }
  CHECK_FALSE(has_column("orders", "no_such_column"));
}

}  // namespace
}  // namespace retaind
