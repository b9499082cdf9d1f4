#pragma once
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "app/site_init.h"
#include "app/site_load.h"
#include "base/file.h"

/// A new site, gone at the end.
struct NewSite {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("retaind-lint-" + std::to_string(::getpid()));
  NewSite() {
    std::filesystem::remove_all(path);
    REQUIRE(retaind::app::make_site(path));
  }
  ~NewSite() { std::filesystem::remove_all(path); }
  NewSite(const NewSite&) = delete;
  NewSite& operator=(const NewSite&) = delete;

  void put(const std::string& file, const std::string& text) const {
    std::ofstream out(path / file, std::ios::binary);
    out << text;
    REQUIRE(out.flush());
  }
  void replace(const std::string& file, const std::string& old, const std::string& fresh) const {
    auto text = retaind::read_file(path / file, 1 << 20);
    REQUIRE(text);
    const std::size_t at = text->find(old);
    REQUIRE(at != std::string::npos);
    put(file, text->replace(at, old.size(), fresh));
  }
  [[nodiscard]] std::string said() const {
    std::string text = retaind::app::findings(retaind::app::load_site(path),
                                              retaind::language::Format::human, false);
    for (std::size_t at = 0; (at = text.find(path.string() + "/", at)) != std::string::npos;)
      text.erase(at, path.string().size() + 1);
    return text;
  }
};
