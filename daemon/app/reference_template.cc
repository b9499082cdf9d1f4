#include <fmt/format.h>

#include "app/reference_pages.h"
#include "render/run.h"

namespace retaind::app {
namespace {

/// A filter that Shopify's Liquid does not have. The test of the reference renders each example.
struct MailFilter {
  std::string_view name;
  std::string_view about;
  std::string_view shown;    ///< in the English template of a mail
  std::string_view printed;  ///< what it prints then
};
constexpr MailFilter mail_filters[] = {
    {"money",
     "an amount as readers of the template's locale write it: `{minor, currency}`, or minor units "
     "and a currency; `locale:` for another one",
     R"({{ 123456 | money: "EUR" }})", "€1,234.56"},
    {"local_date",
     "a day in the customer's zone and the template's language: `date`, `short`, `weekday`, `time` "
     "or `datetime`; `zone:` and `locale:` for others",
     R"({{ "2026-03-02T23:30:00Z" | local_date: "weekday", zone: "Asia/Tokyo" }})",
     "Tuesday, March 3, 2026"},
    {"honorific",
     "the name as the language addresses somebody, 山田様; お客様 or 您 for whose name is not "
     "known; "
     "in other languages the name as it is",
     R"({{ "山田" | honorific: locale: "ja" }})", "山田様"},
    {"truncate_graphemes",
     "the beginning of a text, `…` included, never through what a reader takes for one character",
     R"({{ "👨‍👩‍👧‍👦👍🏽abc" | truncate_graphemes: 3 }})",
     "👨‍👩‍👧‍👦👍🏽…"},
    {"url_param",
     "a link with one more parameter; without arguments, the value as a part of a link",
     R"({{ "https://shop.example/" | url_param: "ref", "a b" }})",
     "https://shop.example/?ref=a%20b"},
    {"raw", "the value as it is, where HTML is escaped by itself", R"({{ "<b>" | raw }})", "<b>"},
};

}  // namespace

Page template_page(const language::EditorNames&) {
  Page page{"retaind-template", 5, "texts of mails", {}};
  page.heading("Files");
  page.text(
      "`templates/NAME.LOCALE.liquid` holds a text in one language, in Liquid. A customer gets the "
      "file of their locale, else of its language, else of the site's. It begins with `---`, lines "
      "of `key: value` and `---`; the HTML follows, and behind a line `--- text ---` a text part "
      "of "
      "its own, which is otherwise made from the HTML.");
  page.term("subject", "needed; like the other values a line of Liquid");
  page.term("preheader", "what programs show behind the subject in their list");
  page.term("from, reply-to", "other mailboxes than the site's");
  page.term("format", "`html`, or `text`: the body is the text and nothing is escaped");
  page.term("layout", "`base`: the file `_base.liquid`, which prints `{{ content }}`");
  page.text(
      "Files that begin with `_` are partials, for `{% render 'footer' %}`: "
      "`_footer.LOCALE.liquid` "
      "or `_footer.liquid`.");
  page.heading("Liquid");
  page.text(
      "All tags and filters of Shopify's Liquid 5. Values are escaped in HTML. A variable that "
      "does "
      "not exist stops the mail, except in a condition and in front of `default` or `honorific`. "
      "`retaind render FILE --data DATA.json` shows one template, `retaind preview` the finished "
      "mail.");
  page.subheading("Filters of our own");
  for (const MailFilter& filter : mail_filters) {
    page.term(std::string(filter.name), fmt::format("{}. Example: `{}` prints `{}`", filter.about,
                                                    filter.shown, filter.printed));
  }
  page.heading("Limits");
  page.text("A rendering that goes beyond one of them is an error that names the place.");
  page.term("size", fmt::format("{} MB printed, {} MB of values while rendering",
                                render::limits::output >> 20U, render::Arena::limit >> 20U));
  page.term("loops", fmt::format("{} rounds of all loops together", render::limits::iterations));
  page.term("nesting", fmt::format("{} blocks in each other, {} partials", render::max_nesting,
                                   render::limits::partial_depth));
  page.term("time", fmt::format("{} million steps and bytes that filters read: about a second",
                                render::limits::work >> 20U));
  return page;
}

}  // namespace retaind::app
