#pragma once
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/site.h"
#include "store/database.h"

namespace retaind::delivery {

/// A customer, and rows of each kind about him, that every mail has to suit.
struct Sample {
  std::string_view key;
  std::string_view whom;  ///< "whose name is not known"; empty: everything is known
  std::string_view first_name, last_name, city;
  std::string_view thing;  ///< what his items, tickets and plans are called
  int rows = 1;            ///< items of his order; tickets in a team's mail
};
std::span<const Sample> samples();
/// What the first item of his order is known by in other orders.
std::string first_product(const Sample& sample);

/// The rows of a sample in the store; 0: none of this kind.
using SampleRows = std::array<std::int64_t, subject_count>;

/// Writes the sample into the store, with every attribute that the site declares.
Result<SampleRows> put_sample(store::Database& database, const Vocabulary& words,
                              const Sample& sample, Time now);
/// Has the sample's customer read another language.
Result<void> put_locale(store::Database& database, const Sample& sample, const std::string& locale,
                        Time now);

}  // namespace retaind::delivery
