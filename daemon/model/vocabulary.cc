#include "model/vocabulary.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace retaind {
namespace {

template <class Row>
const Row* named(const std::deque<Row>& rows, std::string_view name) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [name](const Row& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

std::optional<Cell> number_in(std::string_view text) {
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(text.data(), end, whole);
      read.ec == std::errc{} && read.ptr == end)
    return Cell::of(whole);
  double real = 0;
  const auto read = std::from_chars(text.data(), end, real);
  if (read.ec != std::errc{} || read.ptr != end || !std::isfinite(real)) return std::nullopt;
  return Cell::of(real);
}

std::optional<Cell> percent_in(std::string_view text) {
  if (text.ends_with('%')) text = trim(text.substr(0, text.size() - 1));
  const auto cell = number_in(text);
  if (!cell) return std::nullopt;
  return Cell::of(cell->kind == Cell::Kind::integer ? static_cast<double>(cell->integer)
                                                    : cell->real);
}

std::optional<Cell> amount_in(std::string_view text, Currency otherwise) {
  const std::size_t space = text.find(' ');
  std::optional<Currency> currency = otherwise;
  if (space != std::string_view::npos) currency = find_currency(trim(text.substr(space)));
  if (!currency || currency->empty()) return std::nullopt;
  const auto minor = parse_minor(text.substr(0, space), *currency);
  if (!minor) return std::nullopt;
  Cell cell = Cell::of(*minor);
  cell.currency = *currency;
  return cell;
}

std::optional<Cell> yes_no_in(std::string_view text) {
  const std::string word = lower_ascii(text);
  if (word == "yes" || word == "true" || word == "1") return Cell::of(std::int64_t{1});
  if (word == "no" || word == "false" || word == "0") return Cell::of(std::int64_t{0});
  return std::nullopt;
}

}  // namespace

std::optional<Cell> read_attribute(const Field& field, std::string_view text, const Zone& zone) {
  switch (field.type) {
    case Type::boolean: return yes_no_in(text);
    case Type::number: return number_in(text);
    case Type::percent: return percent_in(text);
    case Type::money: return amount_in(text, field.currency);
    case Type::text: return Cell::of(text);
    case Type::enumeration:
      for (const std::string_view word : split(field.words, '|'))
        if (word == text) return Cell::of(word);
      return std::nullopt;
    case Type::time: {
      const auto time = parse_time(text, zone);
      if (!time) return std::nullopt;
      return Cell::of(to_ms(*time));
    }
    case Type::date:
      if (!parse_date(text)) return std::nullopt;
      return Cell::of(text);
    case Type::duration: break;
  }
  return std::nullopt;
}

std::string_view type_word(Type type) {
  switch (type) {
    case Type::boolean: return "bool";
    case Type::number: return "number";
    case Type::percent: return "percent";
    case Type::money: return "money";
    case Type::text: return "text";
    case Type::enumeration: return "enum";
    case Type::time: return "time";
    case Type::date: return "date";
    case Type::duration: return "duration";
  }
  return "";
}

const std::shared_ptr<const Vocabulary>& Vocabulary::shipped() {
  static const auto shipped = std::make_shared<const Vocabulary>();
  return shipped;
}

const Field* Vocabulary::field(Subject subject, std::string_view name) const {
  if (const Field* known = find_field(subject, name)) return known;
  for (const Field& own : fields_)
    if (own.subject == subject && own.name == name) return &own;
  return nullptr;
}

std::vector<const Field*> Vocabulary::fields(Subject subject) const {
  std::vector<const Field*> found;
  for (const Field& known : retaind::fields())
    if (known.subject == subject) found.push_back(&known);
  for (const Field& own : fields_)
    if (own.subject == subject) found.push_back(&own);
  return found;
}

const EventKind* Vocabulary::event(std::string_view name) const {
  const EventKind* known = find_event(name);
  return known != nullptr ? known : named(events_, name);
}

std::vector<const EventKind*> Vocabulary::events() const {
  std::vector<const EventKind*> found;
  for (const EventKind& known : event_kinds()) found.push_back(&known);
  for (const EventKind& own : events_) found.push_back(&own);
  return found;
}

const StateKind* Vocabulary::state(std::string_view name) const {
  const StateKind* known = find_state(name);
  return known != nullptr ? known : named(states_, name);
}

std::vector<const StateKind*> Vocabulary::states() const {
  std::vector<const StateKind*> found;
  for (const StateKind& known : state_kinds()) found.push_back(&known);
  for (const StateKind& own : states_) found.push_back(&own);
  return found;
}

std::vector<const Field*> Vocabulary::properties(std::string_view event) const {
  std::vector<const Field*> found;
  for (const Property& property : properties_)
    if (property.event == event) found.push_back(property.field);
  return found;
}

bool Vocabulary::has_property(std::string_view event, const Field& field) const {
  if (field.derivation != Derivation::attribute || named(events_, event) == nullptr) return true;
  const auto of = [&](const Property& property) { return property.field == &field; };
  // Declared under `fields:`, it belongs to every event.
  if (std::none_of(properties_.begin(), properties_.end(), of)) return true;
  return std::any_of(properties_.begin(), properties_.end(), [&](const Property& property) {
    return property.event == event && of(property);
  });
}

std::string_view Vocabulary::keep(std::string_view text) {
  return text.empty() ? std::string_view() : std::string_view(texts_.emplace_back(text));
}

const Field* Vocabulary::add(const Field& field) {
  Field own = field;
  own.name = keep(field.name);
  own.words = keep(field.words);
  own.about = keep(field.about);
  own.derivation = Derivation::attribute;
  own.column = "attributes";
  return &fields_.emplace_back(own);
}

void Vocabulary::add_event(std::string_view name, std::string_view about) {
  events_.push_back({keep(name), Subject::event, "at", keep(about)});
}

void Vocabulary::add_state(std::string_view name, std::string_view is, const StateAnchor& since,
                           std::string_view about) {
  states_.push_back(
      {keep(name), since.subject, since.column, keep(is), "", since.episode, keep(about), true});
}

void Vocabulary::add_property(std::string_view event, const Field* field) {
  properties_.push_back({named(events_, event)->name, field});
}

}  // namespace retaind
