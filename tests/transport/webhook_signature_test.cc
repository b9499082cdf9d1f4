#include "transport/webhook_signature.h"

#include <catch2/catch.hpp>
#include <cstdio>

#include "base/file.h"
#include "base/value.h"

using namespace retaind;
using namespace retaind::transport;

TEST_CASE("the published example of Standard Webhooks is signed as published", "[transport]") {
  const auto key = parse_webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
  REQUIRE(key);
  CHECK(webhook_signature(*key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                          R"({"test": 2432232314})") ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("the reference vectors are signed the same", "[transport]") {
  const auto text = read_file(RETAIND_DATA "/webhooks/standard_webhooks_vectors.json", 1 << 20);
  if (!text) {
    std::puts("skipped: no standard_webhooks_vectors.json");
    return;
  }
  const auto vectors = parse_json(*text);
  REQUIRE(vectors);
  std::size_t signed_count = 0;
  for (const Value& row : *vectors->find("sign")->as_array()) {
    const auto key = parse_webhook_secret(*row.find("secret")->as_text());
    REQUIRE(key);
    CHECK(webhook_signature(*key, *row.find("msg_id")->as_text(),
                            *row.find("timestamp")->as_integer(),
                            *row.find("payload")->as_text()) == *row.find("signature")->as_text());
    ++signed_count;
  }
  CHECK(signed_count >= 25);
  for (const Value& row : *vectors->find("secret_forms")->as_array()) {
    INFO(*row.find("secret")->as_text());
    CHECK(static_cast<bool>(parse_webhook_secret(*row.find("secret")->as_text())) ==
          *row.find("ok")->as_bool());
  }
}

TEST_CASE("a secret that is none says what to write", "[transport]") {
  for (const std::string_view text :
       {"", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}) {
    INFO(text);
    const auto key = parse_webhook_secret(text);
    REQUIRE_FALSE(key);
    CHECK(key.error().message.find("openssl rand") != std::string::npos);
  }
}

TEST_CASE("a message's id becomes a webhook id without anything that could break a header",
          "[transport]") {
  CHECK(webhook_id("ab-12@shop.example") == "ab-12_shop_example");
  CHECK(webhook_id("a\r\nX: y") == "a__X__y");
}
