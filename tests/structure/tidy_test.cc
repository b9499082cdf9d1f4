#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <string>

#include "base/file.h"
#include "structure/source_rules.h"

namespace retaind::test {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> sources() {
  const fs::path root = RETAIND_SOURCE;
  std::map<std::string, std::string> texts;
  for (const auto* part : {"daemon", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / part)) {
      const std::string extension = entry.path().extension().string();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cc")) continue;
      auto text = read_file(entry.path(), 16U << 20U);
      REQUIRE(text);
      texts[fs::relative(entry.path(), root).string()] = std::move(*text);
    }
  }
  return texts;
}

TEST_CASE("The project keeps its own rules") {
  const auto all = sources();
  CHECK(all.size() > 20);
  for (const std::string& breach : breaches_of(all)) FAIL_CHECK(breach);
}

TEST_CASE("A breach planted into a real file is found") {
  auto all = sources();
  std::string& zone = all.at("daemon/base/zone.cc");
  REQUIRE(breaches_of("daemon/base/zone.cc", zone).empty());
  const std::size_t includes = zone.find("#include <fmt/format.h>");
  REQUIRE(includes != std::string::npos);
  const std::string upwards = std::string(zone).insert(includes, "#include \"store/store.h\"\n");
  CHECK(breaches_of("daemon/base/zone.cc", upwards).size() == 1);
  const std::string foreign = std::string(zone).insert(includes, "#include <sqlite3.h>\n");
  CHECK(breaches_of("daemon/base/zone.cc", foreign).size() == 1);
  const std::size_t body = zone.find("Zone Zone::utc() {");
  REQUIRE(body != std::string::npos);
  const std::string call =
      std::string(zone).insert(body, "static auto t = std::chrono::system_clock::now();\n");
  CHECK(breaches_of("daemon/base/zone.cc", call).size() == 1);
}

}  // namespace
}  // namespace retaind::test
