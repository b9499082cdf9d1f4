// What a mail program decodes is what the template rendered, byte for byte, whatever the data.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "../support/read_mail.h"
#include "base/rng.h"
#include "base/value.h"
#include "render/mime.h"
#include "render/template.h"
#include "support/directory.h"

using namespace retaind;
using namespace retaind::render;

namespace {

constexpr int data_sets = 1000;

std::string random_word(Rng& rng) {
  static const std::string words[] = {"Anna",
                                      "O'Neil \"Bob\"",
                                      "山田",
                                      "髙﨑",
                                      "<b>&amp;",
                                      "=3D",
                                      "e\u0301\u0308",
                                      "👨‍👩‍👧‍👦",
                                      "שלום",
                                      "مرحبا",
                                      ".",
                                      "From x",
                                      "--=_x",
                                      "\xED\xA0\x80",
                                      "\xFF",
                                      "line\nbreak",
                                      "crlf\r\nx",
                                      "tab\t",
                                      std::string(300, 'w'),
                                      "https://x.example/?a=1&b=2",
                                      "",
                                      " ",
                                      "ﷺ",
                                      "Ａ"};
  std::string text;
  for (std::uint64_t n = rng.below(4); n > 0; --n) text += words[rng.below(std::size(words))];
  return text;
}

Value random_item(Rng& rng) {
  Value item;
  for (const char* const subject : {"ticket", "customer", "feedback"}) {
    Value row;
    for (const char* const field : {"number", "subject", "status", "priority", "link", "assignee",
                                    "first_name", "last_name", "key", "score", "comment"})
      row.set(field, random_word(rng));
    item.set(subject, row);
  }
  for (const char* const field : {"name", "sku", "key"}) item.set(field, random_word(rng));
  item.set("quantity", static_cast<std::int64_t>(rng.below(3)));
  item.set("why", random_word(rng));
  item.set("age", random_word(rng));
  return item;
}

/// All that the shipped templates show, of any text.
Value random_context(Rng& rng) {
  Value context = random_item(rng);
  for (const auto& [subject, fields] :
       std::initializer_list<std::pair<const char*, std::vector<const char*>>>{
           {"site", {"name", "postal_address"}},
           {"sender", {"reply_to"}},
           {"unsubscribe", {"link"}},
           {"survey", {"link"}},
           {"order", {"number"}},
           {"coupon", {"code"}},
           {"subscription", {"plan"}},
           {"rule", {"id", "about"}}}) {
    Value row;
    for (const char* const field : fields) row.set(field, random_word(rng));
    if (std::string_view(subject) == "coupon") {
      row.set("percent_off", static_cast<std::int64_t>(rng.below(100)));
      row.set("valid_until", rng.below(3) == 0 ? Value() : Value("2026-03-02T10:00:00Z"));
    }
    if (std::string_view(subject) == "subscription") {
      row.set("renews_at", "2026-03-16T00:00:00Z");
      row.set("price", Value(Value::Object{{"minor", std::int64_t{4990}}, {"currency", "EUR"}}));
    }
    if (std::string_view(subject) == "rule") {
      static const char* const purposes[] = {"marketing", "feedback", "transactional", "internal"};
      row.set("purpose", purposes[rng.below(std::size(purposes))]);
    }
    context.set(subject, row);
  }
  Value::Array items;
  for (std::uint64_t n = 1 + rng.below(35); n > 0; --n) items.push_back(random_item(rng));
  context.set("items", items);
  Value::Array others;
  for (std::uint64_t n = rng.below(5); n > 0; --n) {
    Value product;
    for (const char* const field : {"key", "sku", "name"}) product.set(field, random_word(rng));
    product.set("price", Value(Value::Object{{"minor", std::int64_t{2900}}, {"currency", "EUR"}}));
    others.push_back(product);
  }
  context.set("recommendations", others);
  return context;
}

std::string with_lf(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i] == '\r' ? '\n' : text[i];
  }
  return out;
}

/// The decoded part of that type, with LF. A part of a multipart ends in front of its boundary.
std::string decoded_part(std::string_view bytes, std::string_view type) {
  const std::size_t begin = bytes.find("Content-Type: " + std::string(type));
  REQUIRE(begin != std::string_view::npos);
  const std::string_view rest = bytes.substr(begin);
  const std::size_t body = rest.find("\r\n\r\n") + 4;
  const std::size_t boundary = rest.find("\r\n--=_", body);
  const std::string_view raw = rest.substr(body, std::min(boundary, rest.size()) - body);
  // Servers may drop a blank at the end of a line (RFC 2045 6.7).
  REQUIRE(raw.find(" \r\n") == std::string_view::npos);
  REQUIRE(raw.find("\t\r\n") == std::string_view::npos);
  return with_lf(test::decoded(raw, test::header(rest, "Content-Transfer-Encoding")));
}

/// Templates made of every kind of value and block, so that long lines, blanks and marks fall
/// everywhere.
void write_generated(const std::filesystem::path& directory, Rng& rng) {
  static const std::string pieces[] = {
      "<p>{{ customer.first_name }}</p>\n",
      "{{ site.name | raw }}",
      "\n",
      " \n",
      "=\n",
      ".\n",
      "{% for item in items limit: 3 %}<li>{{ item.ticket.subject | upcase }}</li>{% endfor %}\n",
      "{% if order.number == blank %}none{% else %}{{ order.number | truncate: 9 }}{% endif %}",
      "日本語の長い行。",
      "{{ ticket.subject | url_param }}",
      "{{ why | newline_to_br }}",
      "{{ 'x' | append: rule.about | append: 'é' }}",
      "\t<br>",
      "{{ age | strip_html }}"};
  for (int i = 0; i < 20; ++i) {
    std::ofstream out(directory / ("made" + std::to_string(i) + ".en.liquid"), std::ios::binary);
    out << "---\nsubject: s {{ order.number | strip_newlines | truncate: 40 }}\n"
        << (rng.below(4) == 0 ? "format: text\n" : "") << "---\n";
    for (std::uint64_t n = 1 + rng.below(25); n > 0; --n)
      out << pieces[rng.below(std::size(pieces))];
  }
}

/// Those of a new site and of its examples, side by side as a site has them.
TemplateSet shipped_templates() {
  const test::Directory directory;
  std::set<std::string> shipped;
  for (const auto& file : std::filesystem::recursive_directory_iterator(
           std::filesystem::path(RETAIND_SOURCE) / "templates")) {
    if (!file.is_regular_file()) continue;
    const std::string name = file.path().filename();
    std::filesystem::copy_file(file.path(), directory / name);
    if (name[0] != '_') shipped.insert(name.substr(0, name.find('.')));
  }
  std::vector<TemplateError> errors;
  TemplateSet set = TemplateSet::load(directory.path(), errors);
  for (const TemplateError& error : errors) UNSCOPED_INFO(error.path << ": " << error.message);
  REQUIRE(errors.empty());
  const std::vector<std::string> names = set.names();
  REQUIRE(std::set(names.begin(), names.end()) == shipped);
  REQUIRE(shipped.count("thanks") == 1);
  return set;
}

void check_all(const TemplateSet& set, int sets, Rng& rng) {
  for (const std::string& name : set.names()) {
    for (const std::string& locale : set.locales(name)) {
      MailMemo memo;
      for (int i = 0; i < sets; ++i) {
        const auto made = set.render(name, locale, locale, random_context(rng));
        if (!made) FAIL_CHECK(name << "." << locale << ": " << made.error().message);
        if (!made) return;
        Mail mail;
        mail.from = {"Shop", "shop@example.com"};
        mail.to = {{"", "a@b.example"}};
        mail.subject = "x";
        mail.text = made->text;
        mail.html = made->html;
        mail.message_id = std::to_string(i) + "@example.com";
        mail.date = from_ms(1772442000000);
        const auto built = build_mail(mail, memo);
        REQUIRE(built);
        const bool same_text = made->text.empty() ||
                               decoded_part(built->bytes, "text/plain") == with_lf(made->text) ||
                               // A mail of one part ends with a line break of its own.
                               (made->html.empty() && decoded_part(built->bytes, "text/plain") ==
                                                          with_lf(made->text) + "\n");
        const bool same_html =
            made->html.empty() || decoded_part(built->bytes, "text/html") == with_lf(made->html);
        if (same_text && same_html) continue;
        FAIL_CHECK(name << "." << locale << ", data set " << i << ":\n" << built->bytes);
        return;
      }
    }
  }
}

}  // namespace

TEST_CASE("mails of the shipped templates decode to what was rendered, for 1,000 data sets",
          "[render]") {
  const TemplateSet set = shipped_templates();
  Rng rng(3);
  check_all(set, data_sets / static_cast<int>(set.names().size()) + 1, rng);
}

TEST_CASE("mails of generated templates decode to what was rendered", "[render]") {
  const test::Directory directory;
  Rng rng(4);
  write_generated(directory.path(), rng);
  std::vector<TemplateError> errors;
  const TemplateSet set = TemplateSet::load(directory.path(), errors);
  for (const TemplateError& error : errors) UNSCOPED_INFO(error.message);
  REQUIRE(errors.empty());
  check_all(set, 50, rng);
}

TEST_CASE("mails of every shipped template decode to what was rendered, for 1,000 each",
          "[.full]") {
  const TemplateSet set = shipped_templates();
  Rng rng(5);
  check_all(set, data_sets, rng);
}
