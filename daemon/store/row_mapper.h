#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/facts.h"
#include "model/mapping.h"
#include "store/cell_values.h"
#include "store/csv.h"
#include "store/import.h"
#include "store/row.h"
#include "store/text_arena.h"

namespace retaind::store {

/// One line of an export, understood. Which part is used depends on the kind.
struct MappedRow {
  explicit MappedRow(Subject subject) : row(subject) {}
  Row row;
  std::optional<Millionths> amount;  ///< the row's money, not yet in minor units
  bool refund = false;
  std::string_view alias;
  ConsentFact consent;
  SuppressionFact suppression;
  std::int64_t line = 0;
  std::int64_t number = 0;  ///< by `number-within`
};

/// Turns the lines of one file into rows by a mapping.
class RowMapper {
 public:
  /// Without a mapping the header must hold names of import_fields(), or `id` for the key. Refuses
  /// a header without the required fields, and a mapping that names columns which are not there.
  static Result<RowMapper> make(const ImportOptions& options,
                                const std::vector<std::string>& header);

  enum class Verdict : std::uint8_t { row, skipped, refused };
  /// Texts of the row are kept in `texts`. After `refused`, reason() says why.
  Verdict map(const CsvRecord& record, TextArena& texts, MappedRow& out);
  [[nodiscard]] const std::string& reason() const { return reason_; }
  /// The last step, after lines were merged: money in minor units, refunds.
  void finish(MappedRow& mapped) const;

  /// Whether a field is `number-within`. Lines are counted whether or not they can be used; a list
  /// of refused lines brings the numbers that they had.
  [[nodiscard]] bool numbers_lines() const { return number_column_ >= 0; }
  /// Of the last line.
  [[nodiscard]] std::int64_t number() const { return number_; }
  /// Before the file is read once more.
  void count_anew() { numbers_.clear(); }
  [[nodiscard]] const Mapping& mapping() const { return mapping_; }
  [[nodiscard]] ImportKind kind() const { return kind_; }
  /// Columns of the header that nothing reads.
  [[nodiscard]] const std::vector<std::string>& unused() const { return unused_; }
  /// For each column of the row, what counts when lines are merged.
  [[nodiscard]] FieldSource::Take take_of(int column) const;

 private:
  struct Test {
    int column;
    LineTest test;
  };
  struct Compiled {
    const ImportField* field = nullptr;  ///< nullptr: an attribute or the alias
    std::string name;
    FieldSource source;
    std::vector<int> columns;
    std::optional<Test> when;
    int target = -1;  ///< column in the row
    // The last time read: exports repeat them, and a zone makes them costly.
    std::string last_text;
    std::optional<Time> last_time;
  };

  RowMapper() = default;
  void assume_own_names(const std::vector<std::string>& header);
  Result<void> compile(const std::vector<std::string>& header);
  Result<Compiled> compile_field(const FieldSource& source, std::string_view name);
  Result<int> column_of(std::string_view name);
  Result<void> compile_currency(Currency site_currency);
  Result<void> compile_number();
  bool count(const CsvRecord& record);
  [[nodiscard]] bool holds(const Test& test, const CsvRecord& record) const;
  [[nodiscard]] std::string_view cell(const CsvRecord& record, int column) const;
  bool value_of(Compiled& field, const CsvRecord& record, std::string_view& value);
  bool time_of(Compiled& field, const CsvRecord& record, std::optional<Time>& time);
  bool parse_when(Compiled& field, std::string_view text, std::optional<Time>& time);
  bool set(Compiled& field, const CsvRecord& record, TextArena& texts, MappedRow& out);
  bool set_plain(const Compiled& field, std::string_view value, TextArena& texts, MappedRow& out);
  bool set_word(const Compiled& field, std::string_view value, TextArena& texts, MappedRow& out);
  bool set_amount(Compiled& field, const CsvRecord& record, MappedRow& out);
  bool set_consent(Compiled& field, const CsvRecord& record, MappedRow& out);
  bool set_suppression(Compiled& field, const CsvRecord& record, MappedRow& out);
  bool set_attributes(const CsvRecord& record, TextArena& texts, MappedRow& out);
  bool refuse(std::string reason);
  static void make_refund(Row& row);

  ImportKind kind_ = ImportKind::customers;
  Mapping mapping_;
  std::vector<std::string> header_;
  std::vector<bool> used_;
  std::vector<std::string> unused_;
  std::vector<Compiled> fields_, attributes_;
  std::optional<Compiled> alias_;
  int money_column_ = -1, currency_column_ = -1;  ///< in the row; -1: none
  std::vector<Test> skip_;
  std::optional<Test> refund_;
  int number_column_ = -1;      ///< that of the group, or of the number itself; -1: none
  bool numbers_given_ = false;  ///< the file is a list of refused lines
  std::unordered_map<std::string, std::int64_t> numbers_;
  std::int64_t number_ = 0;
  std::string reason_, scratch_;
};

}  // namespace retaind::store
