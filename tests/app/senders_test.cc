#include "app/senders.h"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "app/environment.h"
#include "base/clock.h"

using namespace retaind;

namespace {

/// What a password file says, as the senders read it: they refuse a directory, so it is a file.
Site site_with(const std::filesystem::path& password) {
  Site site;
  site.deliver_live = true;
  site.smtp.emplace();
  site.smtp->host = "127.0.0.1";
  site.smtp->port = 1;  // nobody listens there
  site.smtp->tls = TlsMode::none;
  site.smtp->password_file = password;
  return site;
}

}  // namespace

TEST_CASE("a mail server that is away is named once") {
  boost::asio::io_context loop;
  const SystemClock clock;
  auto senders = app::Senders::open(loop, site_with({}), clock, [] {});
  REQUIRE(senders);
  (*senders)->transports().mail->want(1);
  const Duration end = clock.elapsed() + std::chrono::seconds{10};
  while ((*senders)->trouble().empty() && clock.elapsed() < end) {
    loop.restart();  // it has no work of its own while the connections try
    loop.run_one_for(std::chrono::milliseconds{100});
  }
  CHECK((*senders)->trouble().starts_with("smtp 127.0.0.1:1: no connection"));
}

TEST_CASE("of a secret only the line end at its end is cut") {
  const auto file =
      std::filesystem::temp_directory_path() / ("retaind-secret-" + std::to_string(::getpid()));
  for (const auto& [text, secret] : {std::pair<const char*, const char*>{"word\n", "word"},
                                     {"word\r\n", "word"},
                                     {"word", "word"},
                                     {" word \n", " word "},
                                     {"word\n\n", "word\n"}}) {
    std::ofstream(file, std::ios::binary) << text;
    const auto read = app::read_secret(file, "smtp: password-file");
    REQUIRE(read);
    CHECK(*read == secret);
  }
  std::filesystem::remove(file);
}
