#include "language/key_values.h"

#include <fmt/format.h>

#include "base/text.h"

namespace retaind::language {
namespace {

using enum Takes;

// clang-format off
constexpr KeyValue table[] = {
  {.of = Keys::rule, .key = "rule", .takes = name, .needed = "*"},
  {.of = Keys::rule, .key = "was", .takes = name},
  {.of = Keys::rule, .key = "about", .takes = text},
  {.of = Keys::rule, .key = "purpose", .takes = word, .words = words::purposes, .needed = "*"},
  {.of = Keys::rule, .key = "status", .takes = word, .words = words::statuses},
  {.of = Keys::rule, .key = "when", .takes = map, .inner = Keys::trigger, .needed = "*"},
  {.of = Keys::rule, .key = "if", .takes = condition, .many = true},
  {.of = Keys::rule, .key = "unless", .takes = condition, .many = true},
  {.of = Keys::rule, .key = "stop-if", .takes = condition, .many = true},
  {.of = Keys::rule, .key = "hold-while", .takes = condition, .many = true},
  {.of = Keys::rule, .key = "then", .takes = maps, .inner = Keys::step, .needed = "*"},
  {.of = Keys::rule, .key = "once-per", .takes = subject},
  {.of = Keys::rule, .key = "again-after", .takes = positive},
  {.of = Keys::rule, .key = "late-limit", .takes = late_limit},
  {.of = Keys::rule, .key = "backlog", .takes = backlog},
  {.of = Keys::rule, .key = "limit", .takes = per_day},
  {.of = Keys::rule, .key = "holdout", .takes = share},
  {.of = Keys::rule, .key = "priority", .takes = whole, .range = wholes::priority},
  {.of = Keys::rule, .key = "send-window", .takes = name},
  {.of = Keys::rule, .key = "timezone", .takes = word, .words = words::zones},
  {.of = Keys::rule, .key = "brake", .takes = whole, .range = wholes::messages},

  {.of = Keys::trigger, .key = "event", .takes = event},
  {.of = Keys::trigger, .key = "date", .takes = date},
  {.of = Keys::trigger, .key = "every", .takes = word, .words = words::days},
  {.of = Keys::trigger, .key = "customer", .takes = state},
  {.of = Keys::trigger, .key = "order", .takes = state},
  {.of = Keys::trigger, .key = "item", .takes = state},
  {.of = Keys::trigger, .key = "subscription", .takes = state},
  {.of = Keys::trigger, .key = "ticket", .takes = state},
  {.of = Keys::trigger, .key = "feedback", .takes = state},
  {.of = Keys::trigger, .key = "after", .takes = open_duration},
  {.of = Keys::trigger, .key = "before", .takes = duration},
  {.of = Keys::trigger, .key = "for", .takes = open_duration},
  {.of = Keys::trigger, .key = "at", .takes = time_of_day, .needed = "every"},
  {.of = Keys::trigger, .key = "each", .takes = word, .words = words::each},

  {.of = Keys::step, .key = "email", .takes = name},
  {.of = Keys::step, .key = "notify", .takes = name},
  {.of = Keys::step, .key = "webhook", .takes = name},
  {.of = Keys::step, .key = "coupon", .takes = name},
  {.of = Keys::step, .key = "survey", .takes = name},
  {.of = Keys::step, .key = "wait", .takes = open_positive},
  {.of = Keys::step, .key = "pause-marketing", .takes = positive},
  {.of = Keys::step, .key = "after", .takes = open_duration},
  {.of = Keys::step, .key = "if", .takes = condition, .many = true},
  {.of = Keys::step, .key = "variants", .takes = shares},
  {.of = Keys::step, .key = "template", .takes = name, .needed = "notify"},
  {.of = Keys::step, .key = "or", .takes = name},
  {.of = Keys::step, .key = "repeat", .takes = map, .inner = Keys::repeat},
  {.of = Keys::step, .key = "digest", .takes = positive},
  {.of = Keys::step, .key = "step", .takes = name},
  {.of = Keys::step, .key = "percent-off", .takes = percent, .range = wholes::percent_off},
  {.of = Keys::step, .key = "amount-off", .takes = money},
  {.of = Keys::step, .key = "single-use", .takes = yes_no},
  {.of = Keys::step, .key = "valid-for", .takes = positive, .needed = "coupon"},

  {.of = Keys::repeat, .key = "every", .takes = open_positive, .needed = "*"},
  {.of = Keys::repeat, .key = "at-most", .takes = whole, .range = wholes::repetitions, .needed = "*"},

  {.of = Keys::site, .key = "shop", .takes = text, .needed = "*"},
  {.of = Keys::site, .key = "store", .takes = text},
  {.of = Keys::site, .key = "time-zone", .takes = text, .needed = "*"},
  {.of = Keys::site, .key = "locale", .takes = locale},
  {.of = Keys::site, .key = "currency", .takes = currency},
  {.of = Keys::site, .key = "deliver", .takes = word, .words = words::deliveries},
  {.of = Keys::site, .key = "only-to", .takes = recipient, .many = true},
  {.of = Keys::site, .key = "sender", .takes = map, .inner = Keys::sender, .needed = "*"},
  {.of = Keys::site, .key = "unsubscribe", .takes = map, .inner = Keys::unsubscribe},
  {.of = Keys::site, .key = "survey-url", .takes = url},
  {.of = Keys::site, .key = "ticket-url", .takes = url},
  {.of = Keys::site, .key = "secret-file", .takes = text},
  {.of = Keys::site, .key = "smtp", .takes = map, .inner = Keys::smtp},
  {.of = Keys::site, .key = "maildir", .takes = text},
  {.of = Keys::site, .key = "socket", .takes = text},
  {.of = Keys::site, .key = "teams", .takes = named, .inner = Keys::team},
  {.of = Keys::site, .key = "webhooks", .takes = named, .inner = Keys::webhook},
  {.of = Keys::site, .key = "calendars", .takes = named, .inner = Keys::calendar},
  {.of = Keys::site, .key = "cap", .takes = map, .inner = Keys::cap},
  {.of = Keys::site, .key = "holdout", .takes = share},
  {.of = Keys::site, .key = "feedback-basis", .takes = word, .words = words::feedback_bases},
  {.of = Keys::site, .key = "retention", .takes = map, .inner = Keys::retention},

  {.of = Keys::sender, .key = "address", .takes = address, .needed = "*"},
  {.of = Keys::sender, .key = "name", .takes = text},
  {.of = Keys::sender, .key = "reply-to", .takes = address},
  {.of = Keys::sender, .key = "charset", .takes = word, .words = words::charsets},
  {.of = Keys::sender, .key = "postal-address", .takes = text},

  {.of = Keys::unsubscribe, .key = "url", .takes = url},
  {.of = Keys::unsubscribe, .key = "mailto", .takes = address},

  {.of = Keys::smtp, .key = "host", .takes = text, .needed = "*"},
  {.of = Keys::smtp, .key = "port", .takes = whole, .range = wholes::port},
  {.of = Keys::smtp, .key = "tls", .takes = word, .words = words::tls},
  {.of = Keys::smtp, .key = "insecure", .takes = yes_no},
  {.of = Keys::smtp, .key = "ca-file", .takes = text},
  {.of = Keys::smtp, .key = "user", .takes = text},
  {.of = Keys::smtp, .key = "password-file", .takes = text},
  {.of = Keys::smtp, .key = "helo", .takes = text},
  {.of = Keys::smtp, .key = "connections", .takes = whole, .range = wholes::connections},
  {.of = Keys::smtp, .key = "messages-per-connection", .takes = whole, .range = wholes::messages_per_connection},
  {.of = Keys::smtp, .key = "pipeline", .takes = whole, .range = wholes::pipeline},
  {.of = Keys::smtp, .key = "timeout", .takes = positive},

  {.of = Keys::team, .key = "to", .takes = address, .many = true, .needed = "*"},
  {.of = Keys::team, .key = "locale", .takes = locale},

  {.of = Keys::webhook, .key = "url", .takes = url, .needed = "*"},
  {.of = Keys::webhook, .key = "secret-file", .takes = text},
  {.of = Keys::webhook, .key = "token-file", .takes = text},
  {.of = Keys::webhook, .key = "allow-private", .takes = yes_no},

  {.of = Keys::calendar, .key = "hours", .takes = hours, .many = true, .needed = "*"},
  {.of = Keys::calendar, .key = "days-off", .takes = calendar_date, .many = true},

  {.of = Keys::cap, .key = "messages", .takes = whole, .range = wholes::cap},
  {.of = Keys::cap, .key = "within", .takes = positive},

  {.of = Keys::retention, .key = "changes", .takes = positive},
  {.of = Keys::retention, .key = "traces", .takes = positive},
  {.of = Keys::retention, .key = "bodies", .takes = duration},

  {.of = Keys::vocabulary, .key = "fields", .takes = declared, .inner = Keys::vocabulary_field},
  {.of = Keys::vocabulary, .key = "events", .takes = declared, .inner = Keys::vocabulary_event},
  {.of = Keys::vocabulary, .key = "states", .takes = declared, .inner = Keys::vocabulary_state},

  {.of = Keys::vocabulary_field, .key = "type", .takes = word, .words = words::types, .needed = "*"},
  {.of = Keys::vocabulary_field, .key = "words", .takes = text, .many = true},
  {.of = Keys::vocabulary_field, .key = "currency", .takes = currency},
  {.of = Keys::vocabulary_field, .key = "about", .takes = text},

  {.of = Keys::vocabulary_event, .key = "about", .takes = text},
  {.of = Keys::vocabulary_event, .key = "properties", .takes = declared, .inner = Keys::vocabulary_field},

  {.of = Keys::vocabulary_state, .key = "is", .takes = condition, .needed = "*"},
  {.of = Keys::vocabulary_state, .key = "since", .takes = text, .needed = "*"},
  {.of = Keys::vocabulary_state, .key = "about", .takes = text},

  {.of = Keys::mapping, .key = "separator", .takes = text},
  {.of = Keys::mapping, .key = "header", .takes = yes_no},
  {.of = Keys::mapping, .key = "missing", .takes = cell, .many = true},
  {.of = Keys::mapping, .key = "time-zone", .takes = text},
  {.of = Keys::mapping, .key = "dates", .takes = text, .many = true},
  {.of = Keys::mapping, .key = "currency", .takes = text},
  {.of = Keys::mapping, .key = "key-prefix", .takes = text},
  {.of = Keys::mapping, .key = "skip", .takes = map, .inner = Keys::line, .many = true},
  {.of = Keys::mapping, .key = "merge", .takes = yes_no},
  {.of = Keys::mapping, .key = "refund", .takes = map, .inner = Keys::line},
  {.of = Keys::mapping, .key = "alias", .takes = source},
  {.of = Keys::mapping, .key = "fields", .takes = fields, .needed = "*"},
  {.of = Keys::mapping, .key = "attributes", .takes = sources},

  {.of = Keys::source, .key = "column", .takes = cell},
  {.of = Keys::source, .key = "columns", .takes = cell, .many = true},
  {.of = Keys::source, .key = "text", .takes = cell},
  {.of = Keys::source, .key = "product", .takes = cell, .many = true},
  {.of = Keys::source, .key = "latest", .takes = cell, .many = true},
  {.of = Keys::source, .key = "earliest", .takes = cell, .many = true},
  {.of = Keys::source, .key = "number-within", .takes = cell},
  {.of = Keys::source, .key = "date", .takes = text},
  {.of = Keys::source, .key = "words", .takes = cells},
  {.of = Keys::source, .key = "otherwise", .takes = cell},
  {.of = Keys::source, .key = "when", .takes = map, .inner = Keys::line},
  {.of = Keys::source, .key = "lower-case", .takes = yes_no},
  {.of = Keys::source, .key = "take", .takes = word, .words = words::takes},

  {.of = Keys::line, .key = "column", .takes = cell, .needed = "*"},
  {.of = Keys::line, .key = "is", .takes = cell, .many = true},
  {.of = Keys::line, .key = "begins-with", .takes = cell},

  {.of = Keys::story, .key = "test", .takes = text, .needed = "*"},
  {.of = Keys::story, .key = "starts", .takes = start, .needed = "*"},
  {.of = Keys::story, .key = "rules", .takes = rules},
  {.of = Keys::story, .key = "people", .takes = people},
  {.of = Keys::story, .key = "cases", .takes = maps, .inner = Keys::story_case, .needed = "*"},

  {.of = Keys::story_person, .key = "consent", .takes = word, .words = words::consents, .many = true},
  {.of = Keys::story_person, .key = "attributes", .takes = texts},

  {.of = Keys::story_case, .key = "name", .takes = text, .needed = "*"},
  {.of = Keys::story_case, .key = "story", .takes = maps, .inner = Keys::story_line, .needed = "*"},

  {.of = Keys::story_line, .key = "at", .takes = moment, .needed = "*"},
  {.of = Keys::story_line, .key = "event", .takes = event},
  {.of = Keys::story_line, .key = "customer", .takes = row},
  {.of = Keys::story_line, .key = "order", .takes = row},
  {.of = Keys::story_line, .key = "item", .takes = row},
  {.of = Keys::story_line, .key = "subscription", .takes = row},
  {.of = Keys::story_line, .key = "ticket", .takes = row},
  {.of = Keys::story_line, .key = "feedback", .takes = row},
  {.of = Keys::story_line, .key = "consent", .takes = row},
  {.of = Keys::story_line, .key = "suppress", .takes = row},
  {.of = Keys::story_line, .key = "attributes", .takes = texts},
  {.of = Keys::story_line, .key = "daemon", .takes = word, .words = words::daemon},
  {.of = Keys::story_line, .key = "server", .takes = word, .words = words::server},
  {.of = Keys::story_line, .key = "hold", .takes = hold},
  {.of = Keys::story_line, .key = "release", .takes = hold},
  {.of = Keys::story_line, .key = "rules", .takes = rule_states, .words = words::rule_becomes},
  {.of = Keys::story_line, .key = "expect", .takes = expected, .inner = Keys::story_message},
  {.of = Keys::story_line, .key = "because", .takes = reason},
  {.of = Keys::story_line, .key = "rule", .takes = text},
  {.of = Keys::story_line, .key = "to", .takes = text},

  {.of = Keys::story_message, .key = "email", .takes = text},
  {.of = Keys::story_message, .key = "notify", .takes = text},
  {.of = Keys::story_message, .key = "webhook", .takes = text},
  {.of = Keys::story_message, .key = "to", .takes = text},
  {.of = Keys::story_message, .key = "variant", .takes = text},
  {.of = Keys::story_message, .key = "about", .takes = text, .many = true},
  {.of = Keys::story_message, .key = "rule", .takes = text},
  {.of = Keys::story_message, .key = "subject", .takes = text},
  {.of = Keys::story_message, .key = "says", .takes = text, .many = true},
  {.of = Keys::story_message, .key = "says-not", .takes = text, .many = true},
};
// clang-format on

std::string_view phrase(Takes takes) {
  switch (takes) {
    case text: return "a text";
    case name: return "a name: small letters, digits and dashes";
    case word: return "one of";
    case whole:
    case percent: return "a whole number";
    case share: return "a percentage under 100, such as `10%`";
    case shares:
      return "names of templates, each with a percentage, such as `{win-back-short: 50%}`";
    case yes_no: return "`yes` or `no`";
    case duration:
    case positive: return "a duration, such as `7 days`";
    case open_duration:
    case open_positive: return "a duration, such as `7 days` or `16 business hours`";
    case late_limit: return "a duration, such as `3 days`, or `none`";
    case backlog: return "`none`, `all`, or a time back such as `30 days`";
    case per_day: return "a number of messages, such as `500 per day`";
    case time_of_day: return "a time of a 24-hour clock, such as `09:00`";
    case money: return "an amount with its currency, such as `5 EUR`";
    case condition: return "a condition, such as `customer.orders_count >= 2`";
    case event: return "an event of the vocabulary, or one of your own";
    case date: return "a date of the vocabulary";
    case state: return "a named state of the vocabulary";
    case subject: return "the subject of the trigger, or `customer`";
    case locale: return "a language tag, such as `en` or `pt-BR`";
    case currency: return "an ISO 4217 code, such as `EUR`";
    case address: return "an e-mail address";
    case recipient: return "an e-mail address, or a domain such as `\"@example.com\"`";
    case url: return "a web address";
    case hours: return "days and hours, such as `mon-fri 09:00-18:00`";
    case calendar_date: return "a date, such as `2026-12-25`";
    case map: return "keys with values";
    case maps: return "a list of keys with values";
    case named: return "names of your own, each with keys and values";
    case declared: return "names of your own, each with keys and values or, in short, a type";
    case texts: return "names of your own, each with a text";
    case cell: return "a text, which may be empty";
    case cells: return "words of the file, each with what it means";
    case source: return "a column, or keys with values";
    case fields: return "fields, each with its source";
    case sources: return "names of your own, each with its source";
    case start:
      return "a local time and, unless it is the site's, a zone: `2026-03-02 10:00 Europe/Berlin`";
    case moment: return "`day 7`, `day 7 10:00` or a date with or without a time";
    case people: return "short names, each with the fields of a customer";
    case row: return "its fields, or its id alone";
    case hold: return "`all`, `{rule: …}` or `{customer: …}`";
    case rule_states: return "ids of rules, each with one of";
    case rules: return "ids of rules, or `all`";
    case expected: return "`nothing`, or a list of messages";
    case reason: return "a reason of `retaind vocabulary reasons`";
  }
  return "";
}

}  // namespace

const KeyValue& value_of(const KeyRow& key) {
  for (const KeyValue& row : table)
    if (row.of == key.of && row.key == key.name) return row;
  static constexpr KeyValue none{.of = Keys::rule, .key = "", .takes = text};
  return none;
}

std::string describe(const KeyValue& value) {
  std::string text(phrase(value.takes));
  if (value.range.most > value.range.least)
    text += fmt::format(" from {} to {}", value.range.least, value.range.most);
  if (!value.words.empty()) {
    std::vector<std::string> words;
    for (const std::string_view word : value.words) words.push_back(fmt::format("`{}`", word));
    text += ' ' + join(words, ", ");
  }
  if (value.many) text += "; or a list of these";
  return text;
}

}  // namespace retaind::language
