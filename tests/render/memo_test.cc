#include <array>
#include <catch2/catch.hpp>
#include <random>

#include "render/html_text.h"
#include "render/mime.h"

using namespace retaind;
using namespace retaind::render;

namespace {

/// Lines as they come in mails and as they should not.
std::string random_line(std::mt19937& dice) {
  static const std::array<std::string, 26> pieces{
      "<p>A line of the length that people write, with a full stop at its end.</p>",
      "<p>",
      "</p>",
      "<ul><li>one</li><li>two</li></ul>",
      "<ol>",
      "</ol>",
      "<li>",
      "<a href=\"https://example.com/?a=1&amp;b=2\">",
      "</a>",
      "<br>",
      "<pre>",
      "</pre>",
      "<!-- ",
      "-->",
      "<style>",
      "</style>",
      "<td title=\"a quote that never ends",
      "\">",
      "Grüße, 日本 = &eacute; ",
      "   ",
      "a word",
      "<hr>",
      "trailing blank ",
      "broken \xE6\x97 and \xFF",
      "日本語の文章ばかりのメールは、別の符号化で送られます。",
      std::string(90, 'x'),
  };
  std::string line;
  for (auto n = dice() % 4; n > 0; --n) line += pieces[dice() % pieces.size()];
  return line + "\n";
}

std::vector<std::string> random_lines(std::mt19937& dice) {
  std::vector<std::string> lines{"<html><body>\n"};
  for (auto n = dice() % 25; n > 0; --n)
    lines.push_back(dice() % 2 == 0 ? "<p>The same line in every mail.</p>\n" : random_line(dice));
  return lines;
}

std::string changed(std::vector<std::string> lines, std::mt19937& dice) {
  for (auto n = dice() % 4; n > 0; --n) {
    const auto at = static_cast<std::ptrdiff_t>(dice() % lines.size());
    switch (dice() % 4) {
      case 0: lines.insert(lines.begin() + at, random_line(dice)); break;
      case 1: lines[static_cast<std::size_t>(at)] = random_line(dice); break;
      case 2: lines[static_cast<std::size_t>(at)].insert(0, "Name ="); break;
      default:
        if (lines.size() > 1) lines.erase(lines.begin() + at);
    }
  }
  std::string text;
  for (const std::string& line : lines) text += line;
  if (dice() % 4 == 0) text.pop_back();
  if (dice() % 16 == 0) text.insert(text.size() / 2, "\r\n");
  return text;
}

}  // namespace

TEST_CASE("a mail has the same bytes whatever mail of its template came before", "[render]") {
  std::mt19937 dice(3);
  for (int made = 0; made < 400; ++made) {
    const auto lines = random_lines(dice);
    HtmlTextMemo texts;
    MailMemo memo;
    for (int round = 0; round < 30; ++round) {
      Mail mail;
      mail.from = {"Shop", "shop@example.com"};
      mail.to = {{"Anna", "anna@example.com"}};
      mail.subject = "News";
      mail.message_id = std::to_string(round) + "@example.com";
      if (dice() % 8 != 0) mail.html = changed(lines, dice);
      mail.text = mail.html.empty() ? changed(lines, dice) : html_to_text(mail.html);
      if (!mail.html.empty()) {
        INFO(mail.html);
        REQUIRE(texts.convert(mail.html) == mail.text);
      }
      const auto plain = build_mail(mail);
      const auto quick = build_mail(mail, memo);
      REQUIRE((plain && quick));
      REQUIRE(quick->bytes == plain->bytes);
    }
  }
}

TEST_CASE("a mail has the same sender whoever sent the one before", "[render]") {
  const std::vector<Mailbox> senders = {{"Shop", "shop@example.com"},
                                        {"Shop", "shop@example.com"},
                                        {"Laden", "shop@example.com"},
                                        {"Laden", "shop"},
                                        {"Laden", "shop"},
                                        {"Laden", "shop@example.com"},
                                        {"Shop", "läden@example.com"},
                                        {"Shop\nBcc: x", "shop@example.com"},
                                        {"Shop", "läden@example.com"},
                                        {"Shop", "shop@example.com"}};
  MailMemo memo;
  for (const Mailbox& sender : senders) {
    Mail mail;
    mail.from = sender;
    mail.to = {{"Anna", "anna@example.com"}};
    mail.subject = "News";
    mail.text = "News\n";
    mail.message_id = "1@example.com";
    const auto plain = build_mail(mail);
    const auto quick = build_mail(mail, memo);
    REQUIRE(bool(plain) == bool(quick));
    if (!plain) continue;
    CHECK(quick->bytes == plain->bytes);
    CHECK(quick->needs_smtputf8 == plain->needs_smtputf8);
  }
}
