#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "base/zone.h"
#include "model/fields.h"

namespace retaind {

/// What `retaind import KIND` reads.
enum class ImportKind : std::uint8_t {
  customers,
  orders,
  items,
  subscriptions,
  tickets,
  feedback,
  events,
  consent,
  suppression
};
std::string_view name_of(ImportKind kind);
std::optional<ImportKind> find_import_kind(std::string_view name);
std::span<const std::string_view> import_kind_names();
/// Whose row it fills; the customer's of consent and suppression, which have none of their own.
Subject subject_of(ImportKind kind);

enum class ImportType : std::uint8_t {
  text,
  word,
  time,
  date,
  money,
  integer,
  real,
  boolean,
  reference,  ///< the key of a customer, order or ticket
};

/// One field that an import can fill: the one table for mapping files, the importer and the
/// documentation.
struct ImportField {
  std::string_view name;    ///< as in a header or a mapping file
  std::string_view column;  ///< in the store; empty for consent and suppression
  ImportType type;
  bool required = false;
};
std::span<const ImportField> import_fields(ImportKind kind);

/// A line that a mapping picks by one of its cells.
struct LineTest {
  std::string column;
  std::vector<std::string> is;  ///< one of these; the empty text for a missing value
  std::string begins_with;      ///< used when `is` is empty
};

/// Where a field's value comes from.
struct FieldSource {
  enum class From : std::uint8_t {
    column,   ///< the cell; of several columns, the cells joined with '-' (all missing: missing)
    text,     ///< `text`, with {column} filled in
    product,  ///< of two numeric columns
    latest,   ///< of several columns with times
    earliest,
    number_within,  ///< 1, 2, 3 … for the lines with the same cell in the column
  };
  From from = From::column;
  std::vector<std::string> columns;
  std::string text;
  std::string date_format;  ///< for this field alone; empty: the mapping's
  std::map<std::string, std::string, std::less<>>
      words;  ///< cell → word; not empty: others are `otherwise`
  std::optional<std::string>
      otherwise;                 ///< without it, an unknown cell is refused; empty: says nothing
  std::optional<LineTest> when;  ///< else the field is empty
  bool lower_case = false;

  /// What counts when several lines are one row (Mapping::merge).
  enum class Take : std::uint8_t { last, first, earliest, latest, sum };
  Take take = Take::last;
};

/// How the columns of one export become fields: a mapping file, or what a header with our own names
/// means.
struct Mapping {
  char separator = ',';
  bool blanks = false;                    ///< fields are separated by runs of blanks instead
  bool header = true;                     ///< otherwise the columns are called 1, 2, 3 …
  std::vector<std::string> missing{""};   ///< cells that mean "no value"
  Zone zone = Zone::utc();                ///< of times without an offset
  std::vector<std::string> date_formats;  ///< empty: RFC 3339 or "2026-03-02[ 09:30[:00]]"
  Currency currency;                      ///< of money without a currency column
  std::string key_prefix;      ///< before every key and reference, when several shops share a store
  std::vector<LineTest> skip;  ///< these lines are left out, and counted
  bool merge = false;          ///< lines with one key are one row
  std::optional<LineTest> refund;  ///< orders: these are refunds; without it, negative totals
  std::map<std::string, FieldSource, std::less<>> fields;
  std::map<std::string, FieldSource, std::less<>> attributes;
  std::optional<FieldSource> alias;  ///< customers: a further key
  std::string fingerprint;           ///< of the file's text: another mapping begins an import anew
};

}  // namespace retaind
