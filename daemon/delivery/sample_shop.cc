#include "delivery/sample_shop.h"

#include <fmt/format.h>

#include "base/value.h"
#include "store/facts.h"

namespace retaind::delivery {
namespace {

// Names that break mails: none at all, too long for their place, without a space, from right to
// left.
constexpr Sample all_samples[] = {
    {"sample", "", "Sample", "Customer", "Köln", "sample", 1},
    {"nameless", "of whom only the address is known", "", "", "", "", 1},
    {"long", "with a long name and 30 items", "Maximiliane-Alexandra Wilhelmine",
     "Freifrau von Hohenstein-Wolkenburg zu Rabenau", "Llanfairpwllgwyngyllgogerychwyrndrobwll",
     "A rather long name of a thing, as shops have them <with \"marks\" & more>", 30},
    {"wide", "with a Chinese or Japanese name", "花子", "長谷川", "東京都千代田区",
     "天然素材の長袖シャツ（綿１００％）", 2},
    {"leftward", "with a name that is written from right to left", "عبد الرحمن", "بن محمد",
     "الرياض", "قميص قطني", 2}};

std::optional<std::string> known(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(std::string(text));
}

Value sample_of(const Field& field, const Sample& sample, Time now) {
  switch (field.type) {
    case Type::boolean: return true;
    case Type::number: return 3;
    case Type::percent: return "10%";
    case Type::money: return fmt::format("49 {}", field.currency.view());
    case Type::enumeration: return field.words.substr(0, field.words.find('|'));
    case Type::time: return to_iso(now);
    case Type::date: return "2026-01-15";
    default: return sample.key;
  }
}

class Writer {
 public:
  Writer(store::Database& database, const Vocabulary& words, const Sample& sample, Time now)
      : facts_(database, now), words_(words), sample_(sample), now_(now), key_(sample.key) {}

  Result<SampleRows> write() {
    for (const auto step : {&Writer::customer, &Writer::order, &Writer::subscription,
                            &Writer::ticket, &Writer::feedback, &Writer::event}) {
      if (Result<void> done = (this->*step)(); !done) return done.error();
    }
    return rows_;
  }

 private:
  template <class Fact>
  Result<void> put(Fact& fact, Subject subject) {
    fact.attributes = attributes(subject);
    const auto written = facts_.put(fact);
    if (!written) return written.error();
    rows_[static_cast<std::size_t>(subject)] = written->row;
    return {};
  }

  /// Everything that vocabulary.yaml declares of a subject; empty when it declares nothing.
  [[nodiscard]] std::optional<std::string> attributes(Subject subject) const {
    Value object;
    for (const Field& field : words_.own_fields())
      if (field.subject == subject) object.set(field.name, sample_of(field, sample_, now_));
    if (object.is_null()) return std::nullopt;
    return to_json(object);
  }

  [[nodiscard]] bool nameless() const { return sample_.first_name.empty(); }

  Result<void> customer() {
    CustomerFact fact;
    fact.key = key_;
    fact.email = key_ + "@example.com";
    fact.first_name = known(sample_.first_name);
    fact.last_name = known(sample_.last_name);
    fact.city = known(sample_.city);
    if (!nameless()) {
      fact.time_zone = "UTC";
      fact.country = "DE";
      fact.birthday = "1990-01-15";
    }
    fact.currency = "EUR";
    fact.created_at = now_;
    return put(fact, Subject::customer);
  }

  Result<void> order() {
    OrderFact fact;
    fact.key = key_;
    fact.number = key_;
    fact.customer = key_;
    fact.status = "completed";
    fact.currency = "EUR";
    fact.total_minor = 4900;
    fact.placed_at = fact.paid_at = fact.shipped_at = fact.completed_at = now_;
    if (Result<void> done = put(fact, Subject::order); !done) return done;
    for (int i = 1; i <= sample_.rows; ++i) {
      ItemFact item;
      item.order = key_;
      item.key = i == 1 ? first_product(sample_) : fmt::format("{}-{}", key_, i);
      item.sku = item.key;
      item.name = nameless() ? item.key : std::string(sample_.thing);
      item.quantity = 1;
      item.price_minor = 4900;
      if (Result<void> done = put(item, Subject::item); !done) return done;
    }
    return {};
  }

  Result<void> subscription() {
    SubscriptionFact fact;
    fact.key = key_;
    fact.customer = key_;
    fact.plan = known(sample_.thing);
    fact.status = "active";
    fact.currency = "EUR";
    if (!nameless()) fact.price_minor = 900;
    fact.started_at = fact.renews_at = now_;
    return put(fact, Subject::subscription);
  }

  Result<void> ticket() {
    TicketFact fact;
    fact.key = key_;
    fact.customer = fact.number = key_;
    fact.subject = known(sample_.thing);
    fact.team = key_;
    fact.status = "open";
    fact.priority = "normal";
    if (!nameless()) fact.assignee = "agent@example.com";
    fact.opened_at = fact.as_of = now_;
    return put(fact, Subject::ticket);
  }

  Result<void> feedback() {
    FeedbackFact fact;
    fact.key = key_;
    fact.customer = key_;
    fact.comment = known(sample_.thing);
    fact.kind = "nps";
    fact.score = 9;
    fact.received_at = now_;
    return put(fact, Subject::feedback);
  }

  Result<void> event() {
    EventFact fact;
    fact.key = key_;
    fact.name = key_;
    fact.customer = key_;
    fact.at = now_;
    return put(fact, Subject::event);
  }

  store::Facts facts_;
  const Vocabulary& words_;
  const Sample& sample_;
  Time now_;
  std::string key_;
  SampleRows rows_{};
};

}  // namespace

std::span<const Sample> samples() { return all_samples; }

std::string first_product(const Sample& sample) { return fmt::format("{}-1", sample.key); }

Result<SampleRows> put_sample(store::Database& database, const Vocabulary& words,
                              const Sample& sample, Time now) {
  return Writer(database, words, sample, now).write();
}

Result<void> put_locale(store::Database& database, const Sample& sample, const std::string& locale,
                        Time now) {
  CustomerFact customer;
  customer.key = std::string(sample.key);
  customer.locale = locale;
  store::Facts facts{database, now};
  const auto written = facts.put(customer);
  return written ? Result<void>{} : written.error();
}

}  // namespace retaind::delivery
