#include "render/datum.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "render/lexer.h"

namespace retaind::render {

std::string_view Arena::keep(std::string_view text) {
  if (text.empty()) return {};
  char* const copy = take<char>(text.size());
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

Datum Datum::of(bool value) {
  Datum made(Kind::boolean);
  made.boolean_ = value;
  return made;
}

Datum Datum::of(std::int64_t value) {
  Datum made(Kind::integer);
  made.integer_ = value;
  return made;
}

Datum Datum::of(double value) {
  Datum made(Kind::real);
  made.real_ = value;
  return made;
}

Datum Datum::of(std::string_view text, bool safe) {
  Datum made(Kind::text);
  made.text_ = text.data();
  made.size_ = text.size();
  made.safe_ = safe;
  return made;
}

Datum Datum::of(const Value& value) {
  if (const std::string* const text = value.as_text()) return of(std::string_view(*text));
  if (const std::int64_t* const number = value.as_integer()) return of(*number);
  if (const double* const number = value.as_real()) return of(*number);
  if (const bool* const boolean = value.as_bool()) return of(*boolean);
  if (value.is_null()) return nil();
  Datum made(value.as_array() != nullptr ? Kind::array : Kind::object);
  made.value_ = &value;
  return made;
}

Datum Datum::list(const Datum* items, std::size_t count) {
  Datum made(Kind::list);
  made.items_ = items;
  made.size_ = count;
  return made;
}

Datum Datum::range(std::int64_t low, std::int64_t high) {
  Datum made(Kind::range);
  made.integer_ = low;
  made.high_ = high;
  return made;
}

Datum Datum::loop(const LoopState& state) {
  Datum made(Kind::loop);
  made.loop_ = &state;
  return made;
}

bool Datum::is_empty() const {
  switch (kind_) {
    case Kind::text: return size_ == 0;
    case Kind::array:
    case Kind::list:
    case Kind::object: return size() == 0;
    case Kind::empty: return true;
    default: return false;
  }
}

bool Datum::is_blank() const {
  switch (kind_) {
    case Kind::undefined:
    case Kind::nil:
    case Kind::blank: return true;
    case Kind::boolean: return !boolean_;
    case Kind::text: return strip_left(text()).empty();
    default: return is_empty();
  }
}

std::size_t Datum::size() const {
  switch (kind_) {
    case Kind::array: return value_->as_array()->size();
    case Kind::object: return value_->as_object()->size();
    case Kind::list: return size_;
    case Kind::range: {
      if (high_ < integer_) return 0;
      // Unsigned: the whole range of the type has no signed length.
      const std::uint64_t span =
          static_cast<std::uint64_t>(high_) - static_cast<std::uint64_t>(integer_);
      return span == std::numeric_limits<std::uint64_t>::max() ? span : span + 1;
    }
    default: return 0;
  }
}

Datum Datum::item(std::size_t i) const {
  if (i >= size()) return {};
  switch (kind_) {
    case Kind::array: return of((*value_->as_array())[i]);
    case Kind::list: return items_[i];
    case Kind::range:
      return of(static_cast<std::int64_t>(static_cast<std::uint64_t>(integer_) + i));
    default: return {};
  }
}

Datum Datum::member(Arena& arena, std::size_t i) const {
  const auto& [key, value] = (*value_->as_object())[i];
  Datum* const pair = arena.take<Datum>(2);
  pair[0] = of(std::string_view(key));
  pair[1] = of(value);
  return list(pair, 2);
}

Datum Datum::member(std::string_view name) const {
  if (kind_ == Kind::object) {
    const Value* const found = value_->find(name);
    return found == nullptr ? Datum() : of(*found);
  }
  if (kind_ != Kind::loop) return {};
  const LoopState& state = *loop_;
  if (name == "index") return of(state.index0 + 1);
  if (name == "index0") return of(state.index0);
  if (name == "rindex") return of(state.length - state.index0);
  if (name == "rindex0") return of(state.length - state.index0 - 1);
  if (name == "first") return of(state.index0 == 0);
  if (name == "last") return of(state.index0 == state.length - 1);
  if (name == "length") return of(state.length);
  if (state.columns == 0) {
    if (name == "name") return of(state.name);
    if (name == "parentloop") return state.parent == nullptr ? nil() : loop(*state.parent);
    return {};
  }
  const std::int64_t column = state.index0 % state.columns;
  if (name == "col") return of(column + 1);
  if (name == "col0") return of(column);
  if (name == "col_first") return of(column == 0);
  if (name == "col_last") return of(column == state.columns - 1);
  if (name == "row") return of(state.index0 / state.columns + 1);
  return {};
}

void print_real(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
    return;
  }
  const double size = std::fabs(value);
  const bool plain = value == 0 || (size >= 1e-4 && size < 1e16);
  char digits[64];
  const auto written =
      std::to_chars(digits, digits + sizeof digits, value,
                    plain ? std::chars_format::fixed : std::chars_format::scientific);
  const std::string_view text(digits, static_cast<std::size_t>(written.ptr - digits));
  if (plain) {
    out += text;
    if (text.find('.') == std::string_view::npos) out += ".0";
    return;
  }
  const std::size_t e = text.find('e');
  out += text.substr(0, e);
  if (text.substr(0, e).find('.') == std::string_view::npos) out += ".0";
  out += text.substr(e);
}

void Datum::print(std::string& out) const {
  char digits[24];
  switch (kind_) {
    case Kind::text: out += text(); return;
    case Kind::boolean: out += boolean_ ? "true" : "false"; return;
    case Kind::integer:
      out.append(digits, std::to_chars(digits, digits + sizeof digits, integer_).ptr);
      return;
    case Kind::real: print_real(real_, out); return;
    case Kind::array:
    case Kind::list:
      for (std::size_t i = 0; i < size(); ++i) item(i).print(out);
      return;
    case Kind::object: inspect(out); return;
    case Kind::range:
      of(integer_).print(out);
      out += "..";
      of(high_).print(out);
      return;
    default: return;
  }
}

namespace {

// As Ruby's String#inspect writes it; what is no control character stays.
void inspect_text(std::string_view text, std::string& out) {
  static constexpr std::string_view escaped = "\"\\\n\t\r\f\v\b\a\x1B";
  static constexpr std::string_view letters = "\"\\ntrfvbae";
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::size_t place = escaped.find(c);
    const bool interpolates = c == '#' && i + 1 < text.size() &&
                              (text[i + 1] == '{' || text[i + 1] == '$' || text[i + 1] == '@');
    if (place != std::string_view::npos) {
      out += '\\';
      out += letters[place];
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02X}", static_cast<unsigned>(c));
    } else {
      if (interpolates) out += '\\';
      out += c;
    }
  }
  out += '"';
}

}  // namespace

void Datum::inspect(std::string& out) const {
  if (kind_ == Kind::object) {
    out += '{';
    bool first = true;
    for (const auto& [key, value] : *value_->as_object()) {
      if (!first) out += ", ";
      first = false;
      inspect_text(key, out);
      out += "=>";
      of(value).inspect(out);
    }
    out += '}';
  } else if (kind_ == Kind::array || kind_ == Kind::list) {
    out += '[';
    for (std::size_t i = 0; i < size(); ++i) {
      if (i > 0) out += ", ";
      item(i).inspect(out);
    }
    out += ']';
  } else if (kind_ == Kind::text) {
    inspect_text(text(), out);
  } else if (is_missing()) {
    out += "nil";
  } else {
    print(out);
  }
}

std::string_view Datum::string(Arena& arena) const {
  if (kind_ == Kind::text) return text();
  std::string out;
  if (kind_ == Kind::array || kind_ == Kind::list)
    inspect(out);
  else
    print(out);
  return arena.keep(out);
}

}  // namespace retaind::render
