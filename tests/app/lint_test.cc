#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>

#include "app/new_site.h"

// What only a whole site shows: rules, settings and templates together. The full text of each
// finding, as a golden of the others has it.
using namespace retaind;

namespace {

const std::string letter = "---\nsubject: A letter\n---\n";
const std::string farewell =
    "<p lang=\"en\">{{ site.postal_address }} "
    "{% if unsubscribe.link %}<a href=\"{{ unsubscribe.link }}\">Bye</a>{% endif %}</p>\n";

}  // namespace

TEST_CASE("a new site has not even a note") { CHECK(NewSite().said().empty()); }

TEST_CASE("R068: what no rule names is noted, and fails nothing") {
  const NewSite site;
  site.replace("retaind.yaml", "  daytime: 09:00-20:00\n",
               "  daytime: 09:00-20:00\n  at-night: 22:00-06:00\n");
  site.replace("retaind.yaml", "  support-lead:\n",
               "  friends: friends@example.com\n  support-lead:\n");
  for (const std::string locale : {"en", "ja"})
    site.put("templates/forgotten." + locale + ".liquid", letter + "<p>Hello</p>\n");
  const std::string text = site.said();
  INFO(text);
  CHECK(text.find("note[R068]: no rule names `friends` of `teams`\n  --> retaind.yaml:") !=
        std::string::npos);
  CHECK(text.find("|   friends: friends@example.com\n") != std::string::npos);
  CHECK(text.find("^^^^^^^ delete it, or name it in a rule\n") != std::string::npos);
  CHECK(text.find("note[R068]: no rule names `at-night` of `calendars`\n") != std::string::npos);
  CHECK(text.find("note[R068]: no rule names the template `forgotten`\n"
                  "  --> templates/forgotten.en.liquid\n"
                  "       delete its files, or name it in a rule\n") != std::string::npos);
  CHECK(text.find("forgotten.ja") == std::string::npos);
  const app::LoadedSite loaded = app::load_site(site.path);
  CHECK(loaded.errors() + loaded.warnings() == 0);
  CHECK(app::findings(loaded, language::Format::github, false).find("::notice file=") == 0);
  // Of rules that cannot be read nobody knows what they name.
  site.replace("rules/welcome.yaml", "rule: welcome", "rule: Welcome");
  CHECK(site.said().find("R068") == std::string::npos);
}

TEST_CASE("R058: a file that is meant as a template and is none is told") {
  const NewSite site;
  site.put("templates/welcome.fr.html", letter + "<p>Bonjour</p>\n");
  site.put("templates/footer.liquid.html", "<p>Bye</p>\n");
  site.put("templates/_foot.htm", "<p>Bye</p>\n");
  site.put("templates/welcome.en.liquid~", letter);
  site.put("templates/welcome.en.liquid.orig", letter);
  site.put("templates/welcome.en.liquid.bak", letter);
  site.put("templates/.welcome.en.html", letter);
  site.put("templates/logo.png", "");
  site.put("templates/README.md", "notes\n");
  CHECK(site.said() ==
        "warning[R058]: this file is left aside: templates end in `.liquid`\n"
        "  --> templates/_foot.htm\n"
        "       rename it to `_foot.liquid`\n"
        "warning[R058]: this file is left aside: templates end in `.liquid`\n"
        "  --> templates/footer.liquid.html\n"
        "       rename it to `footer.en.liquid`, or whatever its language is\n"
        "warning[R058]: this file is left aside: templates end in `.liquid`\n"
        "  --> templates/welcome.fr.html\n"
        "       rename it to `welcome.fr.liquid`\n");
}

TEST_CASE("R067: two rules of one day are noted whatever their files are called") {
  const auto rule = [](const std::string& id, const std::string& sign) {
    return "rule: " + id +
           "\npurpose: marketing\nstatus: live\nwhen:\n  event: order.completed\n  "
           "after: 8 days\nif: customer.country " +
           sign + " 'DE'\nthen:\n  - email: welcome\n";
  };
  const NewSite site;
  site.put("rules/b.yaml", rule("b", "="));
  site.put("rules/c.yaml", rule("c", "!="));
  site.put("rules/d.yaml", rule("d", "!="));
  const std::string text = site.said();
  INFO(text);
  CHECK(text.find("note[R067]: this rule and `d` can mail one customer on the same day\n"
                  "  --> rules/c.yaml:") != std::string::npos);
}

TEST_CASE("R069: an advertisement without a link to unsubscribe in its text is a warning") {
  const NewSite site;
  const std::string hello = letter + "<p lang=\"en\">Hello. {{ site.postal_address }}</p>\n";
  site.put("templates/welcome.en.liquid", hello);
  const std::string text = site.said();
  INFO(text);
  CHECK(text.find("warning[R069]: the text of `welcome` for readers of `en` has no link to "
                  "unsubscribe\n  --> rules/welcome.yaml:") == 0);
  CHECK(text.find("{% if unsubscribe.link %}<a href=\"{{ unsubscribe.link }}\">Unsubscribe</a>{% "
                  "endif %}` into the template\n") != std::string::npos);
  CHECK(app::load_site(site.path).warnings() == 1);
  site.put("templates/welcome.en.liquid", letter + "<p>Hello</p>\n" + farewell);
  CHECK(site.said().empty());
  // Whom nobody has to let go.
  site.put("templates/welcome.en.liquid", hello);
  site.replace("rules/welcome.yaml", "purpose: marketing", "purpose: transactional");
  CHECK(site.said().empty());
}

TEST_CASE("R080: a value that may be missing and stands there bare is a warning") {
  const NewSite site;
  site.put("templates/welcome.en.liquid",
           letter + "<p>Dear {{ customer.first_name | upcase }},</p>\n" + farewell);
  const std::string text = site.said();
  INFO(text);
  CHECK(text ==
        "warning[R080]: `customer.first_name` may be missing, and then nothing stands here\n"
        "  --> templates/welcome.en.liquid:4:12\n"
        "   4 | <p>Dear {{ customer.first_name | upcase }},</p>\n"
        "     |            ^^^^^^^^^^^^^^^^^^^ write `| default: \"…\"` behind it, or "
        "`{% if customer.first_name %}` around it\n");
  for (const std::string fine :
       {"{{ customer.first_name | default: \"friend\" }}",
        "{% if customer.first_name %}{{ customer.first_name }}{% else %}you{% endif %}",
        "{% case customer.first_name %}{% when \"Bo\" %}{{ customer.first_name }}{% endcase %}",
        "{{ customer.email }}"}) {
    site.put("templates/welcome.en.liquid", fmt::format("{}<p>{}</p>\n{}", letter, fine, farewell));
    CHECK(site.said().empty());
  }
  // Nobody without a first name gets the mail.
  site.put("templates/welcome.en.liquid",
           letter + "<p>Dear {{ customer.first_name }},</p>\n" + farewell);
  const std::string welcome = "purpose: marketing\n";
  site.replace("rules/welcome.yaml", welcome, welcome + "if: customer.first_name is not empty\n");
  CHECK(site.said().empty());
  site.replace("rules/welcome.yaml", "if: customer.first_name is not empty",
               "if: customer.first_name != 'Bo'");
  CHECK(site.said().find("R080") != std::string::npos);
  site.replace("rules/welcome.yaml", "if: customer.first_name != 'Bo'\n", "");
  // In a subject, in the layout, and what a team reads.
  site.put("templates/welcome.en.liquid",
           "---\nsubject: To {{ customer.city }}\nlayout: frame\n---\n<p>Hi</p>\n" + farewell);
  site.put("templates/_frame.liquid", "<p>{{ customer.last_name }}</p>{{ content }}\n");
  const std::string both = site.said();
  INFO(both);
  CHECK(both.find("templates/welcome.en.liquid:2:16") != std::string::npos);
  CHECK(both.find("templates/_frame.liquid:1:7") != std::string::npos);
}

TEST_CASE("each variant is looked at like the step's own text") {
  const NewSite site;
  site.replace("rules/welcome.yaml", "- email: welcome\n",
               "- email: welcome\n    variants: {welcome-short: 50%}\n");
  site.put("templates/welcome-short.en.liquid", letter + "<p>{{ customer.first_name }}</p>\n");
  const std::string text = site.said();
  INFO(text);
  CHECK(text.find("warning[R069]: the text of `welcome-short`") != std::string::npos);
  CHECK(text.find("warning[R080]: `customer.first_name`") != std::string::npos);
  CHECK(text.find("R068") == std::string::npos);
}

TEST_CASE("a link to unsubscribe that stands in a comment lets nobody out") {
  const NewSite site;
  site.put("templates/welcome.en.liquid",
           letter + "<p>Hi</p>\n<!-- " + farewell.substr(0, farewell.size() - 1) + " -->\n");
  CHECK(site.said().find("warning[R069]: the text of `welcome`") != std::string::npos);
  site.put("templates/welcome.en.liquid", letter + "<p>Hi</p>\n<!-- no -->" + farewell);
  CHECK(site.said().empty());
}

TEST_CASE("for GitHub a mistake of a template is told once what it is") {
  const NewSite site;
  site.put("templates/welcome.en.liquid", letter + "{% if customer.city %}\n" + farewell);
  const std::string text =
      app::findings(app::load_site(site.path), language::Format::github, false);
  INFO(text);
  CHECK(text.find("::error file=") != std::string::npos);
  CHECK(text.find("::error: ") == std::string::npos);
}

TEST_CASE("an amount that is printed without `money` never leaves: an error") {
  const NewSite site;
  site.put(
      "templates/welcome.en.liquid",
      letter + "{% if customer.total_spent %}{{ customer.total_spent }}{% endif %}\n" + farewell);
  const app::LoadedSite loaded = app::load_site(site.path);
  const std::string text = app::findings(loaded, language::Format::human, false);
  INFO(text);
  CHECK(loaded.errors() > 0);
  CHECK(text.find("this is a whole object") != std::string::npos);
}

TEST_CASE("the same is looked for in every language of a template") {
  const NewSite site;
  for (const std::string locale : {"en", "ja", "zh"})
    site.put(
        "templates/welcome." + locale + ".liquid",
        fmt::format("{}<p lang=\"{}\">Hello <img src=\"https://shop.example.com/a.png\"></p>\n",
                    letter, locale));
  const std::string text = site.said();
  INFO(text);
  for (const std::string locale : {"en", "ja", "zh"}) {
    CHECK(text.find("warning[R069]: the text of `welcome` for readers of `" + locale + "`") !=
          std::string::npos);
    CHECK(text.find("warning[R088]: the text of `welcome` for readers of `" + locale + "`") !=
          std::string::npos);
    CHECK(text.find("--> templates/welcome." + locale + ".liquid:4:") != std::string::npos);
  }
}

TEST_CASE("a layout's mistake is told once, at its own line") {
  const NewSite site;
  for (const std::string locale : {"en", "ja", "zh"})
    site.put("templates/welcome." + locale + ".liquid",
             "---\nsubject: A letter\nlayout: frame\n---\n<p lang=\"" + locale + "\">Hi\n" +
                 "{{ site.postal_address }} {% render 'bye' %}</p>\n");
  site.put("templates/_bye.liquid", "<a href=\"{{ unsubscribe.link }}\">Bye</a>\n");
  site.put("templates/_frame.liquid", "<div>\n<b>Shop\n</div>{{ content }}\n");
  CHECK(site.said() ==
        "warning[R092]: `<b>` is still open where `</div>` stands\n"
        "  --> templates/_frame.liquid:2:1\n"
        "   2 | <b>Shop\n"
        "     | ^ write `</b>` in front of that\n");
}

TEST_CASE("R101: a layout that shows no body is told once, and a slip in its name") {
  const NewSite site;
  site.replace("templates/_base.liquid", "{{ content }}\n", "");
  const std::string text = site.said();
  INFO(text);
  CHECK(text.find("error[R101]: the layout `base` never prints {{ content }}\n"
                  "  --> templates/_base.liquid:1:1\n") == 0);
  CHECK(text.find("^ write it where the body belongs\n") != std::string::npos);
  CHECK(text.find("error[", 1) == std::string::npos);
  site.put("templates/_base.liquid", "{{ content }}\n");
  site.replace("templates/welcome.en.liquid", "layout: base", "layout: bse");
  const std::string slip = site.said();
  INFO(slip);
  CHECK(slip.find("error[R104]: unknown layout `bse`\n") == 0);
  CHECK(slip.find("^^^ did you mean `base`?\n") != std::string::npos);
}

TEST_CASE("R088: advertising of a site without a postal address is told where it belongs") {
  const NewSite site;
  site.replace("retaind.yaml", "  postal-address: ", "  # postal-address: ");
  const std::string text = site.said();
  INFO(text);
  CHECK(text.find("warning[R088]: advertising such as `birthday` must show a postal address, and "
                  "`sender` names none\n  --> retaind.yaml:") == 0);
  CHECK(text.find("write `postal-address: ") != std::string::npos);
  CHECK(app::load_site(site.path).warnings() == 1);
}

TEST_CASE("a link of the settings that is not https is told where it is written") {
  const NewSite site;
  site.replace("retaind.yaml", "survey-url: \"https://", "survey-url: \"http://");
  const std::string text = site.said();
  INFO(text);
  CHECK(text.find("warning[R090]: this link of mails goes over the network in clear\n"
                  "  --> retaind.yaml:") == 0);
  CHECK(text.find(".liquid") == std::string::npos);
}

TEST_CASE("R105: what no sample takes is looked for in partials, too") {
  const NewSite site;
  const auto welcome = [&](const std::string& tag) {
    site.put("templates/welcome.en.liquid",
             letter + "{% assign mine = 1 %}" + tag + "<p>Hello</p>\n" + farewell);
  };
  site.put(
      "templates/_inner.liquid",
      "{% if customer.city == \"Nowhere\" %}{{ who.email }}{{ customer.frist_name }}{% endif %}\n");
  site.put("templates/_part.liquid", "{% render \"inner\", who: customer %}\n");
  welcome("{% render \"part\" %}");
  CHECK(
      site.said() ==
      "error[R105]: unknown variable `customer.frist_name`: mails of the rule `welcome` that take "
      "this branch cannot be composed\n"
      "  --> templates/_inner.liquid:1:54\n"
      "   1 | {% if customer.city == \"Nowhere\" %}{{ who.email }}{{ customer.frist_name }}{% "
      "endif %}\n"
      "     |                                                      ^^^^^^^^^^^^^^^^^^^ write a "
      "name that the rule provides, or `{% if customer.frist_name %}` around it\n");
  // Who is asked for outside is known inside.
  welcome("{% if customer.frist_name %}{% render \"part\" %}{% endif %}");
  CHECK(site.said().empty());
  // An argument; and what a template sets is known to what it includes alone.
  site.put("templates/_inner.liquid",
           "{% if customer.city == \"Nowhere\" %}{{ mine }}{% endif %}\n");
  welcome("{% include \"inner\" %}");
  CHECK(site.said().empty());
  welcome("{% render \"inner\" %}");
  CHECK(site.said().find("error[R105]: unknown variable `mine`") == 0);
  // The other way round, too.
  site.put("templates/_inner.liquid", "{% assign inside = 1 %}\n");
  welcome("{% include \"inner\" %}{{ inside }}");
  CHECK(site.said().empty());
  welcome("{% render \"inner\" %}{{ inside }}");
  CHECK(site.said().find("unknown variable `inside`") != std::string::npos);
  site.put("templates/_inner.liquid", "{{ mine }}\n");
  welcome(
      "{% if customer.city == \"Nowhere\" %}{% render \"inner\", mine: customer.naem %}{% endif "
      "%}");
  const std::string text = site.said();
  INFO(text);
  CHECK(text.find("error[R105]: unknown variable `customer.naem`") == 0);
  CHECK(text.find("`mine`") == std::string::npos);
}

TEST_CASE("R101: front matter in a layout or partial would stand in mails as text: an error") {
  const NewSite site;
  // As editors on Windows write it, too.
  const std::string text = "---\nsubject: Hi\n---\n<p>Hello</p>\n";
  site.put("templates/_greeting.en.liquid", "\xEF\xBB\xBF" + text);
  CHECK(site.said().find("error[R101]: a layout or partial has no front matter") == 0);
  site.put("templates/_greeting.en.liquid", text);
  CHECK(site.said() ==
        "error[R101]: a layout or partial has no front matter, so mails would show these lines\n"
        "  --> templates/_greeting.en.liquid:1:1\n"
        "   1 | ---\n"
        "     | ^^^ move them to the templates that use it\n");
  site.put("templates/_greeting.en.liquid", "<p>Hello</p>\n---\n");
  CHECK(site.said().empty());
}
