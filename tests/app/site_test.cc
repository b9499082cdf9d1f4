#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <string>

#include "app/demo_shop.h"
#include "app/shipped.h"
#include "app/site_files.h"
#include "app/site_init.h"
#include "app/site_load.h"
#include "base/file.h"
#include "base/zone.h"
#include "support/sanitized.h"

using namespace retaind;

namespace {

/// A directory that is gone at the end.
class Scratch {
 public:
  explicit Scratch(const char* what)
      : path_(std::filesystem::temp_directory_path() /
              ("retaind-site-" + std::string(what) + std::to_string(getpid()))) {
    std::filesystem::remove_all(path_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string text_of(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file, 1 << 24);
  REQUIRE(text);
  return *text;
}

void put(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  REQUIRE(out.flush());
}

void replace(const std::filesystem::path& file, const std::string& old, const std::string& fresh) {
  std::string text = text_of(file);
  const std::size_t at = text.find(old);
  REQUIRE(at != std::string::npos);
  put(file, text.replace(at, old.size(), fresh));
}

}  // namespace

TEST_CASE("a mail that cannot be composed is found before it is due") {
  const Scratch scratch("unsendable");
  REQUIRE(app::make_site(scratch.path()));
  const auto said = [&] {
    return app::findings(app::load_site(scratch.path()), language::Format::human, false);
  };
  SECTION("the template asks for a survey, and the rule makes none") {
    replace(scratch.path() / "rules" / "thanks-and-feedback.yaml", "  - survey:", "#  - survey:");
    const std::string text = said();
    INFO(text);
    CHECK(app::load_site(scratch.path()).errors() == 1);
    CHECK(text.find(
              "error[R105]: `email:thanks` of the rule `thanks-and-feedback` cannot be composed "
              "for a reader of `en`: ") == 0);
    CHECK(text.find("thanks.en.liquid:") != std::string::npos);
    CHECK(text.find("unknown variable `survey.link`") != std::string::npos);
  }
  SECTION("the site's language has no text") {
    replace(scratch.path() / "retaind.yaml", "locale: en", "locale: fr");
    CHECK(said().find("has no text for `fr`, only for en, ja, zh\n") != std::string::npos);
  }
  SECTION("a template is used about another subject") {
    replace(scratch.path() / "rules" / "ticket-unresolved-48h.yaml", "template: ticket-reminder",
            "template: win-back");
    CHECK(said().find("unknown variable `coupon") != std::string::npos);
  }
  SECTION("an attribute on the same line hides nothing") {
    replace(scratch.path() / "templates" / "welcome.en.liquid", "---\nsubject: ",
            "---\nsubject: {{ survey.link }} {{ customer.attributes.shoe_size }} ");
    CHECK(said().find("unknown variable `survey.link`") != std::string::npos);
  }
  SECTION("what hangs on a customer's value is a warning, and the site starts") {
    replace(scratch.path() / "templates" / "welcome.en.liquid",
            "---\nsubject: ", "---\nsubject: {{ 10 | divided_by: customer.first_name }} ");
    const std::string text = said();
    INFO(text);
    CHECK(text.find("warning[R106]: `email:welcome` of the rule `welcome` cannot be composed") ==
          0);
    CHECK(app::load_site(scratch.path()).errors() == 0);
    CHECK(app::load_site(scratch.path()).warnings() == 1);
  }
  SECTION("attributes are the shop's, and only-to is this machine's") {
    replace(scratch.path() / "templates" / "welcome.en.liquid",
            "---\nsubject: ", "---\nsubject: {{ customer.attributes.shoe_size }} ");
    replace(scratch.path() / "retaind.yaml", "locale: en",
            "locale: en\nonly-to: [nobody@example.com]");
    CHECK(said().empty());
  }
}

TEST_CASE("templates are checked against the attributes that the site declares") {
  const Scratch scratch("declared");
  REQUIRE(app::make_site(scratch.path()));
  const auto said = [&](const std::string& subject) {
    replace(scratch.path() / "templates" / "welcome.en.liquid",
            "---\nsubject: ", "---\nsubject: " + subject + " ");
    return app::findings(app::load_site(scratch.path()), language::Format::human, false);
  };
  std::ofstream(scratch.path() / "vocabulary.yaml")
      << "fields:\n  customer.tier: {type: enum, words: [gold, silver]}\n  customer.credit: "
         "money\n";
  SECTION("by name, and as an attribute") {
    CHECK(said("{{ customer.tier }} {{ customer.attributes.tier }} {{ customer.credit | money }}")
              .empty());
  }
  SECTION("one that is not declared is a warning, for the data may have it") {
    const std::string text = said("{{ customer.attributes.teir }}");
    CHECK(text.find("warning[R105]: `email:welcome` of the rule `welcome` cannot be composed") ==
          0);
    CHECK(text.find("unknown variable `customer.attributes.teir`") != std::string::npos);
  }
  SECTION("as a field it is an error") {
    CHECK(said("{{ customer.teir }}").find("error[R105]: `email:welcome`") == 0);
  }
}

TEST_CASE("a new site has no mistakes: settings, seven rules, templates in three languages") {
  const Scratch scratch("new");
  const Result<app::MadeSite> made = app::make_site(scratch.path());
  REQUIRE(made);
  CHECK(made->kept.empty());
  const app::LoadedSite loaded = app::load_site(scratch.path());
  INFO(app::findings(loaded, language::Format::human, false));
  CHECK(loaded.errors() == 0);
  CHECK(loaded.warnings() == 0);
  CHECK(loaded.rules.rules.size() == 7);
  std::set<std::string> ids;
  for (const language::Rule& rule : loaded.rules.rules) ids.insert(rule.id);
  CHECK(ids == std::set<std::string>{"birthday", "detractor-to-support", "renewal-save",
                                     "thanks-and-feedback", "ticket-unresolved-48h", "welcome",
                                     "win-back-90d"});
  for (const std::string& name : loaded.templates.names()) {
    INFO(name);
    CHECK(loaded.templates.locales(name).size() == 3);
  }
  CHECK(app::take_files(app::load_site(scratch.path())));
}

TEST_CASE("the site that is compiled in is the one in the source tree") {
  std::set<std::string> shipped;
  for (const app::ShippedFile& file : app::shipped_files()) {
    shipped.insert(std::string(file.path));
    std::string place(file.path);
    if (file.path == "retaind.yaml") place = "daemon/app/site/retaind.yaml";
    if (file.on_request) place.insert(place.find('/') + 1, "more/");
    if (file.path.starts_with("tests/")) place.insert(6, "stories/");
    CHECK(text_of(std::filesystem::path(RETAIND_SOURCE) / place) == file.text);
  }
  const std::filesystem::path source(RETAIND_SOURCE);
  for (const auto& [directory, place] :
       {std::pair{"rules/", "rules"}, {"templates/", "templates"}, {"tests/", "tests/stories"}}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(source / place)) {
      if (entry.is_directory()) continue;
      CHECK(shipped.count(directory + entry.path().filename().string()) == 1);
    }
  }
}

TEST_CASE("a second init writes only what is missing") {
  const Scratch scratch("again");
  REQUIRE(app::make_site(scratch.path()));
  const std::string secret = text_of(scratch.path() / "secret");
  put(scratch.path() / "retaind.yaml", "shop: Mine\n");
  std::filesystem::remove(scratch.path() / "rules" / "welcome.yaml");
  const Result<app::MadeSite> again = app::make_site(scratch.path());
  REQUIRE(again);
  CHECK(again->written == std::vector<std::string>{"rules/welcome.yaml"});
  CHECK(text_of(scratch.path() / "retaind.yaml") == "shop: Mine\n");
  CHECK(text_of(scratch.path() / "secret") == secret);
}

TEST_CASE("mistakes of settings, rules and templates are all reported at once") {
  const Scratch scratch("faulty");
  REQUIRE(app::make_site(scratch.path()));
  replace(scratch.path() / "rules" / "welcome.yaml", "customer.created", "customer.creatd");
  replace(scratch.path() / "rules" / "birthday.yaml", "email: birthday", "email: birthdya");
  put(scratch.path() / "templates" / "thanks.en.liquid",
      "---\nsubject: {{ order.number\n---\n<p>x</p>\n");
  const app::LoadedSite loaded = app::load_site(scratch.path());
  const std::string text = app::findings(loaded, language::Format::human, false);
  CHECK(loaded.errors() == 3);
  CHECK(text.find("did you mean `customer.created`?") != std::string::npos);
  CHECK(text.find("birthdya") != std::string::npos);
  CHECK(text.find("thanks.en.liquid") != std::string::npos);
  CHECK(app::summary(loaded) == "3 errors in 32 files");
  // Who refuses the site says the errors alone.
  replace(scratch.path() / "templates" / "welcome.en.liquid", "<p>",
          "<p><img src=\"https://x.example/a.png\">");
  replace(scratch.path() / "retaind.yaml", "  daytime: 09:00-20:00\n",
          "  daytime: 09:00-20:00\n  unused: 09:00-20:00\n");
  const auto refused = app::take_files(app::load_site(scratch.path()));
  REQUIRE_FALSE(refused);
  const std::string why = refused.error().message;
  INFO(why);
  CHECK(why.find("error[") == 0);
  CHECK(why.find("warning[") == std::string::npos);
  CHECK(why.find("note[") == std::string::npos);

  replace(scratch.path() / "retaind.yaml", "deliver: maildir", "deliver: somewhere");
  CHECK_FALSE(app::settings_of(scratch.path()));
  CHECK(app::load_site(scratch.path()).errors() > 0);
}

TEST_CASE("a reload refuses what the running parts were built from and takes over the rest") {
  const Scratch scratch("restart");
  REQUIRE(app::make_site(scratch.path()));
  const Result<Site> before = app::settings_of(scratch.path());
  REQUIRE(before);
  const std::pair<const char*, const char*> refused[] = {
      {"store: retaind.db", "store: other.db"},
      {"socket: retaind.sock", "socket: other.sock"},
      {"maildir: maildir", "maildir: mail"},
      {"time-zone: UTC", "time-zone: Asia/Tokyo"},
      {"url: https://support.example.com/hooks/retaind",
       "url: https://support.example.com/hooks/other"}};
  const std::string settings = text_of(scratch.path() / "retaind.yaml");
  for (const auto& [old, fresh] : refused) {
    INFO(fresh);
    replace(scratch.path() / "retaind.yaml", old, fresh);
    const Result<Site> after = app::settings_of(scratch.path());
    REQUIRE(after);
    CHECK_FALSE(app::needs_restart(*before, *after).empty());
    put(scratch.path() / "retaind.yaml", settings);
  }
  replace(scratch.path() / "retaind.yaml", "messages: 2", "messages: 3");
  const Result<Site> after = app::settings_of(scratch.path());
  REQUIRE(after);
  CHECK(app::needs_restart(*before, *after).empty());
}

TEST_CASE("without its secret a site does not start") {
  const Scratch scratch("secret");
  REQUIRE(app::make_site(scratch.path()));
  std::filesystem::remove(scratch.path() / "secret");
  const auto missing = app::take_files(app::load_site(scratch.path()));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.find("secret-file") != std::string::npos);
  put(scratch.path() / "secret", " \n");
  const auto empty = app::take_files(app::load_site(scratch.path()));
  REQUIRE_FALSE(empty);
  CHECK(empty.error().message.find("retaind init") != std::string::npos);
  put(scratch.path() / "secret", "0123456789abcde\n");
  const auto brief = app::take_files(app::load_site(scratch.path()));
  REQUIRE_FALSE(brief);
  CHECK(brief.error().message.find(
            "has only 15 characters, and links signed with it can be forged") != std::string::npos);
  put(scratch.path() / "secret", "0123456789abcdef\n");
  CHECK(app::take_files(app::load_site(scratch.path())));
}

TEST_CASE("the invented shop is the same for the same seed and another for another") {
  const Time now = *parse_time("2026-03-02 10:17", Zone::utc());
  const Scratch one("one");
  const Scratch same("same");
  const Scratch other("other");
  REQUIRE(app::make_demo_site(one.path(), 7, now));
  REQUIRE(app::make_demo_site(same.path(), 7, now));
  REQUIRE(app::make_demo_site(other.path(), 8, now));
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(one.path() / "demo")) {
    const auto name = entry.path().filename();
    INFO(name);
    CHECK(text_of(entry.path()) == text_of(same.path() / "demo" / name));
    CHECK(text_of(entry.path()) != text_of(other.path() / "demo" / name));
    ++files;
  }
  CHECK(files == 9);
  CHECK(app::load_site(one.path()).errors() == 0);
  CHECK(text_of(one.path() / "demo" / "customers.csv").find("佐藤") != std::string::npos);
  // Nothing lies in the future, but for renewals.
  const std::string orders = text_of(one.path() / "demo" / "orders.csv");
  for (std::size_t at = orders.find('T'); at != std::string::npos; at = orders.find('T', at + 1)) {
    if (at < 10 || orders[at - 3] != '-') continue;
    CHECK(orders.substr(at - 10, 10) <= "2026-03-02");
  }
}

TEST_CASE("the invented shop can be made at every hour, and opens around it") {
  for (int hour = 0; hour < 24; hour += RETAIND_SANITIZED ? 7 : 1) {
    const Scratch scratch("hour");
    const Time now = *parse_time("2026-03-02", Zone::utc()) + std::chrono::hours(hour);
    REQUIRE(app::make_demo_site(scratch.path(), 1, now));
    const app::LoadedSite loaded = app::load_site(scratch.path());
    INFO(hour << ": " << app::findings(loaded, language::Format::human, false));
    REQUIRE(loaded.errors() == 0);
    CHECK(loaded.site->calendars.at("daytime").open_at(now, loaded.site->zone));
  }
}
