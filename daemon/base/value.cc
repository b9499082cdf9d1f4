#include "base/value.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace retaind {
namespace {

constexpr std::size_t deepest = 64;

/// Builds a Value from the events of nlohmann's parser, which itself does not recurse.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return add(Value()); }
  bool boolean(bool value) override { return add(Value(value)); }
  bool number_integer(number_integer_t value) override { return add(Value(std::int64_t{value})); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
      return add(Value(static_cast<double>(value)));
    }
    return add(Value(static_cast<std::int64_t>(value)));
  }
  bool number_float(number_float_t value, const string_t& /*text*/) override {
    return add(Value(value));
  }
  bool string(string_t& value) override { return add(Value(std::move(value))); }
  bool binary(binary_t& /*value*/) override { return false; }  // JSON has none
  bool start_object(std::size_t /*size*/) override { return open(Value(Value::Object{})); }
  bool start_array(std::size_t /*size*/) override { return open(Value(Value::Array{})); }
  bool key(string_t& name) override {
    keys_.back() = std::move(name);
    return true;
  }
  bool end_object() override {
    keep_last_of_each(*open_.back().as_object());
    return close();
  }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    const std::string what = error.what();
    const std::size_t reason = what.rfind(": ");
    error_ = fmt::format("not JSON at byte {}: {}; write JSON as in RFC 8259", position,
                         reason == std::string::npos ? what : what.substr(reason + 2));
    return false;
  }

  [[nodiscard]] Result<Value> result() && {
    if (!error_.empty()) return Error{ErrorKind::invalid, std::move(error_)};
    return std::move(root_);
  }

 private:
  bool open(Value container) {
    if (open_.size() == deepest) {
      error_ = fmt::format("JSON is nested deeper than {}; flatten it", deepest);
      return false;
    }
    open_.push_back(std::move(container));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    Value done = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    return add(std::move(done));
  }
  bool add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Value::Array* array = open_.back().as_array()) {
      array->push_back(std::move(value));
    } else {
      open_.back().as_object()->emplace_back(std::move(keys_.back()), std::move(value));
    }
    return true;
  }
  // RFC 8259 section 4 leaves repeated names open; like most readers we keep the last value.
  static void keep_last_of_each(Value::Object& object) {
    std::unordered_map<std::string_view, std::size_t> last;
    for (std::size_t i = 0; i < object.size(); ++i) last[object[i].first] = i;
    if (last.size() == object.size()) return;
    Value::Object unique;
    for (std::size_t i = 0; i < object.size(); ++i) {
      if (last.at(object[i].first) == i) unique.emplace_back(object[i]);
    }
    object = std::move(unique);
  }

  Value root_;
  std::vector<Value> open_;
  std::vector<std::string> keys_;
  std::string error_;
};

int hex4(std::string_view text, std::size_t at) {
  int value = -1;
  if (at + 4 > text.size()) return value;
  const auto read = std::from_chars(text.data() + at, text.data() + at + 4, value, 16);
  return read.ptr == text.data() + at + 4 ? value : -1;
}

// RFC 8259 section 8.2 lets a text escape half a surrogate pair, as JavaScript and Python write a
// cut emoji; nlohmann refuses the whole document for it. \u and four digits become \ufffd in place.
std::string with_whole_pairs(std::string_view text) {
  std::string out(text);
  for (std::size_t i = out.find('\\'); i < out.size(); i = out.find('\\', i)) {
    const int unit = i + 1 < out.size() && out[i + 1] == 'u' ? hex4(out, i + 2) : -1;
    if (unit < 0xD800 || unit > 0xDFFF) {
      i += 2;
      continue;
    }
    const bool pair = unit < 0xDC00 && out.compare(i + 6, 2, "\\u") == 0;
    const int low = pair ? hex4(out, i + 8) : -1;
    if (low >= 0xDC00 && low <= 0xDFFF) {
      i += 12;
      continue;
    }
    out.replace(i + 2, 4, "fffd");
    i += 6;
  }
  return out;
}

bool may_escape_surrogates(std::string_view text) {
  return text.find("\\ud") != std::string_view::npos || text.find("\\uD") != std::string_view::npos;
}

void write_text(std::string_view text, std::string& out) {
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void write(const Value& value, std::string& out) {
  if (value.is_null()) {
    out += "null";
  } else if (const bool* flag = value.as_bool()) {
    out += *flag ? "true" : "false";
  } else if (const std::int64_t* integer = value.as_integer()) {
    out += fmt::format_int(*integer).str();
  } else if (const double* real = value.as_real()) {
    out += nlohmann::json(*real).dump();
  } else if (const std::string* text = value.as_text()) {
    write_text(*text, out);
  } else if (const Value::Array* array = value.as_array()) {
    out += '[';
    for (const Value& element : *array) {
      if (&element != array->data()) out += ',';
      write(element, out);
    }
    out += ']';
  } else if (const Value::Object* object = value.as_object()) {
    out += '{';
    for (const auto& member : *object) {
      if (&member != object->data()) out += ',';
      write_text(member.first, out);
      out += ':';
      write(member.second, out);
    }
    out += '}';
  }
}

}  // namespace

const Value* Value::find(std::string_view key) const {
  const Object* object = as_object();
  if (object == nullptr) return nullptr;
  for (const auto& [name, value] : *object) {
    if (name == key) return &value;
  }
  return nullptr;
}

void Value::set(std::string_view key, Value value) {
  if (is_null()) data_ = Object{};
  Object* object = as_object();
  if (object == nullptr) return;
  for (auto& member : *object) {
    if (member.first != key) continue;
    member.second = std::move(value);
    return;
  }
  object->emplace_back(key, std::move(value));
}

Result<Value> parse_json(std::string_view text) {
  Builder builder;
  if (may_escape_surrogates(text))
    nlohmann::json::sax_parse(with_whole_pairs(text), &builder);
  else
    nlohmann::json::sax_parse(text, &builder);
  return std::move(builder).result();
}

std::string to_json(const Value& value) {
  std::string out;
  write(value, out);
  return out;
}

}  // namespace retaind
