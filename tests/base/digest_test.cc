#include "base/digest.h"

#include <bit>
#include <catch2/catch.hpp>
#include <vector>

#include "base/rng.h"

namespace retaind {
namespace {

TEST_CASE("The stable hash never changes") {
  // FNV-1a of "" and "a" (the published vectors) through the 64-bit finalizer of MurmurHash3;
  // computed apart.
  CHECK(stable_hash("") == 17280346270528514342U);
  CHECK(stable_hash("a") == 9413272369427828315U);
  CHECK(stable_hash("win-back-90d\x1f"
                    "1001") == 15652066737287626930U);
  CHECK(stable_hash("\xff") == 1998855519756462295U);
}

TEST_CASE("The low bits of the stable hash share customers out evenly") {
  std::vector<int> buckets(100);
  for (int i = 0; i < 100000; ++i) ++buckets[stable_hash("rule:" + std::to_string(i)) % 100];
  double chi_square = 0;
  for (const int count : buckets) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  CHECK(chi_square < 148.2);  // 99 degrees of freedom, 0.1 %
  CHECK(chi_square > 56.0);
}

TEST_CASE("HMAC-SHA256 gives the answers of RFC 4231") {
  CHECK(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex(hmac_sha256(std::string(131, '\xaa'),
                        "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("SHA-256 gives the answers of FIPS 180") {
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("Base64 gives the answers of RFC 4648") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(base64(bytes) == text);
    std::string decoded;
    CHECK(from_base64(text, decoded));
    CHECK(decoded == bytes);
  }
  CHECK(base64("\xfb\xff\xfe") == "+//+");
  CHECK(base64url("\xfb\xff\xfe") == "-__-");
  CHECK(base64url("f") == "Zg");
}

TEST_CASE("What is not base64 is refused") {
  std::string decoded;
  for (const auto* text :
       {"Zg", "Zg=", "Zg===", "Z", "Zm9v\n", " Zm9v", "Zm9v!", "-__-", "Zh==", "Zg==Zg=="}) {
    INFO(text);
    CHECK_FALSE(from_base64(text, decoded));
    CHECK(decoded.empty());
  }
}

TEST_CASE("Any bytes come back from base64") {
  Rng rng(2);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes;
    while (bytes.size() < size) bytes += static_cast<char>(rng.below(256));
    std::string decoded;
    REQUIRE(from_base64(base64(bytes), decoded));
    REQUIRE(decoded == bytes);
  }
}

TEST_CASE("The generator gives the sequence of its authors") {
  // xoshiro256** seeded by SplitMix64 from 0 and 42; the reference C code, run apart.
  Rng zero(0);
  CHECK(zero.next() == 11091344671253066420U);
  CHECK(zero.next() == 13793997310169335082U);
  Rng other(42);
  for (int i = 0; i < 999; ++i) other.next();
  CHECK(other.next() == 10224724267483498856U);
}

TEST_CASE("Draws stay within their bound and are even") {
  Rng rng(4);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts[rng.below(7)];
  for (const int count : counts) CHECK(std::abs(count - 10000) < 500);
  CHECK(rng.below(1) == 0);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double drawn = rng.unit();
    REQUIRE(drawn >= 0);
    REQUIRE(drawn < 1);
    sum += drawn;
  }
  CHECK(std::abs(sum / 10000 - 0.5) < 0.02);
}

TEST_CASE("A bound that does not divide 2^64 is drawn without bias") {
  // Two thirds of 2^64: without a second draw the lower half would come twice as often.
  Rng rng(8);
  const std::uint64_t bound = 0xAAAAAAAAAAAAAAAAU;
  int low = 0;
  for (int i = 0; i < 20000; ++i) low += rng.below(bound) < bound / 2 ? 1 : 0;
  CHECK(std::abs(low - 10000) < 400);
}

TEST_CASE("Codes have no letters that look like others") {
  Rng rng(6);
  const std::string code = rng.code(4000);
  CHECK(code.size() == 4000);
  CHECK(code.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string::npos);
  for (const char c : std::string("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
    CHECK(code.find(c) != std::string::npos);
  CHECK(Rng(6).code(12) == code.substr(0, 12));
  CHECK(seed_from_system() != seed_from_system());
}

}  // namespace
}  // namespace retaind
