#include "store/meta.h"

namespace retaind::store {

std::optional<std::string> meta_value(Database& database, std::string_view name) {
  Statement& row = database.prepared("SELECT value FROM meta WHERE key = ?1").bind(1, name);
  if (!row.step()) return std::nullopt;
  std::string value{row.text(0)};
  row.reset();
  return value;
}

void set_meta_value(Database& database, std::string_view name, std::string_view value) {
  database
      .prepared(
          "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = "
          "excluded.value")
      .bind(1, name)
      .bind(2, value)
      .run();
}

std::string running_settings(Database& database) {
  return meta_value(database, "settings").value_or("");
}

void keep_running_settings(Database& database, std::string_view text) {
  if (running_settings(database) != text) set_meta_value(database, "settings", text);
}

}  // namespace retaind::store
