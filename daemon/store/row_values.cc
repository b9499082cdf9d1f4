#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/value.h"
#include "store/row_mapper.h"

// The part of RowMapper that runs for every line.
namespace retaind::store {
namespace {

constexpr std::int64_t earliest_ms = -2208988800000;  // 1900
constexpr std::int64_t latest_ms = 7258118400000;     // 2200

std::string shortened(std::string_view text) {
  constexpr std::size_t most = 60;
  if (text.size() <= most) return std::string(text);
  return to_valid_utf8(text.substr(0, most)) + "…";
}

/// Names and subjects stand in header fields, where a line break would begin another one: runs of
/// control characters become a space.
std::string_view one_line(std::string_view text, std::string& scratch) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::none_of(text.begin(), text.end(), is_control)) return text;
  scratch.clear();
  for (const char c : text) {
    if (!is_control(c))
      scratch += c;
    else if (!scratch.ends_with(' '))
      scratch += ' ';
  }
  return scratch;
}

/// A cell by the mapping's words, for fields that take any text.
std::string_view in_words(const FieldSource& source, std::string_view value) {
  if (source.words.empty()) return value;
  const auto word = source.words.find(value);
  if (word != source.words.end()) return word->second;
  return source.otherwise ? std::string_view(*source.otherwise) : value;
}

}  // namespace

std::string_view RowMapper::cell(const CsvRecord& record, int column) const {
  const std::string_view text = trim(record.fields[static_cast<std::size_t>(column)]);
  const auto& missing = mapping_.missing;
  return std::find(missing.begin(), missing.end(), text) != missing.end() ? std::string_view{}
                                                                          : text;
}

bool RowMapper::holds(const Test& test, const CsvRecord& record) const {
  const std::string_view text = cell(record, test.column);
  const auto& is = test.test.is;
  if (is.empty()) return text.starts_with(test.test.begins_with);
  return std::find(is.begin(), is.end(), text) != is.end();
}

bool RowMapper::count(const CsvRecord& record) {
  if (number_column_ < 0) return true;
  const std::string_view text = cell(record, number_column_);
  if (!numbers_given_) {
    number_ = ++numbers_[std::string(text)];
    return true;
  }
  number_ = parse_integer(text).value_or(0);
  if (number_ > 0) return true;
  return refuse(
      "number is empty, because the line could not be counted when it was refused: write one that "
      "no other line of its group has");
}

RowMapper::Verdict RowMapper::map(const CsvRecord& record, TextArena& texts, MappedRow& out) {
  number_ = 0;
  if (!record.defect.empty()) {
    refuse(std::string(record.defect));
    return Verdict::refused;
  }
  if (record.fields.size() != header_.size()) {
    refuse(fmt::format("the line has {}, the {} {}: is a separator or a quote missing or too many?",
                       counted(static_cast<long long>(record.fields.size()), "field"),
                       mapping_.header ? "header" : "first line", header_.size()));
    return Verdict::refused;
  }
  for (const Test& test : skip_) {
    if (holds(test, record)) return Verdict::skipped;
  }
  out = MappedRow(out.row.subject);
  out.line = record.line;
  if (!count(record)) return Verdict::refused;
  out.number = number_;
  out.refund = refund_ && holds(*refund_, record);
  for (Compiled& field : fields_) {
    if (!set(field, record, texts, out)) return Verdict::refused;
  }
  if (!attributes_.empty() && !set_attributes(record, texts, out)) return Verdict::refused;
  if (alias_) {
    std::string_view value;
    if (!value_of(*alias_, record, value)) return Verdict::refused;
    if (!value.empty()) out.alias = texts.keep(mapping_.key_prefix + std::string(value));
  }
  return Verdict::row;
}

/// The text of a field, empty when it is missing. It may stand in scratch_.
bool RowMapper::value_of(Compiled& field, const CsvRecord& record, std::string_view& value) {
  value = {};
  if (field.when && !holds(*field.when, record)) return true;
  using From = FieldSource::From;
  switch (field.source.from) {
    case From::number_within:
      scratch_ = std::to_string(number_);
      value = scratch_;
      break;
    case From::text: {
      std::string text = field.source.text;
      for (std::size_t i = 0; i < field.columns.size(); ++i) {
        const std::string_view part = cell(record, field.columns[i]);
        if (part.empty()) return true;
        const std::string name = "{" + field.source.columns[i] + "}";
        text.replace(text.find(name), name.size(), part);
      }
      scratch_ = std::move(text);
      value = scratch_;
      break;
    }
    default:
      if (field.columns.size() == 1) {
        value = cell(record, field.columns.front());
        break;
      }
      scratch_.clear();
      for (const int column : field.columns) {
        const std::string_view part = cell(record, column);
        if (part.empty()) return true;
        if (!scratch_.empty()) scratch_ += '-';
        scratch_ += part;
      }
      value = scratch_;
  }
  if (field.source.lower_case) {
    scratch_ = lower_ascii(value);
    value = scratch_;
  }
  return true;
}

bool RowMapper::parse_when(Compiled& field, std::string_view text, std::optional<Time>& time) {
  time = std::nullopt;
  if (text.empty()) return true;
  if (text == field.last_text) {
    time = field.last_time;
    return true;
  }
  const std::string& own = field.source.date_format;
  if (!own.empty()) {
    time = parse_time_as(text, own, mapping_.zone);
  } else if (mapping_.date_formats.empty()) {
    time = parse_time(text, mapping_.zone);
  }
  for (std::size_t i = 0; own.empty() && !time && i < mapping_.date_formats.size(); ++i) {
    time = parse_time_as(text, mapping_.date_formats[i], mapping_.zone);
  }
  if (!time || to_ms(*time) < earliest_ms || to_ms(*time) >= latest_ms) {
    const std::string formats =
        !own.empty() ? own : fmt::format("{}", fmt::join(mapping_.date_formats, "` or `"));
    return refuse(fmt::format(
        "{} `{}` is no date{}", field.name, shortened(text),
        formats.empty() ? ": write 2026-03-02 09:30 or 2026-03-02T09:30:00Z, or name the format "
                          "under `dates` in a mapping"
                        : fmt::format(" of the form `{}`", formats)));
  }
  field.last_text = text;
  field.last_time = time;
  return true;
}

bool RowMapper::time_of(Compiled& field, const CsvRecord& record, std::optional<Time>& time) {
  using From = FieldSource::From;
  time = std::nullopt;
  if (field.source.from != From::latest && field.source.from != From::earliest) {
    std::string_view value;
    return value_of(field, record, value) && parse_when(field, value, time);
  }
  if (field.when && !holds(*field.when, record)) return true;
  for (const int column : field.columns) {
    std::optional<Time> one;
    if (!parse_when(field, cell(record, column), one)) return false;
    if (!one) continue;
    const bool better = !time || (field.source.from == From::latest ? *one > *time : *one < *time);
    if (better) time = one;
  }
  return true;
}

bool RowMapper::set(Compiled& field, const CsvRecord& record, TextArena& texts, MappedRow& out) {
  if (kind_ == ImportKind::consent) return set_consent(field, record, out);
  if (kind_ == ImportKind::suppression) return set_suppression(field, record, out);
  switch (field.field->type) {
    case ImportType::money: return set_amount(field, record, out);
    case ImportType::time: {
      std::optional<Time> time;
      if (!time_of(field, record, time)) return false;
      out.row.set(field.target, time ? Cell::of(to_ms(*time)) : Cell{});
      if (!time && field.field->required) return refuse(fmt::format("{} is empty", field.name));
      return true;
    }
    default: break;
  }
  std::string_view value;
  if (!value_of(field, record, value)) return false;
  if (value.empty() && field.field->required) return refuse(fmt::format("{} is empty", field.name));
  if (field.field->type == ImportType::word) return set_word(field, value, texts, out);
  return set_plain(field, in_words(field.source, value), texts, out);
}

bool RowMapper::set_plain(const Compiled& field, std::string_view value, TextArena& texts,
                          MappedRow& out) {
  const auto no_number = [&] {
    return refuse(fmt::format("{} `{}` is no number: write it without separators, such as 12",
                              field.name, shortened(value)));
  };
  Row& row = out.row;
  switch (field.field->type) {
    case ImportType::integer: {
      const auto number = parse_integer(value);
      if (!value.empty() && !number) return no_number();
      row.set(field.target, number ? Cell::of(*number) : Cell{});
      return true;
    }
    case ImportType::real: {
      const auto number = parse_millionths(value);
      if (!value.empty() && !number) return no_number();
      row.set(field.target, number ? Cell::of(static_cast<double>(*number) / 1e6) : Cell{});
      return true;
    }
    case ImportType::date: {
      std::optional<LocalDate> date = parse_date(value);
      for (std::size_t i = 0; !date && i < mapping_.date_formats.size(); ++i) {
        if (const auto time = parse_time_as(value, mapping_.date_formats[i], Zone::utc()))
          date = Zone::utc().date_of(*time);
      }
      if (!value.empty() && !date) {
        return refuse(
            fmt::format("{} `{}` is no date: write 1980-12-31", field.name, shortened(value)));
      }
      row.set(field.target, date ? Cell::of(texts.keep(to_string(*date))) : Cell{});
      return true;
    }
    case ImportType::reference: {
      const std::string_view key =
          value.empty() ? value : texts.keep(mapping_.key_prefix + std::string(value));
      (field.name == "customer" ? row.customer
       : field.name == "order"  ? row.order
                                : row.ticket) = key;
      row.set(field.target, Cell{});
      return true;
    }
    default: break;
  }
  if (field.target == currency_column_ && !value.empty() && value != mapping_.currency.view()) {
    const auto currency = find_currency(value);
    if (!currency)
      return refuse(fmt::format("`{}` is no currency: write a code such as EUR", shortened(value)));
    row.set(field.target, Cell::of(texts.keep(currency->view())));
    return true;
  }
  if (field.name == "key" && !mapping_.key_prefix.empty()) {
    row.set(field.target, Cell::of(texts.keep(mapping_.key_prefix + std::string(value))));
    return true;
  }
  std::string line;
  if (field.name != "comment") value = one_line(value, line);
  row.set(field.target, value.empty() ? Cell{} : Cell::of(texts.keep(value)));
  return true;
}

bool RowMapper::set_word(const Compiled& field, std::string_view value, TextArena& texts,
                         MappedRow& out) {
  if (value.empty()) {
    out.row.set(field.target, Cell{});
    return true;
  }
  const auto known = split(find_field(out.row.subject, field.name)->words, '|');
  const auto word = field.source.words.find(value);
  std::string_view meant =
      word != field.source.words.end() ? std::string_view(word->second) : value;
  if (std::find(known.begin(), known.end(), meant) == known.end()) {
    if (!field.source.otherwise) {
      const auto near = nearest(value, known);
      return refuse(fmt::format(
          "unknown {} `{}`{}: map it under `words` to one of {}", field.name, shortened(value),
          near ? fmt::format(" (did you mean `{}`?)", *near) : "", fmt::join(known, ", ")));
    }
    meant = *field.source.otherwise;
    if (meant.empty()) return true;  // the line says nothing about it
  }
  out.row.set(field.target, Cell::of(texts.keep(meant)));
  return true;
}

bool RowMapper::set_amount(Compiled& field, const CsvRecord& record, MappedRow& out) {
  std::optional<Millionths> amount;
  const auto read = [&](std::string_view text, std::optional<Millionths>& value) {
    if (text.empty()) return true;
    value = parse_millionths(text);
    if (value) return true;
    return refuse(fmt::format(
        "{} `{}` is no amount: write it with a point and without separators, such as 1234.50",
        field.name, shortened(text)));
  };
  if (field.source.from == FieldSource::From::product) {
    std::optional<Millionths> left, right;
    if (!read(cell(record, field.columns[0]), left) || !read(cell(record, field.columns[1]), right))
      return false;
    if (left && right) {
      amount = product(*left, *right);
      if (!amount) return refuse(fmt::format("{} is too large", field.name));
    }
  } else {
    std::string_view value;
    if (!value_of(field, record, value) || !read(value, amount)) return false;
  }
  out.amount = amount;
  out.row.set(field.target, Cell{});
  return true;
}

bool RowMapper::set_consent(Compiled& field, const CsvRecord& record, MappedRow& out) {
  ConsentFact& fact = out.consent;
  if (field.field->type == ImportType::time) {
    std::optional<Time> time;
    if (!time_of(field, record, time)) return false;
    if (field.name == "expires_at")
      fact.expires_at = time;
    else if (time)
      fact.at = *time;
    else
      return refuse("at is empty: consent needs the time at which it was given or withdrawn");
    return true;
  }
  std::string_view value;
  if (!value_of(field, record, value)) return false;
  if (field.field->required && value.empty()) return refuse(fmt::format("{} is empty", field.name));
  if (field.field->type == ImportType::boolean) {
    const auto word = field.source.words.find(value);
    const auto granted =
        parse_boolean(word != field.source.words.end() ? std::string_view(word->second) : value);
    if (!granted)
      return refuse(fmt::format("{} `{}` is neither yes nor no", field.name, shortened(value)));
    fact.granted = *granted;
    return true;
  }
  if (field.name == "customer")
    fact.customer = mapping_.key_prefix + std::string(value);
  else if (field.name == "purpose")
    fact.purpose = value;
  else if (field.name == "basis")
    fact.basis = value;
  else if (field.name == "source")
    fact.source = value;
  else
    fact.text_version = value;
  return true;
}

bool RowMapper::set_suppression(Compiled& field, const CsvRecord& record, MappedRow& out) {
  SuppressionFact& fact = out.suppression;
  if (field.field->type == ImportType::time) {
    std::optional<Time> time;
    if (!time_of(field, record, time)) return false;
    if (field.name == "lifted_at")
      fact.lifted_at = time;
    else if (time)
      fact.at = *time;
    else
      return refuse("at is empty: write since when the address is suppressed");
    return true;
  }
  std::string_view value;
  if (!value_of(field, record, value)) return false;
  if (field.field->required && value.empty()) return refuse(fmt::format("{} is empty", field.name));
  if (field.name == "email")
    fact.email = value;
  else if (field.name == "scope")
    fact.scope = value.empty() ? "all" : value;
  else if (field.name == "cause")
    fact.cause = value;
  else
    fact.source = value;
  return true;
}

bool RowMapper::set_attributes(const CsvRecord& record, TextArena& texts, MappedRow& out) {
  Value object{Value::Object{}};
  for (Compiled& attribute : attributes_) {
    std::string_view value;
    if (!value_of(attribute, record, value)) return false;
    value = in_words(attribute.source, value);
    if (!value.empty()) object.set(attribute.name, Value(value));
  }
  const bool empty = object.as_object()->empty();
  out.row.set("attributes", empty ? Cell{} : Cell::of(texts.keep(to_json(object))));
  return true;
}

void RowMapper::finish(MappedRow& mapped) const {
  Row& row = mapped.row;
  const bool has_currency =
      currency_column_ >= 0 && !row.cells[static_cast<std::size_t>(currency_column_)].is_null();
  if (mapped.amount && money_column_ >= 0) {
    auto currency = mapping_.currency;
    if (has_currency) {
      const std::string_view code = row.cells[static_cast<std::size_t>(currency_column_)].text;
      if (code != currency.view()) currency = find_currency(code).value_or(currency);
    }
    std::int64_t minor = to_minor(*mapped.amount, currency);
    if (mapped.refund && minor > 0) minor = -minor;
    row.set(money_column_, Cell::of(minor));
    if (!has_currency && currency_column_ >= 0)
      row.set(currency_column_, Cell::of(mapping_.currency.view()));
  }
  if (kind_ != ImportKind::orders) return;
  constexpr auto total = column_index(Subject::order, "total_minor");
  if (mapped.refund || (!refund_ && row.cells[total].integer < 0)) make_refund(row);
}

/// Money that goes back: a row of its own, that was never placed and never completed.
void RowMapper::make_refund(Row& row) {
  if (!row.has("refunded_at") || row.cell("refunded_at").is_null()) {
    if (row.has("placed_at")) row.set("refunded_at", row.cell("placed_at"));
  }
  for (const std::string_view column : {"placed_at", "paid_at", "shipped_at", "completed_at"}) {
    if (row.has(column)) row.set(column, Cell{});
  }
  row.set("status", Cell::of(std::string_view("refunded")));
}

}  // namespace retaind::store
