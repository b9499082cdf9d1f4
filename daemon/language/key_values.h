#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "language/keys.h"
#include "language/words.h"

namespace retaind::language {

/// What a value may look like. What it may name is the checker's to say.
enum class Takes : std::uint8_t {
  text,
  name,     ///< small letters, digits and dashes
  word,     ///< one of `words`
  whole,    ///< a whole number within `range`
  percent,  ///< the same, with or without "%"
  share,    ///< "10%"
  shares,   ///< templates, each with a share up to 100 %
  yes_no,
  duration,       ///< "7 days", "0 days"
  positive,       ///< the same, longer than nothing
  late_limit,     ///< the same, or "none"
  open_duration,  ///< "16 business hours" too
  open_positive,  ///< the same, longer than nothing
  backlog,        ///< "none", "all", or a time back
  per_day,        ///< "500 per day"
  time_of_day,
  money,
  condition,
  event,
  date,   ///< one that the vocabulary has
  state,  ///< of the subject that the key names
  subject,
  locale,
  currency,
  address,
  recipient,  ///< an address, or "@domain"
  url,
  hours,  ///< "mon-fri 09:00-18:00"
  calendar_date,
  map,       ///< keys of `inner`
  maps,      ///< a list of these
  named,     ///< names of one's own, each with keys of `inner` or with what the test says below
  declared,  ///< names of one's own that may have dots, each with keys of `inner` or in short
  texts,     ///< names of one's own, each with a text
  cell,      ///< a text that may be empty
  cells,     ///< names of one's own, each with a cell
  source,    ///< a cell, or keys of Keys::source
  fields,    ///< fields of an import, each with a source
  sources,   ///< names of one's own, each with a source
  start,     ///< "2026-03-02 10:00 Europe/Berlin"
  moment,    ///< "day 7 10:00"
  people,    ///< names of one's own, each with the fields of a customer
  row,       ///< fields of an import of the kind that the key names, or a key alone
  hold,      ///< "all", or one rule or customer
  rule_states,
  rules,     ///< "all", or a list of ids
  expected,  ///< "nothing", or messages
  reason,
};

/// One for each row of keys(): what may stand behind the key.
struct KeyValue {
  Keys of;
  std::string_view key;
  Takes takes;
  Words words{};
  Whole range{};
  Keys inner{};
  bool many = false;  ///< or a list of these
  std::string_view
      needed{};  ///< "*": the map is not complete without it; or with these kinds, by '|'
};
/// The key must be one of keys().
const KeyValue& value_of(const KeyRow& key);

/// In words, for people: "a duration, such as 7 days".
std::string describe(const KeyValue& value);

}  // namespace retaind::language
