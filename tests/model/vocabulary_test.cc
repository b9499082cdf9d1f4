#include "model/vocabulary.h"

#include <catch2/catch.hpp>

namespace retaind {
namespace {

Field of(Type type, std::string_view words = "") {
  Field field{};
  field.name = "x";
  field.type = type;
  field.words = words;
  field.currency = *find_currency("JPY");
  return field;
}

/// "12", "text gold", "49.00 EUR", "-" for what does not fit.
std::string read(const Field& field, std::string_view text) {
  const auto cell = read_attribute(field, text, *Zone::find("Europe/Berlin"));
  if (!cell) return "-";
  if (cell->kind == Cell::Kind::text) return "text " + std::string(cell->text);
  if (!cell->currency.empty())
    return decimal({cell->integer, cell->currency}) + " " + std::string(cell->currency.view());
  if (field.type == Type::time) return to_iso(from_ms(cell->integer));
  return cell->kind == Cell::Kind::integer ? std::to_string(cell->integer)
                                           : std::to_string(cell->real);
}

TEST_CASE("An attribute is read by its declared type, or not at all") {
  CHECK(read(of(Type::boolean), "Yes") == "1");
  CHECK(read(of(Type::boolean), "0") == "0");
  CHECK(read(of(Type::boolean), "2") == "-");
  CHECK(read(of(Type::number), "-12") == "-12");
  CHECK(read(of(Type::number), "1e3") == "1000.000000");
  CHECK(read(of(Type::number), "1,000") == "-");
  CHECK(read(of(Type::number), "99999999999999999999") == "100000000000000000000.000000");
  CHECK(read(of(Type::number), "inf") == "-");
  CHECK(read(of(Type::number), "") == "-");
  CHECK(read(of(Type::percent), "12.5 %") == "12.500000");
  CHECK(read(of(Type::percent), "12") == "12.000000");
  CHECK(read(of(Type::percent), "%") == "-");
  CHECK(read(of(Type::money), "49.90 EUR") == "49.90 EUR");
  CHECK(read(of(Type::money), "4990") == "4990 JPY");
  CHECK(read(of(Type::money), "49.90") == "-");  // yen have no digits behind the point
  CHECK(read(of(Type::money), "EUR") == "-");
  CHECK(read(of(Type::text), "") == "text ");
  CHECK(read(of(Type::enumeration, "gold|silver"), "silver") == "text silver");
  CHECK(read(of(Type::enumeration, "gold|silver"), "sil") == "-");
  CHECK(read(of(Type::enumeration, "gold|silver"), "gold|silver") == "-");
  CHECK(read(of(Type::date), "2026-02-28") == "text 2026-02-28");
  CHECK(read(of(Type::date), "2026-02-29") == "-");
  CHECK(read(of(Type::time), "2026-07-01 10:00") == "2026-07-01T08:00:00Z");
  CHECK(read(of(Type::time), "2026-07-01T10:00:00Z") == "2026-07-01T10:00:00Z");
  CHECK(read(of(Type::time), "today") == "-");
}

TEST_CASE("A site's own words stand behind the shipped ones, and copy their texts") {
  Vocabulary words;
  {
    Field field = of(Type::number);
    const std::string name = "minutes";
    field.subject = Subject::event;
    field.name = name;
    words.add_event(std::string("webinar.attended"), "");
    words.add_event(std::string("newsletter.opened"), "");
    words.add_property("webinar.attended", words.add(field));
    field.name = "campaign";
    words.add(field);
  }
  const Field* minutes = words.field(Subject::event, "minutes");
  REQUIRE(minutes != nullptr);
  CHECK(minutes->derivation == Derivation::attribute);
  CHECK(minutes->column == "attributes");
  CHECK(words.field(Subject::customer, "minutes") == nullptr);
  CHECK(words.field(Subject::event, "name") == find_field(Subject::event, "name"));
  CHECK(words.fields(Subject::event).size() == 5);
  CHECK(words.fields(Subject::event).back()->name == "campaign");
  CHECK(words.event("order.completed") == find_event("order.completed"));
  CHECK(words.event("webinar.attended")->anchor == "at");
  CHECK(words.event("podcast.heard") == nullptr);
  CHECK(words.events().size() == event_kinds().size() + 2);
  CHECK(words.has_property("webinar.attended", *minutes));
  CHECK_FALSE(words.has_property("newsletter.opened", *minutes));
  CHECK(words.has_property("newsletter.opened", *words.field(Subject::event, "campaign")));
  CHECK(words.has_property("podcast.heard", *minutes));  // nobody knows what it brings
  CHECK(words.properties("webinar.attended") == std::vector<const Field*>{minutes});
  CHECK_FALSE(Vocabulary::shipped()->lists_events());
}

}  // namespace
}  // namespace retaind
