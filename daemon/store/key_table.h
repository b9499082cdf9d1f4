#pragma once
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "store/text_arena.h"

namespace retaind::store {

/// 64 bits of a key, spread well enough for open addressing.
inline std::uint64_t hash_of(std::string_view key) {
  return static_cast<std::uint64_t>(std::hash<std::string_view>{}(key)) * 0x9e3779b97f4a7c15ULL;
}

/// Row ids by key hash in an open-addressed table: 12 bytes an entry, so that five million orders
/// fit into 100 MB. Equal hashes are candidates; whoever asks compares the keys.
class HashTable {
 public:
  void reserve(std::size_t count) {
    std::size_t wanted = 1024;
    while (wanted * 7 / 10 < count) wanted *= 2;
    if (wanted > slots_.size()) rehash(wanted);
  }
  void insert(std::uint64_t hash, std::uint32_t id) {
    if ((count_ + 1) * 10 > slots_.size() * 7) rehash(slots_.empty() ? 1024 : slots_.size() * 2);
    place(hash, id);
    ++count_;
  }
  /// The first id with this hash that `matches`; 0 when there is none.
  template <class Matches>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Matches matches) const {
    if (slots_.empty()) return 0;
    for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (slot.id == 0) return 0;
      if (slot.hash() == hash && matches(slot.id)) return slot.id;
    }
  }

 private:
  struct Slot {
    std::uint32_t low = 0, high = 0, id = 0;
    [[nodiscard]] std::uint64_t hash() const { return std::uint64_t{high} << 32 | low; }
  };
  void place(std::uint64_t hash, std::uint32_t id) {
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at].id != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(hash >> 32), id};
  }
  void rehash(std::size_t size) {
    std::vector<Slot> old(size);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.id != 0) place(slot.hash(), slot.id);
    }
  }
  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

/// Keys and their row ids, exactly: the keys are kept.
class KeyTable {
 public:
  void reserve(std::size_t count) {
    table_.reserve(count);
    entries_.reserve(count);
  }
  [[nodiscard]] std::int64_t find(std::string_view key) const {
    const std::uint32_t entry =
        table_.find(hash_of(key), [&](std::uint32_t at) { return entries_[at - 1].key() == key; });
    return entry == 0 ? 0 : entries_[entry - 1].row;
  }
  void insert(std::string_view key, std::int64_t row) {
    const std::string_view kept = texts_.keep(key);
    entries_.push_back(
        {kept.data(), static_cast<std::uint32_t>(kept.size()), static_cast<std::uint32_t>(row)});
    table_.insert(hash_of(key), static_cast<std::uint32_t>(entries_.size()));
  }

 private:
  struct Entry {
    const char* text;
    std::uint32_t size, row;
    [[nodiscard]] std::string_view key() const { return {text, size}; }
  };
  HashTable table_;
  std::vector<Entry> entries_;
  TextArena texts_;
};

}  // namespace retaind::store
