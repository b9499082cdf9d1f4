// Python's email package and npm's mailparser read what the builder wrote and must find what went
// in.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/rng.h"
#include "base/text.h"
#include "base/value.h"
#include "render/header.h"
#include "render/mime.h"

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

std::string plain_lines(std::string_view text) {
  std::string out;
  const std::string valid = to_valid_utf8(text);
  for (std::size_t i = 0; i < valid.size(); ++i) {
    if (valid[i] == '\r' && i + 1 < valid.size() && valid[i + 1] == '\n') continue;
    out += valid[i] == '\r' ? '\n' : valid[i];
  }
  return out;
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

Value expectation(const Mail& mail) {
  Value expected;
  expected.set("subject", mail.subject);
  expected.set("from_name", clean_name(mail.from.name));
  expected.set("from_address", mail.from.address);
  Value::Array to;
  for (const Mailbox& one : mail.to) to.push_back(Value::Array{clean_name(one.name), one.address});
  expected.set("to", to);
  const bool both = !mail.html.empty() && !mail.text.empty();
  const bool only_html = mail.text.empty() && !mail.html.empty();
  const std::string text = plain_lines(mail.text);
  const std::string html = plain_lines(mail.html);
  expected.set("text", only_html ? Value() : Value(both ? text : with_last_break(text)));
  expected.set("html", mail.html.empty() ? Value() : Value(both ? html : with_last_break(html)));
  return expected;
}

/// Builds `count` mails and has a peer, a script of this directory, compare them with what went in.
void compare(const std::string& script, int count, std::uint64_t seed) {
  const std::filesystem::path directory =
      std::filesystem::path(RETAIND_BUILD) / ("render_peer_mails_" + script);
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  Rng rng(seed);
  for (int i = 0; i < count; ++i) {
    const Mail mail = random_mail(rng, i);
    const auto built = build_mail(mail);
    REQUIRE(built);
    const std::string name = std::to_string(i);
    std::ofstream(directory / (name + ".eml"), std::ios::binary) << built->bytes;
    std::ofstream(directory / (name + ".json"), std::ios::binary) << to_json(expectation(mail));
  }
  const std::string command = "/usr/bin/env python3 " + std::string(RETAIND_SOURCE) +
                              "/tests/render/" + script + " " + directory.string();
  CHECK(std::system(command.c_str()) == 0);  // NOLINT(concurrency-mt-unsafe): one thread
  std::filesystem::remove_all(directory);
}

bool has_python() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  if (std::system("python3 -c 'import email' >/dev/null 2>&1") == 0) return true;
  std::puts("skipped: there is no python3");
  return false;
}

}  // namespace

TEST_CASE("Python's mail parser finds in random mails what went into them", "[render]") {
  if (has_python()) compare("read_mails.py", 1000, 7);
}

TEST_CASE("npm's mailparser finds in random mails what went into them", "[render]") {
  if (has_python()) compare("read_mails_npm.py", 1000, 8);
}

// Two minutes; tests/all.sh --full asks for it.
TEST_CASE("both parsers find in 20,000 random mails what went into them", "[.full]") {
  if (!has_python()) return;
  compare("read_mails.py", 20'000, 9);
  compare("read_mails_npm.py", 20'000, 9);
}
