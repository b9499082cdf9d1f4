#include <fmt/format.h>

#include "app/reference_pages.h"
#include "insight/bought_together.h"
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
    {"full_name",
     "first and last name in the order of their script: `{{ customer.first_name | full_name: "
     "customer.last_name }}` is Anna Albers or 山田花子",
     R"({{ "花子" | full_name: "山田" }})", "山田花子"},
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

void add_values(Page& page) {
  page.heading("Values");
  page.text(
      "`customer` and the row that the rule is about (`order`, `subscription`, `ticket`, "
      "`feedback`, `event`) have the fields of `retaind vocabulary`; an event's properties are in "
      "`event.attributes`.");
  page.term("items", "lines of the order; in a mail to a team the rows that it tells of");
  page.term("coupon, survey",
            "what the steps before the mail have made: `coupon.code`, `coupon.valid_until`, "
            "`coupon.single_use`, "
            "`survey.link`");
  page.term("unsubscribe.link", "in marketing and feedback");
  page.term("site, sender, rule, now, why",
            "`site.name`, `sender.postal_address`, `rule.id`; the time, and why the mail goes out");
  page.term(
      "recommendations",
      fmt::format(
          "what others bought together with what the customer has: `key`, `sku`, `name`, `price` "
          "and "
          "`count` of up to {} products, best first; `{{% if recommendations.size > 0 %}}` asks "
          "whether there are any. In the `count` are the orders that hold a product of the "
          "customer's and this one, once for each such product. Orders that were cancelled or "
          "refunded are in no count, nor are orders of more than {} products, nor pairs of fewer "
          "than {} orders; what the customer has or sent back is not in the list, nor what one "
          "customer alone has bought. Name and price are those of the order placed last. Of what "
          "the customer has the {} products that were bought last are asked. A product is its "
          "`sku`, else its `name`",
          insight::most_recommended, insight::most_products, insight::least_orders,
          insight::most_asked));
}

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
  page.term("layout",
            "`base`: the file `_base.liquid`, which prints `{{ content }}`; `{{ locale }}` is "
            "that of the template");
  page.text(
      "Files that begin with `_` are partials, for `{% render 'footer' %}`: "
      "`_footer.LOCALE.liquid` "
      "or `_footer.liquid`.");
  page.heading("Shipped parts");
  page.text(
      "A new site has them in `templates/`, as files of its own: change them, and every mail has "
      "the shop's colours and words.");
  page.term("base",
            "the layout: 600 pixels or the width of the telephone, colours for light and dark "
            "screens, the shop's name or logo, the preheader, the footer");
  page.term("greeting", "to the customer, also to one whose name is not known");
  page.term("button",
            "`{% render 'button', link: survey.link, text: \"Tell us\" %}`, a table in Outlook");
  page.term("coupon, saving",
            "the code in a box; `10% off`, `10%オフ` or `9折`, also for subjects");
  page.term("items", "the lines of the order, up to 30");
  page.term("ticket, feedback",
            "one item of a mail to a team: `{% render 'ticket' for items as item %}`");
  page.term("footer", "why the reader gets this, the link to unsubscribe, the postal address");
  add_values(page);
  page.heading("Liquid");
  page.text(
      "All tags and filters of Shopify's Liquid 5. Values are escaped in HTML, and Unicode's marks "
      "of direction that a name could turn its mail round with are left out. A variable that "
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
  page.term("nesting", fmt::format("{} blocks, partials and brackets in each other, all together",
                                   render::max_nesting));
  page.term("time", fmt::format("{} million steps and bytes that filters read: about a second",
                                render::limits::work >> 20U));
  return page;
}

}  // namespace retaind::app
