// Python's email package and npm's mailparser read what the builder wrote and must find what went
// in.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/rng.h"
#include "base/text.h"
#include "base/value.h"
#include "render/charset.h"
#include "render/header.h"
#include "render/mime.h"
#include "support/directory.h"
#include "support/plain_lines.h"

using namespace retaind;
using namespace retaind::render;

namespace {

char32_t random_code_point(Rng& rng) {
  static constexpr std::pair<char32_t, char32_t> blocks[] = {
      {0x20, 0x7E},       {0x20, 0x7E},       {0xA1, 0x24F},     {0x300, 0x36F},   {0x370, 0x3FF},
      {0x400, 0x4FF},     {0x5D0, 0x5EA},     {0x621, 0x64A},    {0x905, 0x939},   {0xE01, 0xE3A},
      {0x3041, 0x3096},   {0x30A1, 0x30FA},   {0x4E00, 0x9FFF},  {0xAC00, 0xD7A3}, {0xFF01, 0xFF5E},
      {0x1F300, 0x1F64F}, {0x1F3FB, 0x1F3FF}, {0x20000, 0x2A6DF}};
  if (rng.below(12) == 0) return 0x200D;
  const auto& [low, high] = blocks[rng.below(std::size(blocks))];
  return low + static_cast<char32_t>(rng.below(high - low + 1));
}

std::string random_text(Rng& rng, std::size_t longest) {
  std::string text;
  const bool ascii = rng.below(5) == 0;
  for (std::uint64_t n = rng.below(longest); n > 0; --n) {
    if (rng.below(8) == 0)
      text += ' ';
    else
      append_utf8(text,
                  ascii ? static_cast<char32_t>(0x21 + rng.below(0x5E)) : random_code_point(rng));
  }
  return text;
}

// Bodies also hold broken UTF-8 (a lone surrogate's bytes), every kind of line break and long
// lines.
std::string random_body(Rng& rng) {
  std::string text;
  for (std::uint64_t n = rng.below(30); n > 0; --n) {
    text += random_text(rng, rng.below(10) == 0 ? 400 : 60);
    static const std::string ends[] = {
        "\n", "\r\n", "\r", " \n", "\t\n", "\xED\xA0\x80\n", "\xFF", ".\n", "\nFrom x\n", "=\n"};
    text += ends[rng.below(std::size(ends))];
  }
  return text;
}

std::string with_last_break(std::string text) {
  if (text.empty() || text.back() != '\n') text += '\n';
  return text;
}

Mail random_mail(Rng& rng, int number) {
  Mail mail;
  mail.from = {random_text(rng, 30), "shop@example.com"};
  for (std::uint64_t n = 1 + rng.below(3); n > 0; --n)
    mail.to.push_back({random_text(rng, 25), "customer" + std::to_string(n) + "@example.net"});
  mail.subject = random_text(rng, 120);
  mail.text = random_body(rng);
  if (rng.below(4) != 0) mail.html = "<p>" + random_body(rng) + "</p>";
  mail.message_id = "m" + std::to_string(number) + "@example.com";
  mail.date = from_ms(1772442000000 + number);
  return mail;
}

/// `is_japanese`: ISO-2022-JP holds all of it.
Value expectation(const Mail& mail, bool is_japanese) {
  Value expected;
  expected.set("charset", std::string(charset_name(is_japanese ? mail.charset : Charset::utf_8)));
  expected.set("subject", mail.subject);
  expected.set("from_name", clean_name(mail.from.name));
  expected.set("from_address", mail.from.address);
  Value::Array to;
  for (const Mailbox& one : mail.to) to.push_back(Value::Array{clean_name(one.name), one.address});
  expected.set("to", to);
  const bool both = !mail.html.empty() && !mail.text.empty();
  const bool only_html = mail.text.empty() && !mail.html.empty();
  const std::string text = test::plain_lines(mail.text);
  std::string html = test::plain_lines(mail.html);
  if (const std::size_t meta = html.find("charset=utf-8"); is_japanese && meta != std::string::npos)
    html.replace(meta + 8, 5, "iso-2022-jp");
  expected.set("text", only_html ? Value() : Value(both ? text : with_last_break(text)));
  expected.set("html", mail.html.empty() ? Value() : Value(both ? html : with_last_break(html)));
  return expected;
}

struct Case {
  Mail mail;
  bool is_japanese = false;
};

/// A character of JIS X 0208 that has its place in a mail.
std::string random_japanese_character(Rng& rng) {
  // Full rows: punctuation, hiragana, katakana, kanji of the first and the second level.
  static constexpr std::pair<int, int> rows[] = {{0x21, 0x21}, {0x24, 0x24}, {0x25, 0x25},
                                                 {0x30, 0x4E}, {0x30, 0x4E}, {0x50, 0x73}};
  for (;;) {
    const auto& [low, high] = rows[rng.below(std::size(rows))];
    std::string bytes = "\x1B$B..\x1B(B";
    bytes[3] = static_cast<char>(
        low + static_cast<int>(rng.below(static_cast<std::uint64_t>(high - low) + 1)));
    bytes[4] = static_cast<char>(0x21 + rng.below(83));
    auto character = to_utf8(bytes, "iso-2022-jp");
    REQUIRE(character);
    if (to_iso_2022_jp(*character)) return *character;
  }
}

std::string random_japanese(Rng& rng, std::size_t longest) {
  std::string text;
  for (std::uint64_t n = rng.below(longest); n > 0; --n) {
    if (rng.below(6) == 0)
      text += static_cast<char>(rng.below(3) == 0 ? ' ' : 0x21 + rng.below(0x5E));
    else
      text += random_japanese_character(rng);
  }
  return text;
}

Case random_japanese_case(Rng& rng, int number) {
  static const std::string lacking[] = {"①", "㈱", "～", "髙", "﨑", "🎉", "ｱ", "¥", "〜"};
  Case made;
  Mail& mail = made.mail;
  mail.charset = Charset::iso_2022_jp;
  mail.from = {random_japanese(rng, 30), "shop@example.com"};
  mail.to = {{random_japanese(rng, 12), "customer@example.net"}};
  mail.subject = random_japanese(rng, 100);
  for (std::uint64_t n = rng.below(20); n > 0; --n) {
    static const std::string ends[] = {"\n", "\r\n", "\r", ".\n", "\n--=_x\n", "\nFrom x\n", "=\n"};
    mail.text += random_japanese(rng, rng.below(10) == 0 ? 700 : 60);
    mail.text += rng.below(4) == 0 ? ends[rng.below(std::size(ends))] : "\n";
  }
  if (rng.below(3) != 0)
    mail.html =
        "<head><meta charset=utf-8></head>\n<p>" + mail.text + random_japanese(rng, 40) + "</p>";
  made.is_japanese = rng.below(5) != 0;
  if (!made.is_japanese) {
    std::string* const places[] = {&mail.subject, &mail.text, &mail.from.name, &mail.to[0].name};
    *places[rng.below(std::size(places))] += lacking[rng.below(std::size(lacking))];
  }
  mail.message_id = "j" + std::to_string(number) + "@example.com";
  mail.date = from_ms(1772442000000 + number);
  return made;
}

/// Builds the mails and has a peer, a script of this directory, compare them with what went in.
void compare(const std::string& script, const std::vector<Case>& cases) {
  const test::Directory directory;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto built = build_mail(cases[i].mail);
    REQUIRE(built);
    const std::string name = std::to_string(i);
    std::ofstream(directory / (name + ".eml"), std::ios::binary) << built->bytes;
    std::ofstream(directory / (name + ".json"), std::ios::binary)
        << to_json(expectation(cases[i].mail, cases[i].is_japanese));
  }
  const std::string command = "/usr/bin/env python3 " + std::string(RETAIND_SOURCE) +
                              "/tests/render/" + script + " " + directory.path().string();
  CHECK(std::system(command.c_str()) == 0);  // NOLINT(concurrency-mt-unsafe): one thread
}

std::vector<Case> random_mails(int count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<Case> cases;
  for (int i = 0; i < count; ++i) cases.push_back({random_mail(rng, i), false});
  return cases;
}

std::vector<Case> random_japanese_mails(int count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<Case> cases;
  for (int i = 0; i < count; ++i) cases.push_back(random_japanese_case(rng, i));
  return cases;
}

bool has_python() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  if (std::system("python3 -c 'import email' >/dev/null 2>&1") == 0) return true;
  std::puts("skipped: there is no python3");
  return false;
}

}  // namespace

TEST_CASE("Python's mail parser finds in random mails what went into them", "[render]") {
  if (has_python()) compare("read_mails.py", random_mails(1000, 7));
}

TEST_CASE("npm's mailparser finds in random mails what went into them", "[render]") {
  if (has_python()) compare("read_mails_npm.py", random_mails(1000, 8));
}

// What a vector decodes to is what somebody may want to say, also where it looks like an encoded
// word that is none.
TEST_CASE("both parsers read every text of the RFC 2047 vectors back, as subject, name and body",
          "[render]") {
  const auto file = read_file(
      std::filesystem::path(RETAIND_DATA) / "mail_parsing/rfc2047_vectors.json", 1U << 20U);
  if (!file || !has_python()) {
    std::puts("skipped: the RFC 2047 vectors are not there");
    return;
  }
  const auto vectors = parse_json(*file);
  REQUIRE(vectors);
  std::vector<Case> mails;
  for (const Value& one : *vectors->find("decode_header")->as_array()) {
    // The encoded form, too, is a text that somebody may write.
    for (const char* const side : {"out", "in"}) {
      std::string text = *one.find(side)->as_text();
      text.resize(std::min(text.find_first_of("\r\n"), text.size()));
      Rng rng(mails.size());
      Mail mail = random_mail(rng, static_cast<int>(mails.size()));
      mail.from.name = text;
      mail.to.front().name = text;
      mail.subject = text;
      mail.text = text;
      mails.push_back({std::move(mail), false});
    }
  }
  REQUIRE(mails.size() == 70);
  compare("read_mails.py", mails);
  compare("read_mails_npm.py", mails);
}

TEST_CASE("both parsers find in Japanese mails in ISO-2022-JP what went into them", "[render]") {
  if (!has_python()) return;
  const std::vector<Case> mails = random_japanese_mails(400, 11);
  compare("read_mails.py", mails);
  compare("read_mails_npm.py", mails);
}

// Three minutes; tests/all.sh --full asks for it.
TEST_CASE("both parsers find in 20,000 random mails what went into them", "[.full]") {
  if (!has_python()) return;
  const std::vector<Case> mails = random_mails(20'000, 9);
  compare("read_mails.py", mails);
  compare("read_mails_npm.py", mails);
  const std::vector<Case> japanese = random_japanese_mails(20'000, 12);
  compare("read_mails.py", japanese);
  compare("read_mails_npm.py", japanese);
}
