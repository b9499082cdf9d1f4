#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "language/diagnostic.h"
#include "model/mapping.h"

namespace retaind::language {

struct CheckedMapping {
  std::optional<Mapping> mapping;  ///< only without errors
  std::vector<Diagnostic> diagnostics;
};

/// Reads a mapping file, which says how the columns of an export become the fields of `kind`:
///
///     time-zone: Europe/London
///     currency: GBP
///     merge: yes                                    # the lines of an invoice are one order
///     fields:
///       key: InvoiceNo                              # a column
///       customer: CustomerID
///       total: {product: [Quantity, UnitPrice]}     # summed up, because lines are merged
///       placed_at: {column: InvoiceDate, take: earliest}
///       status: {column: State, words: {delivered: completed}, otherwise: other}
///
/// All keys are rows of language/keys (mapping, source, line). Whether the columns exist is for the
/// import to say, which has the file. `site_zone` is for times when the mapping names no zone.
CheckedMapping read_mapping(const std::filesystem::path& file, ImportKind kind,
                            const Zone& site_zone);
CheckedMapping read_mapping(std::shared_ptr<const Source> source, ImportKind kind,
                            const Zone& site_zone);

}  // namespace retaind::language
