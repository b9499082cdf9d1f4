// What a reader takes for one character, and the filters for names and long texts of mails.
#include "render/graphemes.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/rng.h"
#include "base/text.h"
#include "base/value.h"
#include "render/liquid.h"
#include "support/directory.h"

using namespace retaind;
using namespace retaind::render;

namespace {

std::string shown(const std::string& text, std::string_view locale,
                  const Value& data = Value::Object{}) {
  const auto result = Liquid("t", text, Mode::mail).render(data, false, locale);
  return result ? *result : result.error().message;
}

// Letters of every kind of the rules, so that each pair of kinds meets.
char32_t random_code_point(Rng& rng) {
  static constexpr std::pair<char32_t, char32_t> blocks[] = {
      {0x41, 0x45},       {0x0A, 0x0D},       {0x300, 0x310},     {0x200C, 0x200F},
      {0xFE0E, 0xFE0F},   {0x1F1E6, 0x1F1FF}, {0x1F3FB, 0x1F3FF}, {0x1F466, 0x1F469},
      {0x2764, 0x2764},   {0x0600, 0x0605},   {0x0900, 0x0950},   {0x0E30, 0x0E35},
      {0x1100, 0x1105},   {0x1160, 0x1165},   {0x11A8, 0x11AC},   {0xAC00, 0xAC20},
      {0x110BD, 0x110BD}, {0xE0020, 0xE007F}, {0x4E00, 0x4E10},   {0xA960, 0xA963},
      {0x1D165, 0x1D172}, {0xAD, 0xAE}};
  const auto& [low, high] = blocks[rng.below(std::size(blocks))];
  return low + static_cast<char32_t>(rng.below(high - low + 1));
}

}  // namespace

TEST_CASE("graphemes are what readers take for characters", "[render]") {
  static constexpr std::pair<const char*, std::size_t> cases[] = {{"", 0},
                                                                  {"abc", 3},
                                                                  {"e\u0301a\u0308", 2},
                                                                  {"\r\n", 1},
                                                                  {"\n\r", 2},
                                                                  {"👨‍👩‍👧‍👦", 1},
                                                                  {"👍🏽!", 2},
                                                                  {"🇯🇵🇨🇳🇩", 3},
                                                                  {"각한", 2},
                                                                  {"각", 1},
                                                                  {"❤️‍🔥x", 2},
                                                                  {"नि", 1},
                                                                  {"山田 太郎", 5},
                                                                  {"葛\U000E0100", 1},
                                                                  {"‍a", 2}};
  for (const auto& [text, count] : cases) {
    INFO(text);
    CHECK(count_graphemes(text) == count);
    CHECK(grapheme_offset(text, count) == std::string_view(text).size());
  }
  CHECK(grapheme_offset("👍🏽!", 1) == 8);
}

TEST_CASE("perl cuts 20,000 random texts into the same graphemes", "[render]") {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  if (std::system("perl -e 'exit(\"e\\x{301}\" =~ /^\\X$/ ? 0 : 1)' 2>/dev/null") != 0) {
    std::puts("skipped: there is no perl");
    return;
  }
  const test::Directory directory;
  const std::filesystem::path texts = directory / "texts";
  Rng rng(11);
  {
    std::ofstream out(texts, std::ios::binary);
    for (int i = 0; i < 20'000; ++i) {
      std::string text;
      for (std::uint64_t n = 1 + rng.below(12); n > 0; --n)
        append_utf8(text, random_code_point(rng));
      // Where each grapheme ends, in bytes, and NUL behind each text.
      std::string ends;
      const std::size_t count = count_graphemes(text);
      for (std::size_t n = 1; n <= count; ++n)
        ends += std::to_string(grapheme_offset(text, n)) + " ";
      out << text << '\0' << ends << '\0';
    }
  }
  const std::string script =
      "$/ = \"\\0\"; $wrong = 0; while (defined($text = <STDIN>)) { chomp $text; $ends = <STDIN>; "
      "chomp $ends; utf8::decode($text); $got = \"\"; $at = 0; while ($text =~ /(\\X)/g) { $one = "
      "$1; utf8::encode($one); $at += length $one; $got .= \"$at \"; } next if $got eq $ends; "
      "++$wrong; printf \"%s: perl %s, we %s\\n\", join(\" \", map { sprintf \"%X\", ord } split "
      "//, $text), $got, $ends if $wrong < 5; } exit($wrong > 0);";
  const std::filesystem::path file = directory / "cut.pl";
  std::ofstream(file) << script;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  CHECK(std::system(("perl " + file.string() + " < " + texts.string()).c_str()) == 0);
}

TEST_CASE("truncate_graphemes never cuts through what is one character", "[render]") {
  CHECK(shown("{{ '👨‍👩‍👧‍👦👍🏽🇯🇵abc' | truncate_graphemes: 3 }}",
              "en") == "👨‍👩‍👧‍👦👍🏽…");
  CHECK(shown("{{ 'プレミアムコーヒー豆' | truncate_graphemes: 6, '' }}", "ja") == "プレミアムコ");
  CHECK(shown("{{ 'short' | truncate_graphemes: 5 }}", "en") == "short");
  CHECK(
      shown("{{ 'abc' | truncate_graphemes: 0 }}{{ nil | truncate_graphemes: 3 }}", "en").empty());
  CHECK(shown("{{ 'abcdef' | truncate_graphemes: 4, '...' }}", "en") == "a...");
  CHECK_THAT(shown("{{ 'a' | truncate_graphemes: 'x' }}", "en"),
             Catch::Matchers::Contains("the length is a whole number"));
}

TEST_CASE("full_name puts first and last name in the order of their script", "[render]") {
  for (const auto& [first, last, whole] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"Anna", "Albers", "Anna Albers"},
           {"花子", "山田", "山田花子"},
           {"さくら", "佐々木", "佐々木さくら"},
           {"雷", "欧阳", "欧阳雷"},
           {"민수", "김", "김민수"},
           {"マイケル", "ジャクソン", "ジャクソン マイケル"},
           {"野家", "𠮷", "𠮷野家"},
           {"Anna", "山田", "Anna 山田"},
           {"عبد الرحمن", "بن محمد", "عبد الرحمن بن محمد"},
           {"สมชาย", "ใจดี", "สมชาย ใจดี"},
           {"राज", "कुमार", "राज कुमार"},
           {" Anna ", "", "Anna"},
           {"", "山田", "山田"},
           {"", " ", ""}}) {
    CHECK(shown(fmt::format("{{{{ '{}' | full_name: '{}' }}}}", first, last), "en") == whole);
  }
  CHECK(shown("[{{ nil | full_name: nil }}{{ nil | full_name: 'Lee' }}]", "zh") == "[Lee]");
}

TEST_CASE("honorific addresses a customer as the language does, also without a name", "[render]") {
  const Value data = *parse_json(R"({"customer": {"last_name": "山田", "first_name": null}})");
  CHECK(shown("{{ customer.last_name | honorific }}", "ja", data) == "山田様");
  CHECK(shown("{{ '山田様' | honorific }}", "ja-JP") == "山田様");
  CHECK(shown("{{ customer.first_name | honorific }}", "ja", data) == "お客様");
  CHECK(shown("{{ customer.nickname | honorific }}", "ja", data) == "お客様");
  CHECK(shown("{{ ' ' | honorific }}", "zh", data) == "您");
  CHECK(shown("{{ '王小明' | honorific }}", "zh-TW", data) == "王小明");
  CHECK(shown("{{ '김민수' | honorific }}", "ko") == "김민수님");
  CHECK(shown("{{ 'Anna' | honorific }}{{ nil | honorific }}", "en") == "Anna");
  CHECK(shown("{{ '山田' | honorific: locale: 'ja' }}", "en") == "山田様");
  CHECK(shown("{{ nil | honorific | default: 'there' }}", "de") == "there");
}
