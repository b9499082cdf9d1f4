#pragma once
#include <array>
#include <span>
#include <string_view>

/// The words and whole numbers that values may be: one list for the reader, its suggestions, the
/// editor schema and the reference.
namespace retaind::language {

using Words = std::span<const std::string_view>;

namespace words {

template <std::size_t size>
using List = std::array<std::string_view, size>;

inline constexpr List<2> yes_no{"yes", "no"};

// Rules
inline constexpr List<3> statuses{"draft", "live", "paused"};
inline constexpr List<4> purposes{"marketing", "feedback", "transactional", "internal"};
inline constexpr List<2> zones{"site", "customer"};
inline constexpr List<10> days{"monday",   "tuesday", "wednesday", "thursday", "friday",
                               "saturday", "sunday",  "day",       "weekday",  "month"};
/// What a schedule can go through: whose rows belong to a customer or, of a ticket, may.
inline constexpr List<5> each{"customer", "order", "subscription", "ticket", "feedback"};
inline constexpr List<2> backlogs{"none", "all"};
/// Operators that are words, and the folds of an aggregate.
inline constexpr List<8> operators{"and", "or", "not", "in", "is", "older", "within", "contains"};

// retaind.yaml
inline constexpr List<2> deliveries{"maildir", "live"};
inline constexpr List<2> feedback_bases{"consent", "existing-customers"};
inline constexpr List<2> charsets{"utf-8", "iso-2022-jp"};
inline constexpr List<3> tls{"none", "starttls", "implicit"};

// vocabulary.yaml, in the order of Type as far as a field can have it
inline constexpr List<8> types{"bool", "number", "percent", "money",
                               "text", "enum",   "time",    "date"};

// Mapping files
inline constexpr List<5> takes{"last", "first", "earliest", "latest", "sum"};

// Stories
inline constexpr List<5> daemon{"stops", "starts", "crashes", "crashes-and-restarts", "reloads"};
inline constexpr List<5> server{"answers", "refuses", "defers", "silent", "away"};
inline constexpr List<4> rule_becomes{"draft", "live", "paused", "removed"};
inline constexpr List<4> consents{"marketing", "feedback", "tracking", "none"};
/// The first three of `consents`.
inline constexpr Words consent_purposes = Words(consents).first(3);
inline constexpr List<3> suppression_scopes{"all", "marketing", "feedback"};

}  // namespace words

/// A whole number, both ends allowed.
struct Whole {
  int least = 0;
  int most = 0;
};

namespace wholes {

inline constexpr Whole messages{1, 100'000'000};  ///< a rule's in a day or an hour
inline constexpr Whole priority{-1'000'000, 1'000'000};
inline constexpr Whole repetitions{1, 100};
inline constexpr Whole percent_off{1, 100};
inline constexpr Whole port{1, 65535};
inline constexpr Whole connections{1, 500};
inline constexpr Whole messages_per_connection{1, 1'000'000};
inline constexpr Whole pipeline{1, 100};
inline constexpr Whole cap{1, 1000};

}  // namespace wholes
}  // namespace retaind::language
