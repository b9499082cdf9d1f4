#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/outbox.h"

namespace retaind::store {

/// Firings that ended without a message, or with one that was sent as soon as it was planned, of a
/// store that lives no longer than this process: nearly all of a replay's, and a row of the ledger
/// with its indexes costs fifty times as much. Their ids are negative. Nothing is taken back with a
/// transaction: in such a world a rollback is the end.
class EndedFirings {
 public:
  /// Keys of the row and of its customer, when whoever ended it had just read them.
  struct Keys {
    std::string_view subject, customer;
  };

  /// Of the only message of a firing.
  struct Sent {
    std::int64_t message = 0;
    Time due, at;
    std::string_view step, variant;
  };

  /// Nothing when the occurrence has one already.
  std::optional<std::int64_t> add(const Firing& firing, const Keys* keys = nullptr,
                                  const Sent* sent = nullptr);
  /// The id that the next one gets.
  [[nodiscard]] std::int64_t next_id() const {
    return -static_cast<std::int64_t>(rows_.size()) - 1;
  }
  /// By rule, draft, trigger, row and part.
  [[nodiscard]] std::optional<Firing> find(const Firing& key) const;
  /// The same for any part, by part.
  [[nodiscard]] std::vector<Firing> of_row(const Firing& key) const;
  [[nodiscard]] Firing firing(std::int64_t id) const;
  void move(const Firing& firing);
  void withdraw(std::int64_t id);

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  /// From 0 to size(), in the order in which they were added.
  [[nodiscard]] Firing at(std::size_t index) const;
  [[nodiscard]] std::optional<Keys> keys_at(std::size_t index) const;
  [[nodiscard]] std::optional<Sent> sent_at(std::size_t index) const;
  [[nodiscard]] std::optional<Sent> sent(std::int64_t firing) const;
  /// The highest id of a message; 0: there is none.
  [[nodiscard]] std::int64_t last_message() const {
    return sent_.empty() ? 0 : sent_.back().message;
  }

 private:
  static constexpr std::int64_t none = INT64_MIN;
  /// A year of a large shop has millions.
  struct Row {
    std::int64_t row, part, customer, anchor, due, planned;
    std::uint32_t rule, trigger;
    std::uint32_t texts;  ///< of texts_, counted from 1; 0: none
    std::int16_t line;
    std::uint8_t reason;
    std::uint8_t subject : 6;
    std::uint8_t draft : 1;
    std::uint8_t withdrawn : 1;
  };
  struct Texts {
    std::size_t begin;
    std::uint32_t subject, customer;
  };
  struct SentRow {
    std::size_t row;  ///< of rows_, ascending
    std::int64_t message, due, at;
    const std::string* step;  ///< of names_
    const std::string* variant;
  };
  [[nodiscard]] static std::size_t hash(const Firing& key);
  [[nodiscard]] static bool is_of(const Row& row, const Firing& key);
  void make_room();
  void put(const Firing& key, std::uint32_t index);
  template <class Visit>
  void each_of_row(const Firing& key, Visit&& visit) const;

  std::vector<Row> rows_;
  std::vector<std::uint32_t> places_;  ///< by hash of the key without part: index + 1, or 0
  std::vector<Texts> texts_;
  std::string text_;
  std::vector<SentRow> sent_;
  std::set<std::string, std::less<>> names_;
};

}  // namespace retaind::store
