#include "store/import_progress.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "base/digest.h"

namespace retaind::store {
namespace fs = std::filesystem;

ImportMark ImportMark::of(const ImportOptions& options) {
  constexpr std::streamoff sample = 1 << 16;
  ImportMark mark;
  std::error_code ignored;
  mark.file =
      fmt::format("{} {}", name_of(options.kind), fs::absolute(options.file, ignored).string());
  const auto size = fs::file_size(options.file, ignored);
  const auto written = fs::last_write_time(options.file, ignored).time_since_epoch().count();
  std::string text = fmt::format("{} {} {} {}\n", size, written, options.history ? 1 : 0,
                                 options.mapping ? options.mapping->fingerprint : "");
  std::ifstream in(options.file, std::ios::binary);
  std::string bytes(static_cast<std::size_t>(sample), '\0');
  for (const std::streamoff from :
       {std::streamoff{0}, static_cast<std::streamoff>(size) - sample}) {
    in.clear();
    in.seekg(from < 0 ? 0 : from);
    in.read(bytes.data(), sample);
    text.append(bytes.data(), static_cast<std::size_t>(in.gcount()));
  }
  mark.fingerprint = hex(sha256(text));
  return mark;
}

std::optional<ImportMark> ImportMark::find(Database& database, const std::string& file) {
  Statement& row =
      database.prepared("SELECT fingerprint, position, state FROM import_progress WHERE file = ?1");
  std::optional<ImportMark> mark;
  if (row.bind(1, file).step()) {
    mark = ImportMark{file, std::string(row.text(0)), row.integer(1), {}};
    std::istringstream state{std::string(row.text(2))};
    ImportCounts& counts = mark->counts;
    state >> counts.lines >> counts.inserted >> counts.updated >> counts.unchanged >>
        counts.rejected >> counts.rejected_bytes;
  }
  row.reset();
  return mark;
}

void ImportMark::save(Database& database, Time now) const {
  const std::string state =
      fmt::format("{} {} {} {} {} {}", counts.lines, counts.inserted, counts.updated,
                  counts.unchanged, counts.rejected, counts.rejected_bytes);
  database
      .prepared(
          "INSERT INTO import_progress (file, fingerprint, position, state, at) VALUES (?1, ?2, "
          "?3, ?4, ?5) "
          "ON CONFLICT (file) DO UPDATE SET fingerprint = ?2, position = ?3, state = ?4, at = ?5")
      .bind(1, file)
      .bind(2, fingerprint)
      .bind(3, position)
      .bind(4, state)
      .bind(5, now)
      .run();
}

void ImportMark::remove(Database& database) const {
  database.prepared("DELETE FROM import_progress WHERE file = ?1").bind(1, file).run();
}

}  // namespace retaind::store
