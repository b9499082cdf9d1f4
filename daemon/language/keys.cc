#include "language/keys.h"

#include <algorithm>

#include "base/text.h"

namespace retaind::language {
namespace {

// clang-format off
constexpr KeyRow table[] = {
  {Keys::rule, "rule", "permanent id of the rule; what was sent is remembered under it", "win-back-90d", ""},
  {Keys::rule, "was", "the id that the rule had before; what was sent stays known", "win-back", ""},
  {Keys::rule, "about", "what the rule is for, in a sentence", "Bring back silent buyers", ""},
  {Keys::rule, "purpose", "marketing, feedback, transactional or internal: picks consent, caps and retries", "marketing", ""},
  {Keys::rule, "status", "draft records what it would send, live sends, paused waits", "live", ""},
  {Keys::rule, "when", "what starts the rule", "{event: order.completed, after: 7 days}", ""},
  {Keys::rule, "if", "conditions that must all be true at the send", "customer.orders_count >= 2", ""},
  {Keys::rule, "unless", "conditions of which none may be true at the send", "order.refunded", ""},
  {Keys::rule, "stop-if", "conditions that end the run before its next message", "order.refunded", ""},
  {Keys::rule, "hold-while", "conditions during which a message waits, until late-limit", "ticket.status = waiting_for_customer", ""},
  {Keys::rule, "then", "the steps: messages and what belongs to them", "[{email: thanks}]", ""},
  {Keys::rule, "once-per", "whom or what the rule serves once only", "customer", ""},
  {Keys::rule, "again-after", "how long after the first send once-per lets it through again", "365 days", ""},
  {Keys::rule, "late-limit", "later than this after its time a message does not go at all; or none", "3 days", ""},
  {Keys::rule, "backlog", "what was due before the rule went live: none, all, or a time back", "30 days", ""},
  {Keys::rule, "limit", "most messages of the rule in a day", "500 per day", ""},
  {Keys::rule, "holdout", "share of customers who get nothing, to measure against", "10%", ""},
  {Keys::rule, "priority", "who goes first when a cap lets only one through; higher first", "10", ""},
  {Keys::rule, "send-window", "calendar of retaind.yaml; outside it messages wait", "daytime", ""},
  {Keys::rule, "timezone", "customer: local times are the customer's; site: the shop's", "customer", ""},
  {Keys::rule, "brake", "more messages than this in the first hour hold the rule", "500", ""},

  {Keys::trigger, "event", "something that has happened", "order.completed", ""},
  {Keys::trigger, "date", "a date to count to or from", "subscription.renews_at", ""},
  {Keys::trigger, "every", "a schedule: monday … sunday, day, weekday (Monday to Friday) or month (its first day)", "monday", ""},
  {Keys::trigger, "customer", "a named state of a customer", "inactive", ""},
  {Keys::trigger, "order", "a named state of an order", "", ""},
  {Keys::trigger, "item", "a named state of an order's line", "", ""},
  {Keys::trigger, "subscription", "a named state of a subscription", "", ""},
  {Keys::trigger, "ticket", "a named state of a ticket", "unresolved", ""},
  {Keys::trigger, "feedback", "a named state of an answer", "", ""},
  {Keys::trigger, "after", "how long after the event or the date; from a date in all time, not in business time", "7 days", "event|date"},
  {Keys::trigger, "before", "how long before the date", "14 days", "date"},
  {Keys::trigger, "for", "how long the state has lasted", "48 hours", "state"},
  {Keys::trigger, "at", "time of day", "10:00", "date|every"},
  {Keys::trigger, "each", "goes through all customers, orders, subscriptions, tickets or answers at that time; those whose conditions are true then get the message", "customer", "every"},

  {Keys::step, "email", "a mail to the customer, by the name of its template", "thanks", ""},
  {Keys::step, "notify", "a mail to a team of retaind.yaml, or to the ticket's assignee", "support", ""},
  {Keys::step, "webhook", "a call of a webhook of retaind.yaml", "support-desk", ""},
  {Keys::step, "coupon", "a code for the email that follows, by a name of yours", "win-back", ""},
  {Keys::step, "survey", "a link to a survey for the email that follows", "nps", ""},
  {Keys::step, "wait", "time between the message above and the one that follows", "2 days", ""},
  {Keys::step, "pause-marketing", "no marketing for this customer for a time", "14 days", ""},
  {Keys::step, "after", "when the step is due, counted like the rule's own time", "72 hours", "email|notify|webhook|pause-marketing"},
  {Keys::step, "if", "conditions that must be true too for this step; the steps behind it go on", "customer.orders_count = 1", "email|notify|webhook|pause-marketing"},
  {Keys::step, "variants", "other templates for shares of the customers; the rest gets the step's own", "{win-back-short: 50%}", "email"},
  {Keys::step, "template", "template of the mail to the team", "ticket-reminder", "notify"},
  {Keys::step, "or", "team that is told when the assignee has no address", "support", "notify"},
  {Keys::step, "repeat", "send it again while the state lasts", "{every: 24 hours, at-most: 3}", "email|notify|webhook"},
  {Keys::step, "digest", "collect for this time and send one mail to the team", "15 minutes", "notify"},
  {Keys::step, "step", "permanent name of the step, where two would be called alike", "second-reminder", "email|notify|webhook|pause-marketing"},
  {Keys::step, "percent-off", "worth of the coupon in percent", "15", "coupon"},
  {Keys::step, "amount-off", "worth of the coupon in money", "5 EUR", "coupon"},
  {Keys::step, "single-use", "whether the code works once only", "yes", "coupon"},
  {Keys::step, "valid-for", "how long the code works, from the send", "14 days", "coupon"},

  {Keys::repeat, "every", "time between two of them", "24 hours", ""},
  {Keys::repeat, "at-most", "how many repetitions", "3", ""},

  {Keys::site, "shop", "name of the shop, as customers know it", "Example Shop", ""},
  {Keys::site, "store", "file of the store", "retaind.db", ""},
  {Keys::site, "time-zone", "time zone of the shop", "Europe/Berlin", ""},
  {Keys::site, "locale", "language of mails to customers who have none of their own", "en", ""},
  {Keys::site, "currency", "currency of every amount in the store", "EUR", ""},
  {Keys::site, "deliver", "maildir writes mails to files, live sends them", "maildir", ""},
  {Keys::site, "only-to", "for trying out: nobody else gets anything; addresses or @domains", "[@example.com]", ""},
  {Keys::site, "sender", "who the mails come from", "{address: shop@example.com}", ""},
  {Keys::site, "unsubscribe", "where customers unsubscribe; without it no marketing mail goes", "{url: \"https://example.com/bye?t={token}\"}", ""},
  {Keys::site, "survey-url", "page of the survey; {token} and {kind} are filled in", "https://example.com/survey?t={token}", ""},
  {Keys::site, "ticket-url", "page of a ticket; {number} is filled in", "https://desk.example.com/{number}", ""},
  {Keys::site, "secret-file", "file with the key that signs survey and unsubscribe links", "secret.key", ""},
  {Keys::site, "smtp", "the mail server", "{host: mail.example.com}", ""},
  {Keys::site, "maildir", "directory for mails while deliver is not live", "mail", ""},
  {Keys::site, "socket", "control socket of the daemon", "retaind.sock", ""},
  {Keys::site, "teams", "addresses behind the names that rules notify", "{support: support@example.com}", ""},
  {Keys::site, "webhooks", "addresses behind the names that rules call", "{desk: {url: \"https://desk.example.com/hook\"}}", ""},
  {Keys::site, "calendars", "opening hours by name", "{daytime: \"09:00-20:00\"}", ""},
  {Keys::site, "cap", "most marketing and feedback messages to one address", "{messages: 2, within: 7 days}", ""},
  {Keys::site, "holdout", "share of customers who get no marketing at all", "5%", ""},
  {Keys::site, "feedback-basis", "consent, or existing-customers where the law allows asking them", "consent", ""},
  {Keys::site, "retention", "how long records are kept", "{traces: 90 days}", ""},

  {Keys::sender, "address", "address in From", "shop@example.com", ""},
  {Keys::sender, "name", "name in From", "Example Shop", ""},
  {Keys::sender, "reply-to", "where answers go", "help@example.com", ""},
  {Keys::sender, "charset", "utf-8, or iso-2022-jp for old programs in Japan: a mail that it cannot hold is utf-8", "iso-2022-jp", ""},
  {Keys::sender, "postal-address", "for the foot of marketing mails", "1 Example Street, Berlin", ""},

  {Keys::unsubscribe, "url", "page that unsubscribes; {customer} and {token} are filled in", "https://example.com/bye?t={token}", ""},
  {Keys::unsubscribe, "mailto", "address that unsubscribes", "unsubscribe@example.com", ""},

  {Keys::smtp, "host", "name of the mail server", "mail.example.com", ""},
  {Keys::smtp, "port", "587 for starttls, 465 for implicit, 25 for none, unless given", "587", ""},
  {Keys::smtp, "tls", "starttls, implicit, or none (on this machine only)", "starttls", ""},
  {Keys::smtp, "insecure", "yes: a remote server without TLS is accepted", "no", ""},
  {Keys::smtp, "ca-file", "certificates to trust instead of the system's", "ca.pem", ""},
  {Keys::smtp, "user", "name to log in with", "retaind", ""},
  {Keys::smtp, "password-file", "file with the password", "smtp.password", ""},
  {Keys::smtp, "helo", "name to greet the server with", "shop.example.com", ""},
  {Keys::smtp, "connections", "at most so many at once", "8", ""},
  {Keys::smtp, "messages-per-connection", "then a new connection is opened", "500", ""},
  {Keys::smtp, "pipeline", "at most so many messages a connection on their way, if the server is that fast", "48", ""},
  {Keys::smtp, "timeout", "how long to wait for an answer", "5 minutes", ""},

  {Keys::team, "to", "its addresses", "[support@example.com]", ""},
  {Keys::team, "locale", "its language", "de", ""},

  {Keys::webhook, "url", "what is called", "https://desk.example.com/hook", ""},
  {Keys::webhook, "secret-file", "file with the secret (whsec_…) that signs the calls", "desk.secret", ""},
  {Keys::webhook, "token-file", "file with a token that is sent along", "desk.token", ""},
  {Keys::webhook, "allow-private", "yes: the target is in your own network", "no", ""},

  {Keys::calendar, "hours", "opening hours", "[mon-fri 09:00-18:00]", ""},
  {Keys::calendar, "days-off", "dates on which nothing opens", "[2026-12-25]", ""},

  {Keys::cap, "messages", "so many", "2", ""},
  {Keys::cap, "within", "in this time", "7 days", ""},

  {Keys::retention, "changes", "the change feed", "30 days", ""},
  {Keys::retention, "traces", "why each message went or did not", "90 days", ""},
  {Keys::retention, "bodies", "the text of sent messages; `0 days` keeps none", "90 days", ""},

  {Keys::vocabulary, "fields", "fields of the site's own, kept in the rows' attributes", "{customer.tier: {type: enum, words: [gold, silver]}}", ""},
  {Keys::vocabulary, "events", "events of the site's own; once there is a list, rules can name no others", "{webinar.attended: {properties: {minutes: number}}}", ""},
  {Keys::vocabulary, "states", "states of the site's own, which rules can wait for", "{customer.silent-gold: {is: customer.tier = gold, since: customer.last_active_at}}", ""},

  {Keys::vocabulary_field, "type", "bool, number, percent, money, text, enum, time or date", "enum", ""},
  {Keys::vocabulary_field, "words", "of an enum: its words", "[gold, silver]", ""},
  {Keys::vocabulary_field, "currency", "of money: that of plain numbers; the site's, unless given", "USD", ""},
  {Keys::vocabulary_field, "about", "what it means, in a line", "how much they buy in a year", ""},

  {Keys::vocabulary_event, "about", "what has happened, in a line", "a customer sat through a webinar", ""},
  {Keys::vocabulary_event, "properties", "what it brings along, as fields of `event`", "{minutes: number}", ""},

  {Keys::vocabulary_state, "is", "a condition on the row itself, without a look at the clock", "customer.tier = gold", ""},
  {Keys::vocabulary_state, "since", "the time from which `for:` of a rule counts", "customer.last_active_at", ""},
  {Keys::vocabulary_state, "about", "what it means, in a line", "a gold customer who has gone silent", ""},

  {Keys::mapping, "separator", "one character, `tab`, or `blanks` for runs of them", "\";\"", ""},
  {Keys::mapping, "header", "no: the first line is data, and columns are called 1, 2, 3", "no", ""},
  {Keys::mapping, "missing", "cells that mean no value, besides empty ones", "[\"?\"]", ""},
  {Keys::mapping, "time-zone", "of times without one; the shop's, unless given", "Europe/London", ""},
  {Keys::mapping, "dates", "how dates are written; 2026-03-02 [09:30[:00]] unless given", "\"%d/%m/%Y %H:%M\"", ""},
  {Keys::mapping, "currency", "of amounts without a currency of their own; the shop's, unless given", "GBP", ""},
  {Keys::mapping, "key-prefix", "put before every key, when several shops share a store", "old-", ""},
  {Keys::mapping, "skip", "lines that are left out", "[{column: kind, is: test}]", ""},
  {Keys::mapping, "merge", "yes: lines with one key are one row", "yes", ""},
  {Keys::mapping, "refund", "orders: lines that are money back; a negative total always is", "{column: InvoiceNo, begins-with: C}", ""},
  {Keys::mapping, "alias", "customers: a column with a further key of the customer", "customer_id", ""},
  {Keys::mapping, "fields", "where each field comes from", "{key: order_id}", ""},
  {Keys::mapping, "attributes", "columns that are kept beside the fields", "{channel: Channel}", ""},

  {Keys::source, "column", "the cell of this column", "order_id", ""},
  {Keys::source, "columns", "the cells of these columns, joined with -", "[customer, day]", ""},
  {Keys::source, "text", "a text, with {column} filled in", "\"{id}@example.com\"", ""},
  {Keys::source, "product", "one column times another", "[Quantity, UnitPrice]", ""},
  {Keys::source, "latest", "the latest of these times", "[opened_at, updated_at]", ""},
  {Keys::source, "earliest", "the earliest of these times", "[paid_at, shipped_at]", ""},
  {Keys::source, "number-within", "1, 2, 3 … for the lines with the same cell in this column", "InvoiceNo", ""},
  {Keys::source, "date", "how this date is written", "\"%Y%m%d\"", ""},
  {Keys::source, "words", "what the words of the file mean", "{delivered: completed}", ""},
  {Keys::source, "otherwise", "what other words mean; \"\" for nothing", "other", ""},
  {Keys::source, "when", "empty unless the line is one of these", "{column: status, is: canceled}", ""},
  {Keys::source, "lower-case", "yes: in small letters", "yes", ""},
  {Keys::source, "take", "when lines are merged: last, first, earliest, latest or sum", "earliest", ""},

  {Keys::line, "column", "the column that decides", "status", ""},
  {Keys::line, "is", "one of these", "[canceled, \"\"]", ""},
  {Keys::line, "begins-with", "it begins like this", "C", ""},

  {Keys::story, "test", "the rule that is tested, which then runs alone; or any other name, and all rules run", "thanks-and-feedback", ""},
  {Keys::story, "starts", "when the rules go live: local time, and a zone when it is not the site's", "2026-03-02 10:00 Europe/Berlin", ""},
  {Keys::story, "rules", "which rules run, when `test` does not say it: a list, or all", "[welcome, win-back-90d]", ""},
  {Keys::story, "people", "who is in the story, by short names", "{anna: {email: anna@example.com}}", ""},
  {Keys::story, "cases", "the cases, each from the start and for itself", "[{name: thanked once, story: []}]", ""},

  {Keys::story_person, "consent", "what the person has agreed to: marketing, feedback, tracking or none", "[marketing, feedback]", ""},
  {Keys::story_person, "attributes", "the site's own fields", "{tier: gold}", ""},

  {Keys::story_case, "name", "what the case shows, in a sentence", "a refunded order is not thanked for", ""},
  {Keys::story_case, "story", "what happens, line by line", "[{at: day 7, expect: nothing}]", ""},

  {Keys::story_line, "at", "when: a day of the story, with a time of day unless it is that of the start, or a date", "day 7 10:00", ""},
  {Keys::story_line, "event", "something happens, to the row named beside it", "order.completed", ""},
  {Keys::story_line, "customer", "fields of a person change, or whose event it is", "{id: anna, locale: de}", ""},
  {Keys::story_line, "order", "an order, as it is from now on; or its id alone", "{id: 1001, customer: anna, total: 49 EUR}", ""},
  {Keys::story_line, "item", "a line of an order", "{order: 1001, name: Roses}", ""},
  {Keys::story_line, "subscription", "a subscription, as it is from now on; or its id alone", "{id: S1, customer: anna, renews_at: day 30}", ""},
  {Keys::story_line, "ticket", "a ticket, as it is from now on; or its id alone", "{id: T1, customer: anna, status: open}", ""},
  {Keys::story_line, "feedback", "an answer to a survey", "{customer: anna, kind: nps, score: 3}", ""},
  {Keys::story_line, "consent", "somebody agrees or withdraws", "{customer: anna, purpose: marketing, granted: no}", ""},
  {Keys::story_line, "suppress", "an address is not written to any more", "anna", ""},
  {Keys::story_line, "attributes", "what an event of the site's own brings along", "{title: Roses}", "event"},
  {Keys::story_line, "daemon", "stops, starts, crashes, crashes-and-restarts or reloads", "crashes-and-restarts", ""},
  {Keys::story_line, "server", "what becomes of messages from now on: answers, refuses, defers, silent (taken without a word) or away", "away", ""},
  {Keys::story_line, "hold", "as `retaind hold`: all, a rule or a customer", "{rule: win-back-90d}", ""},
  {Keys::story_line, "release", "ends a hold", "all", ""},
  {Keys::story_line, "rules", "files change and are reloaded: draft, live, paused or removed", "{win-back-90d: paused}", ""},
  {Keys::story_line, "expect", "what must have gone since the last such line, and nothing else", "[{email: thanks, to: anna}]", ""},
  {Keys::story_line, "because", "the recorded reason for which nothing went", "no-consent", "expect"},
  {Keys::story_line, "rule", "the rule that `because` is about", "thanks-and-feedback", "expect"},
  {Keys::story_line, "to", "the person that `because` is about", "anna", "expect"},

  {Keys::story_message, "email", "a mail, by the name of its template", "thanks", ""},
  {Keys::story_message, "notify", "a mail to a team, or to the ticket's assignee", "support", ""},
  {Keys::story_message, "webhook", "a call of a webhook", "support-desk", ""},
  {Keys::story_message, "to", "who gets it", "anna", "email"},
  {Keys::story_message, "variant", "which text of a step with variants: the name of its template", "win-back-short", "email"},
  {Keys::story_message, "about", "ids of the orders, tickets … that it is about; a digest names them all", "[T1, T2]", "email|notify|webhook"},
  {Keys::story_message, "rule", "which rule sends it", "thanks-and-feedback", "email|notify|webhook"},
  {Keys::story_message, "subject", "the whole subject line", "Thank you", "email|notify"},
  {Keys::story_message, "says", "what stands in subject or text; runs of white space are one space", "[Dear Anna, order 1001]", "email|notify|webhook"},
  {Keys::story_message, "says-not", "what stands in neither", "[Dear Bert]", "email|notify|webhook"},
};
// clang-format on

}  // namespace

std::span<const KeyRow> keys() { return table; }

const KeyRow* find_key(Keys of, std::string_view name) {
  for (const auto& row : table)
    if (row.of == of && row.name == name) return &row;
  return nullptr;
}

std::vector<std::string_view> key_names(Keys of) {
  std::vector<std::string_view> names;
  for (const auto& row : table)
    if (row.of == of) names.push_back(row.name);
  return names;
}

bool goes_with(const KeyRow& key, std::string_view kind) {
  const auto kinds = split(key.with, '|');
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

}  // namespace retaind::language
