#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/zone.h"
#include "language/codes.h"

namespace retaind::language {

/// What is wrong with a value, before anyone has said where it stands.
struct Fault {
  Code code = Code::bad_duration;
  std::string message;
  std::string remedy;
};

/// "7 days", "48 hours", "1 month", "16 business hours": one whole number and one unit. Weeks are
/// seven days, a year is twelve months.
std::optional<Span> read_span(std::string_view text, Fault& fault);

/// The same from its two parts; `unit` may be empty or no unit at all.
std::optional<Span> read_span(std::string_view number, std::string_view unit, Fault& fault);

/// Regular expression of what read_span() takes, for the editor schema; `business`: of opening time
/// alone, else of all time alone.
std::string span_pattern(bool business);

/// As a rule file would write it, in one number and one unit: "90 minutes".
std::string written(const Span& span);

/// Whether a word is a unit of time, singular or plural.
bool is_unit(std::string_view word);
/// "3 days" for 3 business days: what to write where opening hours do not count.
std::string in_all_time(const Span& span);

/// A length for comparing settings with each other: a month is 28 days, a day 24 hours.
Duration at_least(const Span& span);

}  // namespace retaind::language
