#pragma once
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "model/outbox.h"

namespace retaind::store {

/// Messages and their firings as this connection has just read or written them: between the look
/// before a send and its outcome they are needed several times. Only within a write transaction,
/// where nobody else writes; Database empties it when another connection has written meanwhile, or
/// when a transaction is rolled back. Ledger and Messages, which hold all SQL that writes these
/// tables, keep it true.
class LedgerCache {
 public:
  struct KnownFiring {
    Firing firing;
    int messages = 0;        ///< how many the firing has
    bool has_place = false;  ///< of once-per, for certain
  };

  [[nodiscard]] const Message* message(std::int64_t id) const {
    const auto found = open_ ? messages_.find(id) : messages_.end();
    return found == messages_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const KnownFiring* firing(std::int64_t id) const {
    const auto found = open_ ? firings_.find(id) : firings_.end();
    return found == firings_.end() ? nullptr : &found->second;
  }
  /// The firing has no other message.
  [[nodiscard]] bool has_one_message(std::int64_t firing_id) const {
    const KnownFiring* known = firing(firing_id);
    return known != nullptr && known->messages <= 1;
  }

  void put(const Message& message) {
    if (!open_) return;
    make_room();
    messages_.insert_or_assign(message.id, message);
  }
  void put(const KnownFiring& known) {
    if (open_) firings_.insert_or_assign(known.firing.id, known);
  }
  /// The firing has one message more.
  void count_message(std::int64_t firing_id) {
    const auto found = firings_.find(firing_id);
    if (found != firings_.end()) ++found->second.messages;
  }
  /// The highest id of a message, when it is known.
  [[nodiscard]] std::optional<std::int64_t> last_message() const {
    return open_ ? last_message_ : std::nullopt;
  }
  void set_last_message(std::int64_t id) { last_message_ = id; }
  void has_place(std::int64_t firing_id) {
    const auto found = firings_.find(firing_id);
    if (found != firings_.end()) found->second.has_place = true;
  }
  void drop_message(std::int64_t id) { messages_.erase(id); }
  void drop_firing(std::int64_t id) { firings_.erase(id); }
  void drop_messages() { messages_.clear(); }
  void clear() {
    messages_.clear();
    firings_.clear();
    last_message_.reset();
  }

  /// A write transaction has begun, and sees this version of what other connections wrote.
  void open(std::int64_t version) {
    if (version != version_) clear();
    version_ = version;
    open_ = true;
  }
  void close() { open_ = false; }

 private:
  void make_room() {
    constexpr std::size_t most = 4096;
    if (messages_.size() >= most || firings_.size() >= most) clear();
  }

  std::unordered_map<std::int64_t, Message> messages_;
  std::unordered_map<std::int64_t, KnownFiring> firings_;
  std::optional<std::int64_t> last_message_;
  std::int64_t version_ = 0;
  bool open_ = false;
};

}  // namespace retaind::store
