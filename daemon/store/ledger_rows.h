#pragma once
#include <string>

#include "model/outbox.h"
#include "store/statement.h"

// Rows of firing and message as their structs, for the .cc files of this module.
namespace retaind::store {

/// "f.id, …", for read_firing().
std::string firing_columns();
inline std::string firing_select() { return "SELECT " + firing_columns(); }
inline constexpr int firing_column_count = 17;
/// From the columns that begin at `at`.
Firing read_firing(const Statement& row, int at = 0);

/// "m.id, …", for read_message().
std::string message_columns();
inline constexpr int message_column_count = 25;
Message read_message(const Statement& row);

/// SQL for the key of the row that firing `f` is about; empty when it is about none.
std::string subject_key();

}  // namespace retaind::store
