#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace retaind::language {

/// The maps of a rule file, of retaind.yaml, of vocabulary.yaml, of a mapping file and of a story.
enum class Keys : std::uint8_t {
  rule,
  trigger,
  step,
  repeat,
  site,
  sender,
  unsubscribe,
  smtp,
  team,
  webhook,
  calendar,
  cap,
  retention,
  vocabulary,
  vocabulary_field,
  vocabulary_event,
  vocabulary_state,
  mapping,
  source,
  line,
  story,
  story_person,
  story_case,
  story_line,
  story_message,
};

/// One key: the reader, its suggestions, documentation and editor schema know it from here.
struct KeyRow {
  Keys of;
  std::string_view name;
  std::string_view about;
  std::string_view example;  ///< a value
  std::string_view with;     ///< of a trigger's or a step's key: the kinds it goes with, by '|';
                             ///< empty: it is a kind
};

std::span<const KeyRow> keys();
const KeyRow* find_key(Keys of, std::string_view name);
std::vector<std::string_view> key_names(Keys of);
/// Whether `key` may stand beside the kind `kind` ("repeat" beside "email").
bool goes_with(const KeyRow& key, std::string_view kind);

}  // namespace retaind::language
