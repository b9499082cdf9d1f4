#pragma once
#include <string_view>

namespace retaind::log {

/// Levels map to journald priorities: the line starts with "<3>", "<4>", "<6>" or "<7>" when
/// standard error is the journal, and is readable text otherwise. Lines carry ids, never addresses.
enum class Level { error, warning, info, debug };

void set_level(Level level);
void error(std::string_view line);
void warning(std::string_view line);
void info(std::string_view line);
void debug(std::string_view line);

}  // namespace retaind::log
