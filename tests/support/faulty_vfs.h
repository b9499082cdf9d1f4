#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"

namespace retaind::test {

/// A disk that can lose its power or be full: a VFS over SQLite's own one, under a name of its own
/// (Database::Options::vfs). Everything reaches the real files at once, so that all connections see
/// it; beside that it remembers what of each file was synced, and every write since.
///
/// At a power cut each 512-byte sector of each unsynced write is kept or lost by itself, and a file
/// whose directory entry was not synced may be gone. Writes leave the bytes beside them alone, as
/// SQLite expects of a disk (powersafe overwrite). Files that exist when they are opened first
/// count as durable: the store makes its file and its entry durable before SQLite sees it.
class FaultyVfs {
 public:
  explicit FaultyVfs(std::uint64_t seed);
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;
  [[nodiscard]] const std::string& name() const { return name_; }

  /// The power fails in the `operation`-th write, sync, truncation or removal from now, which has
  /// happened in part; from then on every operation fails.
  void cut_power_after(std::int64_t operation) { power_for_ = operation; }
  [[nodiscard]] bool is_off() const { return power_for_ == 0; }
  /// Leaves in the real files what survived, and switches on again. All connections have to be
  /// closed before.
  void restore_power();

  /// From the `write`-th write from now on there is no room. A write within a file's size fits.
  void fill_after(std::int64_t write) { room_for_ = write; }
  void make_room() { room_for_ = -1; }
  [[nodiscard]] bool is_full() const { return room_for_ == 0; }

  /// What happened so far.
  struct Seen {
    std::int64_t writes = 0, syncs = 0, cuts = 0, lost_sectors = 0, kept_sectors = 0,
                 lost_files = 0, refused = 0;
  };
  [[nodiscard]] const Seen& seen() const { return seen_; }

  // For the functions that SQLite calls
  struct Change {
    std::int64_t at = 0;
    std::string bytes;
    bool truncation = false;
  };
  struct Disk {  ///< one file
    std::string durable;
    std::vector<Change> since;  ///< the last sync
    std::int64_t size = 0;
    bool entry_durable = true;
    bool removed = false;
  };
  [[nodiscard]] sqlite3_vfs* under() const { return under_; }
  Disk& disk(const std::string& path, bool created);
  /// Counts an operation; false when the power is off. The one in which it fails still counts as
  /// written, so that it survives in part.
  bool powered();
  bool has_room(const Disk& disk, std::int64_t end);
  void wrote(Disk& disk, std::int64_t at, std::string_view bytes);
  void truncated(Disk& disk, std::int64_t size);
  void synced(Disk& disk);
  int remove(const std::string& path, bool durably);

 private:
  void directory_synced();
  std::string survivor(const Disk& disk, int kept_percent);

  Rng rng_;
  std::string name_;
  sqlite3_vfs* under_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  std::map<std::string, Disk> disks_;
  std::int64_t power_for_ = -1, room_for_ = -1;
  Seen seen_;
};

}  // namespace retaind::test
