#include "store/csv.h"

#include <zlib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "open_store.h"

using namespace retaind;
using namespace retaind::store;

namespace {

/// "line: a|b" or "line! defect" for every record.
std::string read(const std::string& bytes, CsvReader::Format format = {}) {
  Directory directory;
  std::ofstream(directory / "f.csv", std::ios::binary) << bytes;
  auto reader = CsvReader::open(directory / "f.csv", format);
  if (!reader) return reader.error().message.substr(reader.error().message.find("f.csv"));
  std::string all;
  CsvRecord record;
  while (reader->next(record)) {
    all += std::to_string(record.line) + (record.defect.empty() ? ": " : "! ") +
           std::string(record.defect);
    for (std::size_t i = 0; i < record.fields.size(); ++i)
      all += (i > 0 ? "|" : "") + std::string(record.fields[i]);
    all += "\n";
  }
  CHECK(reader->take_error());
  return all;
}

bool same(const std::string& bytes, const std::string& expected) { return read(bytes) == expected; }

}  // namespace

TEST_CASE("CSV with LF or CRLF, with and without a last line break, is the same", "[store]") {
  const std::string expected = "1: a|b\n2: 1|2\n3: |\n";
  CHECK(read("a,b\n1,2\n,\n") == expected);
  CHECK(read("a,b\r\n1,2\r\n,\r\n") == expected);
  CHECK(read("a,b\n1,2\n,") == expected);
}

TEST_CASE("a byte-order mark is no part of the first name", "[store]") {
  CHECK(read("\xef\xbb\xbf"
             "a,b\n1,2\n") == "1: a|b\n2: 1|2\n");
  CHECK(read(std::string{'\xff', '\xfe', 'a', '\0', ',', '\0'}) ==
        "f.csv is UTF-16: save it as UTF-8");
}

TEST_CASE("quoted fields hold separators, quotes and line breaks", "[store]") {
  CHECK(read("a,b\n\"1,5\",\"say \"\"hi\"\"\"\n\"two\nlines\",x\nlast,\"\"\n") ==
        "1: a|b\n2: 1,5|say \"hi\"\n3: two\nlines|x\n5: last|\n");
  CHECK(read("12\" pipe,x\n") == "1: 12\" pipe|x\n");
}

TEST_CASE("empty lines are nothing, and lines keep their numbers", "[store]") {
  CHECK(read("a\n\n\r\nb\n") == "1: a\n4: b\n");
}

TEST_CASE("a quote that is never closed costs its line only", "[store]") {
  CHECK(read("a,b\n\"open,1\n2,3\n4,5\n") ==
        "1: a|b\n2! a quoted field is not closed: close it with \"\n3: 2|3\n4: 4|5\n");
  CHECK(
      read("\"a\"b,c\nd,e\n") ==
      "1! there is text behind a closing quote: double the quotes inside a quoted field\n2: d|e\n");
}

TEST_CASE("what is not UTF-8 or holds a zero byte is said line by line", "[store]") {
  CHECK(read("a\nM\xfcnchen\nb\n") ==
        "1: a\n2! the line is not UTF-8: export the file as UTF-8\n3: b\n");
  CHECK(read(std::string("a\nx\0y\nb\n", 8)) ==
        "1: a\n2! the line holds a zero byte: export the file again\n3: b\n");
}

TEST_CASE("a field over 1 MB and a line over 10 MB are refused and the next line is read",
          "[store]") {
  const std::string field(CsvReader::longest_field, 'x');
  CHECK(read(field + ",1\n").size() > field.size());
  // Compared apart: a failure must not print ten megabytes.
  CHECK(same(field + "x,1\nb,2\n", "1! a field is longer than 1 MB: shorten it\n2: b|2\n"));
  std::string line;
  while (line.size() <= CsvReader::longest_record) line += "0123456789,";
  CHECK(
      same("a\n" + line + "\nb\n",
           "1: a\n2! the line is longer than 10 MB: is a quote or a line break missing?\n3: b\n"));
  // The same with an open quote: the search for its end stops there.
  const bool found = read("a\n\"" + line + "\nb\n").find("\n3: b\n") != std::string::npos;
  CHECK(found);
}

TEST_CASE("semicolons, tabs and blanks separate when told to", "[store]") {
  CHECK(read("a;b\n1,5;2\n", {';', false}) == "1: a|b\n2: 1,5|2\n");
  CHECK(read(" 00004 0001  19970101\t2   29.33\n", {',', true}) ==
        "1: 00004|0001|19970101|2|29.33\n");
}

TEST_CASE("a large file is the same as its lines, whatever the chunks", "[store]") {
  std::string bytes, expected;
  for (int i = 1; i <= 60000; ++i) {
    const std::string text(static_cast<std::size_t>(i % 97), 'y');
    bytes += std::to_string(i) + ",\"" + text + "\"\"\"\r\n";
    expected += std::to_string(i) + ": " + std::to_string(i) + "|" + text + "\"\n";
  }
  CHECK(same(bytes, expected));
}

TEST_CASE("gzip is read like plain text, and one that is cut short says so", "[store]") {
  Directory directory;
  const auto file = directory / "f.csv.gz";
  gzFile out = gzopen(file.c_str(), "wb");
  for (int i = 0; i < 50000; ++i) gzprintf(out, "%d,%d\n", i, i * 7919 % 10007);
  gzclose(out);
  const auto count = [&] {
    auto reader = CsvReader::open(file, {});
    if (!reader) FAIL(reader.error().message);
    int lines = 0;
    for (CsvRecord record; reader->next(record);) ++lines;
    const auto end = reader->take_error();
    return std::pair(lines, end ? std::string() : end.error().message);
  };
  CHECK(count() == std::pair(50000, std::string()));
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  const auto [lines, message] = count();
  CHECK(lines > 1000);
  CHECK(lines < 50000);
  CHECK(message ==
        file.string() +
            ": unexpected end of file: the file is cut short or damaged: export it again");
}

TEST_CASE("a file that is not there says so", "[store]") {
  Directory directory;
  const auto reader = CsvReader::open(directory / "no.csv", {});
  REQUIRE_FALSE(reader);
  CHECK(reader.error().message == "cannot read " + (directory / "no.csv").string() +
                                      ": No such file or directory: check the path and the rights");
}
