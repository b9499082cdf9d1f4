#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/zone.h"
#include "model/fields.h"

namespace retaind {

/// What a site's rules can name: the shipped tables and what its vocabulary.yaml adds to them. It
/// does not change once it is made. Rules point into it and keep it, so that a reload swaps both.
class Vocabulary {
 public:
  /// The shipped words alone.
  static const std::shared_ptr<const Vocabulary>& shipped();

  [[nodiscard]] const Field* field(Subject subject, std::string_view name) const;
  /// Shipped ones first, then the site's own.
  [[nodiscard]] std::vector<const Field*> fields(Subject subject) const;
  [[nodiscard]] const std::deque<Field>& own_fields() const { return fields_; }

  [[nodiscard]] const EventKind* event(std::string_view name) const;
  [[nodiscard]] std::vector<const EventKind*> events() const;
  [[nodiscard]] const std::deque<EventKind>& own_events() const { return events_; }
  /// Whether every event that is not shipped has to be one of the site's list.
  [[nodiscard]] bool lists_events() const { return !events_.empty(); }
  /// Whether events of this name bring the field along; those of a name that is not listed may
  /// bring anything.
  [[nodiscard]] bool has_property(std::string_view event, const Field& field) const;
  /// What an event of the list brings along, besides what every event has.
  [[nodiscard]] std::vector<const Field*> properties(std::string_view event) const;

  [[nodiscard]] const StateKind* state(std::string_view name) const;
  [[nodiscard]] std::vector<const StateKind*> states() const;

  /// The file that it is of; empty: it is the shipped one.
  [[nodiscard]] const std::string& text() const { return text_; }

  // For whoever makes one. Texts are copied. The field becomes an attribute of its subject.
  const Field* add(const Field& field);
  void set_text(std::string text) { text_ = std::move(text); }
  void add_event(std::string_view name, std::string_view about);
  /// `since`: one of state_anchors() of the subject.
  void add_state(std::string_view name, std::string_view is, const StateAnchor& since,
                 std::string_view about);
  void add_property(std::string_view event, const Field* field);

 private:
  std::string_view keep(std::string_view text);

  struct Property {
    std::string_view event;
    const Field* field = nullptr;
  };
  std::string text_;
  std::deque<std::string> texts_;
  std::deque<Field> fields_;
  std::deque<EventKind> events_;
  std::deque<StateKind> states_;
  std::vector<Property> properties_;
};

/// The value of an attribute as the data has it: "12.5", "yes", "49 EUR", "10%", "2026-03-01". Text
/// points into `text` or into the field. Empty: it does not fit the type. A time without an offset
/// is wall time of `zone`.
std::optional<Cell> read_attribute(const Field& field, std::string_view text, const Zone& zone);

/// As vocabulary.yaml writes it: "enum".
std::string_view type_word(Type type);

}  // namespace retaind
