#pragma once
#include <cstdint>
#include <string_view>

struct sockaddr;

namespace retaind::transport {

enum class AddressClass : std::uint8_t {
  public_internet,
  private_network,  ///< this machine and on-premise ranges: an endpoint may be allowed to reach
                    ///< them
  forbidden,  ///< link-local (where clouds keep their metadata), multicast, documentation, tunnels:
              ///< never
};

/// Looks at the address that is about to be connected to, not at how the URL spelt it; IPv4 inside
/// IPv6
/// ("::ffff:127.0.0.1") is unwrapped. Families other than IP are forbidden.
AddressClass classify_address(const sockaddr* address);

/// The same for text such as "10.0.0.1" or "fe80::1"; forbidden when it is no address.
AddressClass classify_address(std::string_view address);

}  // namespace retaind::transport
