#include "transport/network_guard.h"

#include <netinet/in.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <string>

using namespace retaind::transport;

TEST_CASE("every special address is told from the internet, at both ends of its range",
          "[transport]") {
  for (const std::string_view address :
       {"10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
        "127.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255", "::1",
        "fc00::", "fdff:ffff::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3"}) {
    INFO(address);
    CHECK(classify_address(address) == AddressClass::private_network);
  }
  for (const std::string_view address : {"0.0.0.0",
                                         "0.255.255.255",
                                         "169.254.0.0",
                                         "169.254.169.254",
                                         "169.254.255.255",
                                         "192.0.0.0",
                                         "192.0.0.255",
                                         "192.0.2.0",
                                         "192.0.2.255",
                                         "198.18.0.0",
                                         "198.19.255.255",
                                         "198.51.100.0",
                                         "198.51.100.255",
                                         "203.0.113.0",
                                         "203.0.113.255",
                                         "224.0.0.0",
                                         "239.255.255.255",
                                         "240.0.0.1",
                                         "255.255.255.255",
                                         "::",
                                         "64:ff9b::7f00:1",
                                         "64:ff9b:1::1",
                                         "64:ff9b:1:ffff::1",
                                         "100::1",
                                         "2001::1",
                                         "2001:1ff:ffff::1",
                                         "2001:db8::1",
                                         "2002:7f00:1::",
                                         "fe80::1",
                                         "febf::1",
                                         "ff02::1",
                                         "::ffff:169.254.169.254",
                                         "::ffff:0.0.0.0",
                                         "no address",
                                         ""}) {
    INFO(address);
    CHECK(classify_address(address) == AddressClass::forbidden);
  }
  for (const std::string_view address :
       {"1.1.1.1",       "9.255.255.255",   "11.0.0.0",     "100.63.255.255",
        "100.128.0.0",   "126.255.255.255", "128.0.0.0",    "169.253.255.255",
        "169.255.0.0",   "172.15.255.255",  "172.32.0.0",   "192.0.1.0",
        "192.0.3.0",     "192.167.255.255", "192.169.0.0",  "198.17.255.255",
        "198.20.0.0",    "198.51.99.255",   "198.51.101.0", "203.0.112.255",
        "203.0.114.0",   "223.255.255.255", "2001:200::1",  "2001:db7::1",
        "2001:db9::1",   "2003::1",         "2606:4700::1", "fbff::1",
        "fec0::1",       "101::1",          "64:ff9b:2::1", "64:ff9b:0:0:0:1::",
        "::ffff:8.8.8.8"}) {
    INFO(address);
    CHECK(classify_address(address) == AddressClass::public_internet);
  }
}

TEST_CASE("an address that is not IP is forbidden", "[transport]") {
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  CHECK(classify_address(reinterpret_cast<const sockaddr*>(&local)) == AddressClass::forbidden);
}
