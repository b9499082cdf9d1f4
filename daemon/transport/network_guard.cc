#include "transport/network_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string>

namespace retaind::transport {
namespace {

using enum AddressClass;
using Bytes = std::array<std::uint8_t, 16>;

struct Range {
  Bytes prefix;
  int bits;
  AddressClass is;
};

// IANA special-purpose registries (RFC 6890 and its successors).
constexpr std::array ranges_v4{
    Range{{0}, 8, forbidden},               // "this network"; 0.0.0.0 reaches this machine
    Range{{10}, 8, private_network},        // RFC 1918
    Range{{100, 64}, 10, private_network},  // RFC 6598, carrier-grade NAT
    Range{{127}, 8, private_network},       // loopback
    Range{{169, 254}, 16, forbidden},       // link-local, cloud metadata
    Range{{172, 16}, 12, private_network},
    Range{{192, 0, 0}, 24, forbidden},  // IETF protocol assignments
    Range{{192, 0, 2}, 24, forbidden},  // documentation
    Range{{192, 168}, 16, private_network},
    Range{{198, 18}, 15, forbidden},  // benchmarks
    Range{{198, 51, 100}, 24, forbidden},
    Range{{203, 0, 113}, 24, forbidden},
    Range{{224}, 3, forbidden},  // multicast, reserved, broadcast
};
constexpr std::array ranges_v6{
    Range{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, private_network},  // ::1
    Range{{0}, 128, forbidden},                                                     // ::
    Range{{0x00, 0x64, 0xff, 0x9b}, 96, forbidden},              // 64:ff9b::/96, NAT64
    Range{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, forbidden},  // 64:ff9b:1::/48
    Range{{0x01, 0x00}, 64, forbidden},                          // discard-only
    Range{{0x20, 0x01}, 23, forbidden},                          // 2001::/23, Teredo and others
    Range{{0x20, 0x01, 0x0d, 0xb8}, 32, forbidden},              // documentation
    Range{{0x20, 0x02}, 16, forbidden},                          // 6to4
    Range{{0xfc}, 7, private_network},                           // unique local
    Range{{0xfe, 0x80}, 10, forbidden},                          // link-local
    Range{{0xff}, 8, forbidden},                                 // multicast
};

bool within(const Bytes& address, const Range& range) {
  for (std::size_t i = 0; i * 8 < static_cast<std::size_t>(range.bits); ++i) {
    const int left = range.bits - static_cast<int>(i) * 8;
    const unsigned mask = left >= 8 ? 0xffU : (0xff00U >> left) & 0xffU;
    if ((address[i] & mask) != (range.prefix[i] & mask)) return false;
  }
  return true;
}

template <std::size_t Size>
AddressClass look_up(const Bytes& address, const std::array<Range, Size>& ranges) {
  for (const Range& range : ranges) {
    if (within(address, range)) return range.is;
  }
  return public_internet;
}

AddressClass classify_v4(const void* four_bytes) {
  Bytes address{};
  std::memcpy(address.data(), four_bytes, 4);
  return look_up(address, ranges_v4);
}

AddressClass classify_v6(const in6_addr& in) {
  if (IN6_IS_ADDR_V4MAPPED(&in)) return classify_v4(in.s6_addr + 12);
  Bytes address{};
  std::memcpy(address.data(), in.s6_addr, address.size());
  return look_up(address, ranges_v6);
}

}  // namespace

AddressClass classify_address(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return classify_v4(&in.sin_addr);
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    return classify_v6(in.sin6_addr);
  }
  return forbidden;
}

AddressClass classify_address(std::string_view address) {
  const std::string text(address);
  in_addr four{};
  in6_addr six{};
  if (::inet_pton(AF_INET, text.c_str(), &four) == 1) return classify_v4(&four);
  if (::inet_pton(AF_INET6, text.c_str(), &six) == 1) return classify_v6(six);
  return forbidden;
}

}  // namespace retaind::transport
