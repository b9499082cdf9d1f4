#include "store/ended_firings.h"

#include <algorithm>

namespace retaind::store {
namespace {

std::optional<Time> maybe(std::int64_t value, std::int64_t none) {
  if (value == none) return std::nullopt;
  return from_ms(value);
}

}  // namespace

std::size_t EndedFirings::hash(const Firing& key) {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15U;
  auto mixed = static_cast<std::uint64_t>(key.row) * odd;
  mixed = (mixed ^ (mixed >> 32U)) + static_cast<std::uint64_t>(key.rule) * 2;
  mixed = mixed * odd + static_cast<std::uint64_t>(key.trigger) * 2 + (key.draft ? 1 : 0);
  return static_cast<std::size_t>(mixed ^ (mixed >> 29U));
}

bool EndedFirings::is_of(const Row& row, const Firing& key) {
  return row.row == key.row && row.rule == key.rule && row.trigger == key.trigger &&
         (row.draft != 0) == key.draft;
}

template <class Visit>
void EndedFirings::each_of_row(const Firing& key, Visit&& visit) const {
  if (places_.empty()) return;
  const std::size_t mask = places_.size() - 1;
  for (std::size_t place = hash(key) & mask; places_[place] != 0; place = (place + 1) & mask) {
    const std::size_t index = places_[place] - 1;
    if (is_of(rows_[index], key)) visit(index);
  }
}

void EndedFirings::put(const Firing& key, std::uint32_t index) {
  const std::size_t mask = places_.size() - 1;
  std::size_t place = hash(key) & mask;
  while (places_[place] != 0) place = (place + 1) & mask;
  places_[place] = index + 1;
}

void EndedFirings::make_room() {
  constexpr std::size_t least = 1024;
  if (rows_.size() * 4 < places_.size() * 3) return;
  places_.assign(std::max(least, places_.size() * 2), 0);
  for (std::size_t i = 0; i < rows_.size(); ++i) put(at(i), static_cast<std::uint32_t>(i));
}

std::optional<std::int64_t> EndedFirings::add(const Firing& f, const Keys* keys, const Sent* sent) {
  if (find(f)) return std::nullopt;
  make_room();
  put(f, static_cast<std::uint32_t>(rows_.size()));
  Row row{};
  if (keys != nullptr) {
    texts_.push_back({text_.size(), static_cast<std::uint32_t>(keys->subject.size()),
                      static_cast<std::uint32_t>(keys->customer.size())});
    text_.append(keys->subject).append(keys->customer);
    row.texts = static_cast<std::uint32_t>(texts_.size());
  }
  row.row = f.row;
  row.part = f.part;
  row.customer = f.customer.value_or(none);
  row.anchor = f.anchor ? to_ms(*f.anchor) : none;
  row.due = to_ms(f.due);
  row.planned = to_ms(f.planned);
  row.rule = static_cast<std::uint32_t>(f.rule);
  row.trigger = static_cast<std::uint32_t>(f.trigger);
  row.line = static_cast<std::int16_t>(f.line);
  row.reason = static_cast<std::uint8_t>(f.reason);
  row.subject = static_cast<std::uint8_t>(f.subject) & 0x3fU;
  row.draft = f.draft ? 1 : 0;
  if (sent != nullptr) {
    const auto kept = [&](std::string_view name) {
      const auto found = names_.find(name);
      return found != names_.end() ? &*found : &*names_.emplace(name).first;
    };
    sent_.push_back({rows_.size(), sent->message, to_ms(sent->due), to_ms(sent->at),
                     kept(sent->step), kept(sent->variant)});
  }
  rows_.push_back(row);
  return -static_cast<std::int64_t>(rows_.size());
}

Firing EndedFirings::at(std::size_t index) const {
  const Row& row = rows_[index];
  Firing f;
  f.id = -static_cast<std::int64_t>(index) - 1;
  f.rule = row.rule;
  f.draft = row.draft != 0;
  f.trigger = row.trigger;
  f.subject = static_cast<Subject>(row.subject);
  f.row = row.row;
  f.part = row.part;
  if (row.customer != none) f.customer = row.customer;
  f.anchor = maybe(row.anchor, none);
  f.due = from_ms(row.due);
  f.planned = from_ms(row.planned);
  f.open = false;
  f.reason = static_cast<Reason>(row.reason);
  f.line = row.line;
  f.withdrawn = row.withdrawn != 0;
  return f;
}

std::optional<EndedFirings::Keys> EndedFirings::keys_at(std::size_t index) const {
  if (rows_[index].texts == 0) return std::nullopt;
  const Texts& texts = texts_[rows_[index].texts - 1];
  const std::string_view from = std::string_view(text_).substr(texts.begin);
  return Keys{from.substr(0, texts.subject), from.substr(texts.subject, texts.customer)};
}

std::optional<EndedFirings::Sent> EndedFirings::sent_at(std::size_t index) const {
  const auto found =
      std::lower_bound(sent_.begin(), sent_.end(), index,
                       [](const SentRow& sent, std::size_t row) { return sent.row < row; });
  if (found == sent_.end() || found->row != index) return std::nullopt;
  return Sent{found->message, from_ms(found->due), from_ms(found->at), *found->step,
              *found->variant};
}

std::optional<EndedFirings::Sent> EndedFirings::sent(std::int64_t firing) const {
  return sent_at(static_cast<std::size_t>(-firing - 1));
}

Firing EndedFirings::firing(std::int64_t id) const { return at(static_cast<std::size_t>(-id - 1)); }

std::optional<Firing> EndedFirings::find(const Firing& key) const {
  std::optional<std::size_t> found;
  each_of_row(key, [&](std::size_t index) {
    if (rows_[index].part == key.part) found = index;
  });
  if (!found) return std::nullopt;
  return at(*found);
}

std::vector<Firing> EndedFirings::of_row(const Firing& key) const {
  std::vector<Firing> found;
  each_of_row(key, [&](std::size_t index) { found.push_back(at(index)); });
  std::sort(found.begin(), found.end(),
            [](const Firing& a, const Firing& b) { return a.part < b.part; });
  return found;
}

void EndedFirings::move(const Firing& f) {
  Row& row = rows_[static_cast<std::size_t>(-f.id - 1)];
  row.anchor = f.anchor ? to_ms(*f.anchor) : none;
  row.due = to_ms(f.due);
  row.planned = to_ms(f.planned);
  row.customer = f.customer.value_or(none);
  row.withdrawn = 0;
}

void EndedFirings::withdraw(std::int64_t id) {
  rows_[static_cast<std::size_t>(-id - 1)].withdrawn = 1;
}

}  // namespace retaind::store
