#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "model/outbox.h"
#include "store/ended_firings.h"

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
  /// It is final, and nothing waits any more.
  void put_away(std::int64_t id) { messages_.erase(id); }
  void drop_message(std::int64_t id) {
    messages_.erase(id);
    next_checks_ = {};
  }
  void drop_firing(std::int64_t id) { firings_.erase(id); }
  void drop_messages() {
    messages_.clear();
    next_checks_ = {};
  }
  void clear() {
    messages_.clear();
    firings_.clear();
    last_message_.reset();
    next_checks_ = {};
    hold_stamp.reset();
    last_change.reset();
  }

  /// The earliest next check of a channel, when it is known; empty: nothing waits.
  [[nodiscard]] std::optional<std::optional<Time>> next_check(Channel channel) const {
    return open_ ? next_checks_[index(channel)] : std::nullopt;
  }
  void set_next_check(Channel channel, std::optional<Time> at) {
    if (open_) next_checks_[index(channel)] = at;
  }
  /// A message of the channel is looked at then, and no more at `before`; nullptr: that is unknown.
  void moved(Channel channel, const std::optional<Time>* before, std::optional<Time> then) {
    auto& next = next_checks_[index(channel)];
    if (!next) return;
    if (before == nullptr || (*before && (!*next || **before <= **next)))
      next.reset();
    else if (then && (!*next || *then < **next))
      next = then;
  }

  /// When they are known: of the holds, and of the change feed.
  [[nodiscard]] bool is_open() const { return open_; }
  std::optional<std::int64_t> hold_stamp, last_change;
  /// Ledger::keep_ended_aside(). No copy of what the store has, so it is never emptied.
  std::optional<EndedFirings> ended;
  /// In such a store: how far each rule has looked, by its id, where that is not in its row.
  std::unordered_map<std::int64_t, Time> evaluated;

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
  static std::size_t index(Channel channel) { return static_cast<std::size_t>(channel); }
  std::array<std::optional<std::optional<Time>>, 3> next_checks_;
  std::int64_t version_ = 0;
  bool open_ = false;
};

}  // namespace retaind::store
