#include "store/row_mapper.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace retaind::store {
namespace {

/// "Created At" and "created-at" are created_at.
std::string own_name(std::string_view header) {
  std::string name = lower_ascii(trim(header));
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == ' ' || c == '-'; }, '_');
  return name;
}

/// Names in braces.
std::vector<std::string> placeholders(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; (at = text.find('{', at)) != std::string_view::npos;) {
    const std::size_t stop = text.find('}', at);
    if (stop == std::string_view::npos) break;
    names.emplace_back(text.substr(at + 1, stop - at - 1));
    at = stop;
  }
  return names;
}

}  // namespace

Result<RowMapper> RowMapper::make(const ImportOptions& options,
                                  const std::vector<std::string>& header) {
  RowMapper mapper;
  mapper.kind_ = options.kind;
  mapper.mapping_.zone = options.zone;
  if (options.mapping) mapper.mapping_ = *options.mapping;
  mapper.header_ = header;
  mapper.used_.assign(header.size(), false);
  if (!options.mapping) mapper.assume_own_names(header);
  if (auto result = mapper.compile(header); !result) return result.error();
  if (auto result = mapper.compile_currency(options.currency); !result) return result.error();
  if (auto result = mapper.compile_number(); !result) return result.error();
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (!mapper.used_[i]) mapper.unused_.push_back(header[i]);
  }
  if (!options.mapping && header.size() > 1 && mapper.unused_.size() + 1 == header.size()) {
    return Error{
        ErrorKind::invalid,
        fmt::format("of {} the file has nothing but the key: if it is of another kind, name "
                    "that one; if its columns have other names, rename them or write a "
                    "mapping file (--map); they are {}",
                    name_of(options.kind), fmt::join(header, ", "))};
  }
  return mapper;
}

void RowMapper::assume_own_names(const std::vector<std::string>& header) {
  for (const ImportField& field : import_fields(kind_)) {
    for (const std::string& column : header) {
      const std::string name = own_name(column);
      if (name != field.name && !(field.name == "key" && name == "id")) continue;
      FieldSource source;
      source.columns = {column};
      mapping_.fields.emplace(field.name, std::move(source));
    }
  }
}

Result<int> RowMapper::column_of(std::string_view name) {
  for (std::size_t i = 0; i < header_.size(); ++i) {
    if (header_[i] != name) continue;
    if (std::find(header_.begin() + static_cast<std::ptrdiff_t>(i) + 1, header_.end(), name) !=
        header_.end())
      return Error{ErrorKind::invalid,
                   fmt::format("the file has more than one column `{}`, and nobody knows which is "
                               "meant: rename or remove the others",
                               name)};
    used_[i] = true;
    return static_cast<int>(i);
  }
  const std::vector<std::string_view> names(header_.begin(), header_.end());
  const auto near = nearest(name, names);
  return Error{ErrorKind::invalid,
               fmt::format("the file has no column `{}`{}: its columns are {}", name,
                           near ? fmt::format(" (did you mean `{}`?)", *near) : "",
                           fmt::join(header_, ", "))};
}

Result<RowMapper::Compiled> RowMapper::compile_field(const FieldSource& source,
                                                     std::string_view name) {
  Compiled compiled;
  compiled.name = name;
  compiled.source = source;
  auto& columns = compiled.source.columns;
  if (source.from == FieldSource::From::text) columns = placeholders(source.text);
  for (const std::string& column : columns) {
    auto index = column_of(column);
    if (!index) return index.error();
    compiled.columns.push_back(*index);
  }
  return compiled;
}

Result<void> RowMapper::compile(const std::vector<std::string>& header) {
  const Subject subject = subject_of(kind_);
  currency_column_ = column_index(subject, "currency");
  for (const ImportField& field : import_fields(kind_)) {
    const auto found = mapping_.fields.find(field.name);
    if (found == mapping_.fields.end()) {
      if (!field.required) continue;
      return Error{
          ErrorKind::invalid,
          fmt::format(
              "nothing says where the {} of {} is: name its column `{}`, or write a mapping file "
              "(--map); the columns are {}",
              field.name, name_of(kind_), field.name, fmt::join(header, ", "))};
    }
    auto compiled = compile_field(found->second, field.name);
    if (!compiled) return compiled.error();
    compiled->field = &field;
    if (!field.column.empty()) compiled->target = column_index(subject, field.column);
    if (field.type == ImportType::money) money_column_ = compiled->target;
    fields_.push_back(std::move(*compiled));
  }
  for (const auto& [name, source] : mapping_.attributes) {
    auto compiled = compile_field(source, name);
    if (!compiled) return compiled.error();
    attributes_.push_back(std::move(*compiled));
  }
  if (mapping_.alias) {
    auto compiled = compile_field(*mapping_.alias, "alias");
    if (!compiled) return compiled.error();
    alias_ = std::move(*compiled);
  }
  const auto compile_test = [&](const LineTest& test) -> Result<Test> {
    auto column = column_of(test.column);
    if (!column) return column.error();
    return Test{*column, test};
  };
  for (const LineTest& test : mapping_.skip) {
    auto compiled = compile_test(test);
    if (!compiled) return compiled.error();
    skip_.push_back(*compiled);
  }
  if (mapping_.refund) {
    auto compiled = compile_test(*mapping_.refund);
    if (!compiled) return compiled.error();
    refund_ = *compiled;
  }
  for (Compiled& field : fields_) {
    if (!field.source.when) continue;
    auto compiled = compile_test(*field.source.when);
    if (!compiled) return compiled.error();
    field.when = *compiled;
  }
  return {};
}

/// An amount means nothing without its currency: yen have no cents.
Result<void> RowMapper::compile_currency(Currency site_currency) {
  if (mapping_.currency.empty()) mapping_.currency = site_currency;
  const auto mapped = [&](std::string_view name) {
    return std::any_of(fields_.begin(), fields_.end(),
                       [&](const Compiled& field) { return field.name == name; });
  };
  const bool money = std::any_of(fields_.begin(), fields_.end(), [](const Compiled& field) {
    return field.field->type == ImportType::money;
  });
  if (!money || !mapping_.currency.empty() || mapped("currency")) return {};
  return Error{ErrorKind::invalid,
               "the amounts have no currency: write `currency: EUR` in the mapping or in "
               "retaind.yaml, or name a column `currency`"};
}

Result<void> RowMapper::compile_number() {
  std::vector<const Compiled*> all;
  for (const auto* fields : {&fields_, &attributes_}) {
    for (const Compiled& field : *fields) all.push_back(&field);
  }
  if (alias_) all.push_back(&*alias_);
  for (const Compiled* field : all) {
    if (field->source.from != FieldSource::From::number_within) continue;
    const int column = field->columns.front();
    if (number_column_ >= 0 && number_column_ != column) {
      return Error{ErrorKind::invalid,
                   fmt::format("lines are numbered within `{}` and within `{}`: number them within "
                               "one column",
                               header_[static_cast<std::size_t>(number_column_)],
                               header_[static_cast<std::size_t>(column)])};
    }
    number_column_ = column;
  }
  numbers_given_ =
      number_column_ >= 0 && header_.size() > 2 && header_[0] == "line" && header_[1] == "reason";
  if (!numbers_given_) return {};
  if (header_[2] != "number") {
    return Error{
        ErrorKind::invalid,
        fmt::format("this list of refused lines does not say which number within `{}` each "
                    "of them had: correct the file that it came of and import that",
                    header_[static_cast<std::size_t>(number_column_)])};
  }
  number_column_ = 2;
  for (const std::size_t column : {0U, 1U, 2U}) used_[column] = true;
  return {};
}

FieldSource::Take RowMapper::take_of(int column) const {
  for (const Compiled& field : fields_) {
    if (field.target == column) return field.source.take;
  }
  return FieldSource::Take::last;
}

bool RowMapper::refuse(std::string reason) {
  reason_ = std::move(reason);
  return false;
}

}  // namespace retaind::store
