#include "language/codes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace retaind::language {
namespace {

// Examples hold only the lines that matter; the test of this table fills in the rest of a rule.
// clang-format off
constexpr CodeRow table[] = {
  {Code::unreadable_file, "a file that cannot be read",
   "The file is there, or was a moment ago, but its content cannot be had: permissions, a disk error, or it is a "
   "directory or a pipe. The rules that run stay as they are.", "", ""},
  {Code::file_too_large, "a file that is too large",
   "Rule files and retaind.yaml have at most 1,000,000 bytes. A rule has one or two thousand; what is larger is "
   "usually something else, such as an export, that got its name by mistake.", "", ""},
  {Code::not_utf8, "a file that is not UTF-8",
   "Files are read as UTF-8. Editors on Windows may save in another encoding: choose UTF-8 when saving.", "", ""},
  {Code::not_text, "a control character in a file",
   "A byte stands in the file that no text contains, so it is no text file or was damaged.", "", ""},
  {Code::tab, "a tab",
   "YAML does not allow tabs for indentation, and elsewhere they look like spaces. Write spaces; most editors can do "
   "it when the tab key is pressed.",
   "unless:\n\t- order.refunded\n", "unless:\n  - order.refunded\n"},
  {Code::yaml_syntax, "a line that YAML cannot read",
   "The indentation, a quote, a bracket or a colon is not where YAML wants it. Keys of one level begin in the same "
   "column; a colon is followed by a space; text with `: ` or ` #` in it, or beginning with one of [ ] { } & * ! | > "
   "' \" % @ `, stands in quotes.",
   "about: Thanks: one week later\n", "about: \"Thanks: one week later\"\n"},
  {Code::duplicate_key, "a key that stands there twice",
   "Two values for one key cannot both be meant, and most YAML readers silently take one of them.",
   "priority: 1\npriority: 2\n", "priority: 2\n"},
  {Code::yaml_feature, "a YAML feature that rule files do not use",
   "Anchors (&), aliases (*), merge keys (<<), tags (!) and directives (%) let a file say something that stands "
   "elsewhere, or change what a value means. Rules are read where they stand.",
   "late-limit: &limit 3 days\n", "late-limit: 3 days\n"},
  {Code::several_documents, "a second document in a file",
   "One rule a file: so that a rule can be found, moved and reviewed by its file name.",
   "about: one\n---\nabout: two\n", "about: one\n"},
  {Code::nested_too_deep, "too many levels of nesting",
   "No key of a rule needs more than four levels; at most 32 are read.", "", ""},
  {Code::unknown_key, "a key that does not exist",
   "A misspelt key would otherwise be silently left out, and the rule would do something else than it says.",
   "unles: order.refunded\n", "unless: order.refunded\n"},
  {Code::unknown_event, "an event that does not exist",
   "Names such as `order.completed` are shipped. An event of your own has a name that begins with another word, such "
   "as `webinar.attended`; a name that is nearly a shipped one is taken for a slip. Once vocabulary.yaml lists events, "
   "a name that is not in its list is one too, except `login` and `click`.",
   "when:\n  event: order.completd\n", "when:\n  event: order.completed\n"},
  {Code::unknown_subject, "something that rules cannot read or count by",
   "Fields belong to customer, order, item, subscription, ticket, feedback or event; `once-per` counts by one of them.",
   "if: custmer.orders_count > 1\n", "if: customer.orders_count > 1\n"},
  {Code::unknown_state, "a named state that does not exist",
   "A state has a name, such as `unresolved` of a ticket, and a time since when it holds.",
   "when:\n  ticket: unresolvd\n", "when:\n  ticket: unresolved\n"},
  {Code::unknown_field, "a field that does not exist",
   "The field is none of its subject's. A field of your own is declared in vocabulary.yaml, with its type.",
   "if: customer.order_count > 1\n", "if: customer.orders_count > 1\n"},
  {Code::unknown_date, "a date that rules cannot count to",
   "`date:` takes one of the dates of the vocabulary.",
   "when:\n  date: customer.birthdy\n  at: 09:00\n", "when:\n  date: customer.birthday\n  at: 09:00\n"},
  {Code::unknown_word, "a word that means nothing here",
   "A word without quotes is one of the words of the field beside it, such as `solved` for ticket.status. Text stands "
   "in single quotes, a field is written with its subject in front.",
   "if: order.status = complete\n", "if: order.status = completed\n"},
  {Code::unknown_template, "a template that does not exist",
   "Templates are the files `templates/NAME.LANGUAGE.liquid` of the site; a rule names them by NAME.",
   "then:\n  - email: thank\n", "then:\n  - email: thanks\n"},
  {Code::unknown_name, "a team, webhook or calendar that does not exist",
   "Rules name what the administrator has set up in retaind.yaml.",
   "send-window: daytme\n", "send-window: daytime\n"},
  {Code::wrong_kind, "a value of the wrong shape",
   "The key needs a single value, a list, or keys with values of its own, and got something else or nothing.",
   "about:\n", "about: thanks the buyer\n"},
  {Code::no_unit, "a number without its unit",
   "A bare number leaves open what it counts: days or hours, percent, EUR.",
   "late-limit: 90\n", "late-limit: 90 days\n"},
  {Code::bad_duration, "a duration that cannot be read",
   "A duration is a whole number and a unit: seconds, minutes, hours, days, weeks, months or years. Hours are elapsed "
   "time; days, weeks and months keep the time of day.",
   "late-limit: three days\n", "late-limit: 3 days\n"},
  {Code::bad_word, "a value that is none of the allowed words",
   "The key takes one of a few words.",
   "status: activ\n", "status: live\n"},
  {Code::bad_name, "a name with other characters than a-z, 0-9 and dashes",
   "Names become parts of file names, links and keys in the ledger.",
   "rule: Thanks and feedback\n", "rule: thanks-and-feedback\n"},
  {Code::bad_number, "a number that cannot be read or is out of range",
   "The key takes a number within limits, or a share under 100 %.",
   "priority: high\n", "priority: 10\n"},
  {Code::bad_time, "a time, date or time zone that cannot be read",
   "A time of day is written as 09:00, a date as 2026-03-01, a time zone by its name, such as Europe/Berlin.",
   "when:\n  every: monday\n  at: 9 am\nthen:\n  - webhook: support-desk\n",
   "when:\n  every: monday\n  at: 09:00\nthen:\n  - webhook: support-desk\n"},
  {Code::bad_address, "an address that cannot be read",
   "An e-mail address, a host name or a web address is malformed.",
   "sender: {address: shop.example.com}\n", "sender: {address: shop@example.com}\n", true},
  {Code::bad_money, "an amount or a currency that cannot be read",
   "An amount is a plain decimal and an ISO 4217 code in capitals: `49 EUR`, `1234.50 USD`, `5000 JPY`.",
   "if: order.total > 49.999 EUR\n", "if: order.total > 49.99 EUR\n"},
  {Code::bad_expression, "a condition that cannot be read",
   "A condition compares a field with a value: = != < <= > >=, in [a, b], older than, within last, within next, is "
   "empty, contains; joined by and, or, not and parentheses. One a line.",
   "if: customer.orders_count == 2\n", "if: customer.orders_count = 2\n"},
  {Code::type_mismatch, "two things that cannot be compared",
   "Types are strict: nothing is converted silently, because a rule that compares the wrong things sends the wrong "
   "mails.",
   "if: order.total > 100\n", "if: order.total > 100 EUR\n"},
  {Code::subject_out_of_reach, "a field that the trigger does not lead to",
   "A condition reads the row that triggered the rule and its customer. A customer has many orders, so a rule about a "
   "customer cannot ask for `order.total` without saying which.",
   "when:\n  customer: inactive\nif: order.total > 100 EUR\n",
   "when:\n  customer: inactive\nif: customer.total_spent > 100 EUR\n"},
  {Code::currency_mismatch, "two currencies",
   "Amounts of different currencies are never compared or converted.",
   "if: order.total > 100 USD\n", "if: order.total > 100 EUR\n"},
  {Code::not_a_condition, "something that is neither true nor false",
   "A line of if, unless, stop-if or hold-while must be a condition, and so must what stands beside and, or, not.",
   "if: customer.orders_count\n", "if: customer.orders_count > 0\n"},
  {Code::expression_too_large, "a condition that is too large",
   "A line has at most 4,000 bytes, 32 parentheses in each other and 1,000 values in a list.", "", ""},
  {Code::missing_key, "something that is missing",
   "The rule, step or setting is not complete without it.",
   "when:\n  every: monday\nthen:\n  - webhook: support-desk\n",
   "when:\n  every: monday\n  at: 10:00\nthen:\n  - webhook: support-desk\n"},
  {Code::trigger_count, "no trigger, or more than one",
   "A rule has exactly one: an event, a state, a date or a schedule.",
   "when:\n  event: order.completed\n  customer: inactive\n", "when:\n  event: order.completed\n"},
  {Code::misplaced_key, "a key that does not belong here",
   "The key exists, but not beside the others that stand here.",
   "when:\n  event: order.completed\n  for: 7 days\n", "when:\n  event: order.completed\n  after: 7 days\n"},
  {Code::step_kind, "a step that says nothing, or two things",
   "Each entry of `then` is one step, behind a dash of its own.",
   "then:\n  - email: thanks\n    webhook: support-desk\n", "then:\n  - email: thanks\n  - webhook: support-desk\n"},
  {Code::step_key_twice, "two steps of one name",
   "What was sent is remembered by the step's name. By default it is the kind and the template or target; where that "
   "is the same twice, one needs a name of its own.",
   "then:\n  - email: thanks\n  - wait: 2 days\n  - email: thanks\n",
   "then:\n  - email: thanks\n  - wait: 2 days\n  - email: thanks\n    step: thanks-again\n"},
  {Code::nothing_follows, "a coupon, survey or wait that belongs to nothing",
   "A coupon and a survey belong to the email below them, a wait to the message below it.",
   "then:\n  - email: thanks\n  - wait: 2 days\n", "then:\n  - email: thanks\n  - wait: 2 days\n  - email: welcome\n"},
  {Code::bad_variants, "variants that cannot share the customers",
   "The template behind `email:` is the control: whoever gets no variant gets it. So it is none of the variants, and "
   "the shares of the others are 100 % together at most.",
   "then:\n  - email: thanks\n    variants: {thanks: 50%, welcome: 50%}\n",
   "then:\n  - email: thanks\n    variants: {welcome: 50%}\n"},
  {Code::not_available, "something that this version does not know",
   "The words are understood, but this version of retaind cannot do it yet and does not pretend to.",
   "when:\n  every: monday\n  at: 10:00\n  each: customer\nif: customer.last_active_at within last 90 days\ntimezone: customer\n",
   "when:\n  every: monday\n  at: 10:00\n  each: customer\nif: customer.last_active_at within last 90 days\ntimezone: site\n"},
  {Code::business_time, "business time that no calendar counts",
   "Business hours and days are those of the calendar that the rule names as its `send-window`, in the shop's time "
   "zone. `for:`, `after:`, `wait:` and `every:` can be counted in them; limits, conditions and dates count all time.",
   "when:\n  event: order.completed\n  after: 16 business hours\n",
   "when:\n  event: order.completed\n  after: 16 business hours\nsend-window: daytime\n"},
  {Code::rule_twice, "two rules with one id",
   "What was sent is remembered by the rule's id; two rules would share one memory.", "", ""},
  {Code::no_unsubscribe, "a marketing mail without a way to unsubscribe",
   "Mails of the purposes marketing and feedback carry a link or an address to unsubscribe. Without one in "
   "retaind.yaml they are never sent.", "", ""},
  {Code::purpose_mismatch, "a step that does not fit the rule's purpose",
   "The purpose picks consent, caps and retries: mails to customers are never internal, messages to teams are neither "
   "marketing nor feedback.",
   "purpose: internal\nthen:\n  - email: thanks\n", "purpose: transactional\nthen:\n  - email: thanks\n"},
  {Code::again_without_once, "again-after without once-per",
   "`again-after` says when somebody whom `once-per` shuts out comes in again.",
   "again-after: 365 days\n", "once-per: customer\nagain-after: 365 days\n"},
  {Code::scope_mismatch, "something that this trigger does not have",
   "A schedule without `each` has no customer, a customer's rule has no order to count by, only tickets have an assignee.",
   "when:\n  customer: inactive\nonce-per: order\n", "when:\n  customer: inactive\nonce-per: customer\n"},
  {Code::late_limit_short, "a late-limit shorter than the closed hours",
   "A message that is held while the window is closed may be too late when it opens. A warning.",
   "send-window: daytime\nlate-limit: 2 hours\n", "send-window: daytime\nlate-limit: 2 days\n"},
  {Code::no_rules, "a rule directory without rules",
   "The directory is empty or cannot be read.", "", ""},
  {Code::site_lacks_setting, "a rule that needs a setting of the site",
   "The rule uses something for which retaind.yaml has no setting yet.", "", ""},
  {Code::file_left_aside, "a file that is left aside",
   "Only files whose names end in `.yaml` are rules or stories, and in `.liquid` templates; none is looked for in "
   "directories below. A warning.", "", ""},
  {Code::clear_password, "a secret in clear",
   "Passwords, secrets and tokens stand in files of their own, so that retaind.yaml can be shared and reviewed.",
   "smtp:\n  host: mail.example.com\n  user: shop\n  password: hunter2\n",
   "smtp:\n  host: mail.example.com\n  user: shop\n  password-file: smtp.password\n", true},
  {Code::clear_connection, "a connection that others can read",
   "Mails, passwords and calls of webhooks leave this machine encrypted.",
   "smtp:\n  host: mail.example.com\n  tls: none\n", "smtp:\n  host: mail.example.com\n  tls: starttls\n", true},
  {Code::contradiction, "lines that leave nobody",
   "All lines of `if` must be true, and none of `unless`, `stop-if` and `hold-while`, before a message goes. Two of "
   "these can never be met together, so the rule or the step never sends. A warning.",
   "if:\n  - customer.orders_count > 5\n  - customer.orders_count < 3\n",
   "if:\n  - customer.orders_count > 5 or customer.orders_count < 3\n"},
  {Code::early_step, "a step whose time is over before the rule begins",
   "`after:` of a step counts from the rule's anchor, just as the rule's own `for:` or `after:`. A shorter one is over "
   "when the rule begins, and the step goes at once. A warning.",
   "when:\n  event: order.completed\n  after: 7 days\nthen:\n  - email: thanks\n  - email: welcome\n    after: 2 days\n",
   "when:\n  event: order.completed\n  after: 7 days\nthen:\n  - email: thanks\n  - email: welcome\n    after: 9 days\n"},
  {Code::bad_calendar, "opening hours that cannot be read",
   "A line has days and hours, `mon-fri 09:00-18:00` or `sat,sun 10:00-14:00`, or hours alone for every day. Hours may "
   "cross midnight.",
   "calendars:\n  daytime: 9 to 5\n", "calendars:\n  daytime: 09:00-17:00\n", true},
  {Code::short_coupon, "a coupon that may be over when its mail is read",
   "A coupon is valid from the send, and a retry begins anew. But a mail that was taken may still be on its way for "
   "days, so less than a day is too short. A warning.",
   "then:\n  - coupon: back\n    percent-off: 15\n    valid-for: 2 hours\n  - email: thanks\n",
   "then:\n  - coupon: back\n    percent-off: 15\n    valid-for: 14 days\n  - email: thanks\n"},
  {Code::no_exit, "a win-back that a purchase does not end",
   "The rule advertises some time after a date, and no line asks whether the customer has bought since. A state such "
   "as `customer: inactive` ends with a purchase; a date does not move. A warning.",
   "purpose: marketing\nwhen:\n  date: subscription.renews_at\n  after: 30 days\n",
   "purpose: marketing\nwhen:\n  date: subscription.renews_at\n  after: 30 days\nunless: customer.last_order_at within last 30 days\n"},
  {Code::same_day, "two rules that can mail one customer on the same day",
   "Both are live, count from the same thing by the same time, and no line of theirs tells their customers apart. A "
   "note: it may be meant, and the cap holds. With a cap of one message it is not said.", "", ""},
  {Code::unused, "something that no rule uses",
   "A team, webhook, calendar or template is there and no rule names it. Perhaps a name has changed. A note.", "", ""},
  {Code::no_way_out, "an advertisement without a link to unsubscribe",
   "The mail's header has it, which some mail programs show; the law of most countries and the readers want it in the "
   "text: `{{ unsubscribe.link }}`, as the `href` of a link that is shown. A warning.", "---\nsubject: Our sale\n---\n<p lang=\"en\">It begins today. {{ site.postal_address }}</p>\n",
   "---\nsubject: Our sale\n---\n<p lang=\"en\">It begins today. {{ site.postal_address }} <a href=\"{{ unsubscribe.link }}\">Unsubscribe</a></p>\n", false, false, false, true},
  {Code::unknown_person, "a person whom the story does not have",
   "People are listed once, under `people:`, and called by their short names everywhere else.",
   "- {at: day 1, suppress: ana}\n", "- {at: day 1, suppress: anna}\n", false, true},
  {Code::unknown_rule, "a rule that does not exist",
   "Stories name rules by their ids, the values of `rule:` in the site's rules.",
   "- {at: day 1, hold: {rule: thank}}\n", "- {at: day 1, hold: {rule: thanks}}\n", false, true},
  {Code::unknown_row, "an order, ticket or other row that the story has not spoken of",
   "The first line that names a row says whose it is; later ones need its id alone. An id without an owner that no "
   "line above has is a slip.",
   "- {at: day 1, event: order.refunded, order: 1001}\n",
   "- {at: day 0, order: {id: 1001, customer: anna}}\n- {at: day 1, event: order.refunded, order: 1001}\n", false, true},
  {Code::unknown_reason, "a reason that does not exist",
   "`because:` takes one of the reasons that `retaind outbox` and `retaind status` show.",
   "- {at: day 1, expect: nothing, because: consent}\n", "- {at: day 1, expect: nothing, because: no-consent}\n", false, true},
  {Code::no_cases, "a story that tests nothing",
   "The file has no case, or a case has no line that expects something: it could never fail.",
   "- {at: day 0, order: {id: 1001, customer: anna}}\n",
   "- {at: day 0, order: {id: 1001, customer: anna}}\n- {at: day 8, expect: nothing}\n", false, true},
  {Code::time_goes_back, "a line that lies before the one above it",
   "A story is told in the order of time, and begins at `starts:`.",
   "- {at: day 2, expect: nothing}\n- {at: day 1, expect: nothing}\n",
   "- {at: day 1, expect: nothing}\n- {at: day 2, expect: nothing}\n", false, true},
  {Code::line_kind, "a line of a story that says nothing, or two things",
   "Each line has a time and one thing: a fact, an event, what the daemon does, or what is expected.",
   "- {at: day 1, suppress: anna, expect: nothing}\n",
   "- {at: day 1, suppress: anna}\n- {at: day 1, expect: nothing}\n", false, true},
  {Code::daemon_state, "a daemon that runs already, or does not run",
   "The daemon runs from the story's start. Only one that runs can stop, crash or reload, and only one that does not "
   "can start.",
   "- {at: day 1, daemon: starts}\n", "- {at: day 1, daemon: stops}\n- {at: day 2, daemon: starts}\n", false, true},
  {Code::case_twice, "two cases of one name",
   "A case is found and run by its name.", "", ""},
  {Code::no_stories, "a site without stories",
   "The directory `tests/` of the site has no file that ends in `.yaml`, or cannot be read.", "", ""},
  {Code::may_be_blank, "a template that shows a value which may be missing",
   "The store need not have this value of every row, and where it has none the mail shows nothing: `Dear ,`. A "
   "`| default:` or an `{% if %}` around it says what is shown then. A warning.", "<p>Dear {{ customer.first_name }},</p>\n",
   "<p>Dear {{ customer.first_name | default: \"friend\" }},</p>\n", false, false, false, true},
  {Code::name_taken, "a name that is taken",
   "What vocabulary.yaml declares stands beside what is shipped, and a name means one thing: a property that several "
   "events bring along has one type.",
   "fields:\n  customer.city: text\n", "fields:\n  customer.home_town: text\n", false, false, true},
  {Code::bad_state, "a state that its row alone does not decide",
   "`is` of a state reads what stands in its own row. It looks neither at the clock nor at other rows, so that a change "
   "of the row is the only thing that begins or ends it: time enters through `since:` here and `for:` in the rule.",
   "states:\n  customer.new: {is: customer.created_at within last 30 days, since: customer.created_at}\n",
   "states:\n  customer.new: {is: customer.orders_count <= 1, since: customer.created_at}\n", false, false, true},
  {Code::bad_since, "a time from which no state can count",
   "What became due is found by an index on this time, never by a walk over all rows; and when the time moves, the store "
   "must have numbered the episodes, so that none is answered twice. Few columns have both.",
   "states:\n  customer.poor: {is: customer.orders_count <= 1, since: customer.last_order_at}\n",
   "states:\n  customer.poor: {is: customer.orders_count <= 1, since: customer.last_active_at}\n", false, false, true},
  {Code::reads_all, "a pass that reads every row",
   "At each of its times a schedule with `each` goes through all rows, in slices between which everything else goes on. A "
   "line of `if` that asks a time which has an index lets it read those alone that the line can be true of. A note: of a "
   "small shop, or of a rule that is for everybody, nothing is to be done.",
   "when:\n  every: monday\n  at: 10:00\n  each: customer\nif: customer.orders_count >= 2\n",
   "when:\n  every: monday\n  at: 10:00\n  each: customer\nif:\n  - customer.orders_count >= 2\n  - customer.last_active_at within last 90 days\n"},
  {Code::no_postal_address, "an advertisement without a postal address",
   "The law of many countries wants the sender's postal address in each advertising mail. It stands once, as "
   "`postal-address` of `sender` in retaind.yaml, and templates show it: `{{ site.postal_address }}`. A warning.", "---\nsubject: Our sale\n---\n<p lang=\"en\">It begins today. <a href=\"{{ unsubscribe.link }}\">Unsubscribe</a></p>\n",
   "---\nsubject: Our sale\n---\n<p lang=\"en\">It begins today. {{ site.postal_address }} <a href=\"{{ unsubscribe.link }}\">Unsubscribe</a></p>\n", false, false, false, true},
  {Code::clipped, "a mail that Gmail clips",
   "Gmail shows the first 102 KB of a mail's HTML and hides the rest, the link to unsubscribe with it. It is told from 90 % "
   "of that on, for the largest of the samples: 30 items, long names. What is repeated for each item weighs most; styles in "
   "each tag weigh more than one `<style>`. A warning.", "{% for i in (1..1000) %}<p style=\"margin:0; padding:12px 24px; font-size:16px; line-height:24px; color:#222222; background:#ffffff\">{{ i }}</p>{% endfor %}\n",
   "{% for i in (1..10) %}<p style=\"margin:0; padding:12px 24px; font-size:16px; line-height:24px; color:#222222; background:#ffffff\">{{ i }}</p>{% endfor %}\n", false, false, false, true},
  {Code::bad_link, "a link or an image that does not open",
   "In a mail an address stands alone: one that is relative counts from nowhere, `javascript:` is taken out, http is "
   "warned of or not loaded, and a space ends it early. Links are https, `mailto:` or `tel:`, images https: those of "
   "`<img>`, of `background=` and of `url(…)` in styles. A warning.",
   "<a href=\"/sale\">To the sale</a>\n",
   "<a href=\"https://shop.example.com/sale\">To the sale</a>\n", false, false, false, true},
  {Code::image_without_alt, "an image without a text",
   "Many readers see a mail without its images, and some hear it. `alt` says what stands there then; of decoration it "
   "is empty: alt=\"\". A warning.", "<img src=\"https://shop.example.com/logo.png\">\n",
   "<img src=\"https://shop.example.com/logo.png\" alt=\"Example Shop\">\n", false, false, false, true},
  {Code::broken_html, "HTML that each mail program reads differently",
   "An element that is never closed, one closed in the wrong order, a quote that is missing, a `<` of the text: browsers "
   "guess what was meant, and mail programs guess differently. It is looked for in the finished mail, for everyone and as "
   "Outlook reads it, and told at the line of the template that it comes from. End tags that HTML lets you leave out are "
   "not missed. What mail programs take out is told as well: `<script>`, `<form>`, `<iframe>`. A warning.", "<p>Under <b>10 items</p>\n",
   "<p>Under <b>10 items</b></p>\n", false, false, false, true},
  {Code::bad_subject, "a subject that is empty or too long",
   "It is looked at as each of the samples gets it: a customer without a name, one with a long name. A warning.", "---\nsubject: \"{{ customer.first_name | default: '' }}\"\n---\n<p lang=\"en\">Hello. {{ site.postal_address }} <a href=\"{{ unsubscribe.link }}\">Unsubscribe</a></p>\n",
   "---\nsubject: \"{{ customer.first_name | default: 'For you' }}\"\n---\n<p lang=\"en\">Hello. {{ site.postal_address }} <a href=\"{{ unsubscribe.link }}\">Unsubscribe</a></p>\n", false, false, false, true},
  {Code::bad_text_part, "a mail whose text part says nothing",
   "Who reads mails as text, and many filters against spam, get this part. It is made from the HTML, so it is empty where "
   "a mail is an image. A warning.", "---\nsubject: Our sale\n---\n<p lang=\"en\">It begins today. {{ site.postal_address }} <a href=\"{{ unsubscribe.link }}\">Unsubscribe</a></p>\n--- text ---\n{{ unsubscribe.link }}\n",
   "---\nsubject: Our sale\n---\n<p lang=\"en\">It begins today. {{ site.postal_address }} <a href=\"{{ unsubscribe.link }}\">Unsubscribe</a></p>\n--- text ---\nIt begins today. {{ site.postal_address }} Unsubscribe: {{ unsubscribe.link }}\n", false, false, false, true},
  {Code::no_language, "a mail that does not say its language",
   "Programs that read aloud, translate or choose a font for Chinese and Japanese characters go by `<html lang=\"ja\">`. "
   "What counts is the `lang` that holds for most of the text. A note.", "---\nsubject: Our sale\n---\n<p>It begins today. {{ site.postal_address }} <a href=\"{{ unsubscribe.link }}\">Unsubscribe</a></p>\n",
   "---\nsubject: Our sale\n---\n<p lang=\"en\">It begins today. {{ site.postal_address }} <a href=\"{{ unsubscribe.link }}\">Unsubscribe</a></p>\n", false, false, false, true},
  {Code::template_file, "a template file that cannot be used",
   "Templates are called `<name>.<locale>.liquid`, partials and layouts `_<name>.liquid`, and all are UTF-8.", "", ""},
  {Code::front_matter, "front matter that cannot be read",
   "A template begins with lines between two `---`: `subject:`, and perhaps `preheader:`, `from:`, `reply-to:`, "
   "`format:` and `layout:`. What does not stand there would be taken for the body. Layouts and partials have none.", "---\nsubjct: Our sale\n---\n<p>It begins today.</p>\n",
   "---\nsubject: Our sale\n---\n<p lang=\"en\">It begins today. {{ site.postal_address }} <a href=\"{{ unsubscribe.link }}\">Unsubscribe</a></p>\n", false, false, false, true},
  {Code::template_syntax, "a template that is no Liquid",
   "A tag is not closed, stands where it has no place, or says what Liquid cannot read. In a mail nobody would see it "
   "before a customer does.", "{% if customer.city %}<p>Hello</p>\n",
   "{% if customer.city %}<p>Hello</p>{% endif %}\n", false, false, false, true},
  {Code::unknown_filter, "a filter that does not exist",
   "`retaind reference` lists the filters. Shopify's own filters for themes and shops are not among them.", "<p>{{ site.name | uppercase }}</p>\n",
   "<p>{{ site.name | upcase }}</p>\n", false, false, false, true},
  {Code::unknown_partial, "a partial or a layout that does not exist",
   "`{% render 'footer' %}` takes the file `_footer.<locale>.liquid`, or `_footer.liquid` for all languages, beside the "
   "templates; `layout: base` takes `_base.liquid`.", "", ""},
  {Code::unknown_variable, "a variable that the mail does not have",
   "A mail has what its rule provides: an order's mail has `order`, only a rule with `survey:` has `survey.link`. A "
   "variable that is known and empty prints nothing; one that is not known stops the mail. A condition may ask for it. "
   "An attribute that vocabulary.yaml does not declare is only warned of: the data may have it.", "<p>{{ customer.frist_name | upcase }}</p>\n",
   "<p>{{ customer.first_name | default: \"friend\" }}</p>\n", false, false, false, true},
  {Code::unsuited_value, "a value that a template cannot use",
   "A filter got what it cannot take, such as a text that is no number, or a whole object was printed. With another "
   "customer it may be well; for those who are like the sample the mail would fail. A warning, unless it fails for all.",
   "<p>{{ customer }}</p>\n",
   "<p>{{ customer.email }}</p>\n", false, false, false, true},
  {Code::template_limit, "a template that grows without end",
   "A mail has at most 4 MB, 100,000 turns of loops and 20 partials inside each other, so that no template holds up "
   "those of others.", "{% for i in (1..1000) %}{% for k in (1..1000) %}{{ k }}{% endfor %}{% endfor %}\n",
   "{% for i in (1..10) %}{% for k in (1..10) %}{{ k }}{% endfor %}{% endfor %}\n", false, false, false, true},
  {Code::not_composed, "a mail that cannot be composed",
   "Rule, template and settings are right each by itself and do not fit: the template has no text in the site's "
   "language, a team has no address, a header would have a line break. An error when it is so about every sample, "
   "else a warning.", "---\nsubject: Our sale\nfrom: the shop\n---\n<p lang=\"en\">It begins today. {{ site.postal_address }} <a href=\"{{ unsubscribe.link }}\">Unsubscribe</a></p>\n",
   "---\nsubject: Our sale\nfrom: The shop <sale@example.com>\n---\n<p lang=\"en\">It begins today. {{ site.postal_address }} <a href=\"{{ unsubscribe.link }}\">Unsubscribe</a></p>\n", false, false, false, true},
};
// clang-format on

}  // namespace

std::span<const CodeRow> codes() { return table; }

std::string name_of(Code code) { return fmt::format("R{:03}", static_cast<int>(code)); }

const CodeRow* find_code(std::string_view name) {
  if (starts_with_ignoring_case(name, "r")) name.remove_prefix(1);
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return nullptr;
  const auto found = std::find_if(std::begin(table), std::end(table), [number](const CodeRow& row) {
    return static_cast<int>(row.code) == number;
  });
  return found == std::end(table) ? nullptr : found;
}

}  // namespace retaind::language
