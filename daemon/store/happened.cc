#include "store/happened.h"

#include <fmt/format.h>

#include <bit>

#include "base/zone.h"

namespace retaind::store {
namespace {

constexpr std::uint64_t happened(Subject subject) {
  std::uint64_t columns = 0;
  const auto add = [&](auto... names) { columns = (column_mask(subject, names) | ...); };
  switch (subject) {
    case Subject::customer: add("created_at"); break;
    case Subject::order: add("placed_at", "paid_at"); break;
    case Subject::ticket:
      add("opened_at", "as_of", "first_response_at", "solved_at", "closed_at");
      break;
    case Subject::feedback: add("received_at"); break;
    case Subject::event: add("at"); break;
    case Subject::item:
    case Subject::subscription: break;
  }
  return columns;
}

}  // namespace

Result<void> check_happened(std::string_view column, Time at, Time now) {
  if (at <= now + clocks_differ) return {};
  return Error{ErrorKind::invalid,
               fmt::format("{} {} is after now, {}, and says what has happened: correct it; when "
                           "all times of the file are shifted, name their zone with `time-zone` "
                           "in a mapping",
                           column, to_iso(at), to_iso(now))};
}

Result<void> check_happened(const Row& row, Time now) {
  const auto all = columns_of(row.subject);
  for (auto left = row.given & happened(row.subject); left != 0; left &= left - 1) {
    const auto column = static_cast<std::size_t>(std::countr_zero(left));
    const Cell& cell = row.cells[column];
    if (cell.is_null()) continue;
    if (auto result = check_happened(all[column].name, from_ms(cell.integer), now); !result)
      return result;
  }
  return {};
}

}  // namespace retaind::store
