#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace retaind::language {

/// Every mistake that a rule file, a story or retaind.yaml can hold. The number is what users see
/// ("R021"), in documents and in search engines: append, never reuse.
enum class Code : std::uint8_t {
  unreadable_file = 1,
  file_too_large = 2,
  not_utf8 = 3,
  not_text = 4,
  tab = 5,
  yaml_syntax = 6,
  duplicate_key = 7,
  yaml_feature = 8,
  several_documents = 9,
  nested_too_deep = 10,
  unknown_key = 11,
  unknown_event = 12,
  unknown_subject = 13,
  unknown_state = 14,
  unknown_field = 15,
  unknown_date = 16,
  unknown_word = 17,
  unknown_template = 18,
  unknown_name = 19,
  wrong_kind = 20,
  no_unit = 21,
  bad_duration = 22,
  bad_word = 23,
  bad_name = 24,
  bad_number = 25,
  bad_time = 26,
  bad_address = 27,
  bad_money = 28,
  bad_expression = 30,
  type_mismatch = 31,
  subject_out_of_reach = 32,
  currency_mismatch = 33,
  not_a_condition = 34,
  expression_too_large = 35,
  missing_key = 40,
  trigger_count = 41,
  misplaced_key = 42,
  step_kind = 43,
  step_key_twice = 44,
  nothing_follows = 45,
  bad_variants = 46,
  not_available = 47,
  business_time = 48,
  rule_twice = 50,
  no_unsubscribe = 51,
  purpose_mismatch = 52,
  again_without_once = 53,
  scope_mismatch = 54,
  late_limit_short = 55,
  no_rules = 56,
  site_lacks_setting = 57,
  file_left_aside = 58,
  clear_password = 60,
  clear_connection = 61,
  contradiction = 62,
  early_step = 63,
  bad_calendar = 64,
  short_coupon = 65,
  no_exit = 66,
  same_day = 67,
  unused = 68,
  no_way_out = 69,
  unknown_person = 70,
  unknown_rule = 71,
  unknown_row = 72,
  unknown_reason = 73,
  no_cases = 74,
  time_goes_back = 75,
  line_kind = 76,
  daemon_state = 77,
  case_twice = 78,
  no_stories = 79,
  may_be_blank = 80,
  name_taken = 84,
  bad_state = 85,
  bad_since = 86,
  reads_all = 87,
  no_postal_address = 88,
  clipped = 89,
  bad_link = 90,
  image_without_alt = 91,
  broken_html = 92,
  bad_subject = 93,
  bad_text_part = 94,
  no_language = 95,
  template_file = 100,
  front_matter = 101,
  template_syntax = 102,
  unknown_filter = 103,
  unknown_partial = 104,
  unknown_variable = 105,
  unsuited_value = 106,
  template_limit = 107,
  not_composed = 108,
};

/// What `retaind explain-error` prints.
struct CodeRow {
  Code code;
  std::string_view title;        ///< "a number without its unit"
  std::string_view explanation;  ///< whole sentences
  std::string_view wrong;        ///< lines of a rule file, or of retaind.yaml
  std::string_view right;        ///< the same, mended
  bool in_site = false;          ///< the example is of retaind.yaml
  bool in_story = false;         ///< the example is of a story: its people, or lines of a case
  bool in_vocabulary = false;    ///< the example is of vocabulary.yaml
  bool in_template = false;      ///< the example is of a template: all of it, or lines of its body
};
std::span<const CodeRow> codes();

/// "R021".
std::string name_of(Code code);
/// By "R021", any case, or "21"; nullptr when there is none.
const CodeRow* find_code(std::string_view name);

}  // namespace retaind::language
