#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/fields.h"

namespace retaind::store {

/// One column of a fact table. Its place in the table below is its bit in a column mask.
struct Column {
  enum class Kind : std::uint8_t { text, integer, real, time, date, reference };
  /// Who writes it: the facts, or the store from other facts. Of `tracked` ones `history` keeps
  /// what they were.
  enum class Owner : std::uint8_t { facts, tracked, store };
  std::string_view name;
  Kind kind;
  Owner owner = Owner::facts;
};

namespace columns {
using enum Column::Kind;
inline constexpr Column::Owner tracked = Column::Owner::tracked;
inline constexpr Column::Owner kept = Column::Owner::store;

// Bits are stored in change rows until the engine has seen them: append only.
inline constexpr std::array customer{Column{"key", text},
                                     Column{"email", text},
                                     Column{"email_key", text, kept},
                                     Column{"first_name", text},
                                     Column{"last_name", text},
                                     Column{"locale", text, tracked},
                                     Column{"time_zone", text, tracked},
                                     Column{"country", text, tracked},
                                     Column{"city", text, tracked},
                                     Column{"currency", text},
                                     Column{"created_at", time},
                                     Column{"birthday", date},
                                     Column{"attributes", text},
                                     Column{"marketing_paused_until", time, kept},
                                     Column{"orders_count", integer, kept},
                                     Column{"total_spent_minor", integer, kept},
                                     Column{"last_order_at", time, kept},
                                     Column{"last_active_at", time, kept},
                                     Column{"active_episode", integer, kept},
                                     Column{"open_tickets", integer, kept}};
inline constexpr std::array order{Column{"key", text},
                                  Column{"customer", reference},
                                  Column{"number", text},
                                  Column{"status", text, tracked},
                                  Column{"total_minor", integer, tracked},
                                  Column{"currency", text},
                                  Column{"placed_at", time},
                                  Column{"paid_at", time},
                                  Column{"shipped_at", time},
                                  Column{"completed_at", time},
                                  Column{"cancelled_at", time},
                                  Column{"refunded_at", time},
                                  Column{"items_count", integer},
                                  Column{"attributes", text}};
inline constexpr std::array item{Column{"key", text},       Column{"order", reference},
                                 Column{"sku", text},       Column{"name", text},
                                 Column{"quantity", real},  Column{"price_minor", integer},
                                 Column{"attributes", text}};
inline constexpr std::array subscription{Column{"key", text},
                                         Column{"customer", reference},
                                         Column{"plan", text, tracked},
                                         Column{"status", text, tracked},
                                         Column{"price_minor", integer, tracked},
                                         Column{"currency", text},
                                         Column{"started_at", time},
                                         Column{"renews_at", time, tracked},
                                         Column{"cancelled_at", time},
                                         Column{"ended_at", time},
                                         Column{"attributes", text}};
inline constexpr std::array ticket{Column{"key", text},
                                   Column{"customer", reference},
                                   Column{"number", text},
                                   Column{"subject", text},
                                   Column{"status", text},
                                   Column{"priority", text, tracked},
                                   Column{"assignee", text, tracked},
                                   Column{"team", text, tracked},
                                   Column{"url", text},
                                   Column{"opened_at", time},
                                   Column{"first_response_at", time},
                                   Column{"solved_at", time},
                                   Column{"closed_at", time},
                                   Column{"unresolved_since", time, kept},
                                   Column{"unresolved_episode", integer, kept},
                                   Column{"reopens", integer, kept},
                                   Column{"as_of", time},
                                   Column{"attributes", text}};
inline constexpr std::array feedback{
    Column{"key", text},         Column{"customer", reference}, Column{"order", reference},
    Column{"ticket", reference}, Column{"kind", text},          Column{"score", integer},
    Column{"comment", text},     Column{"received_at", time},   Column{"attributes", text}};
inline constexpr std::array event{Column{"key", text}, Column{"customer", reference},
                                  Column{"name", text}, Column{"at", time},
                                  Column{"attributes", text}};
}  // namespace columns

inline constexpr std::size_t most_columns = columns::customer.size();

constexpr std::span<const Column> columns_of(Subject subject) {
  switch (subject) {
    case Subject::customer: return columns::customer;
    case Subject::order: return columns::order;
    case Subject::item: return columns::item;
    case Subject::subscription: return columns::subscription;
    case Subject::ticket: return columns::ticket;
    case Subject::feedback: return columns::feedback;
    case Subject::event: return columns::event;
  }
  return {};
}

/// Index of a column, -1 when the table has none of that name (`id` and `history_until` are not in
/// the masks).
constexpr int column_index(Subject subject, std::string_view name) {
  const auto all = columns_of(subject);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

/// The bit of a column in `change.columns`; 0 for an unknown name.
constexpr std::uint64_t column_mask(Subject subject, std::string_view name) {
  const int index = column_index(subject, name);
  return index < 0 ? 0 : std::uint64_t{1} << index;
}

/// Of a new row, and of the row 0 that stands for a bulk load.
constexpr std::uint64_t all_columns(Subject subject) {
  return (std::uint64_t{1} << columns_of(subject).size()) - 1;
}

}  // namespace retaind::store
