#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "transport/loop.h"

namespace retaind::transport {

struct HttpPost {
  std::string url;
  std::vector<std::string> headers;  ///< "Name: value", without line ends
  std::string body;
};

struct HttpAnswer {
  int status = 0;           ///< 0: none came
  std::string retry_after;  ///< the header as it came
  std::string body;         ///< its first 300 bytes
  std::string failure;      ///< why there is no status, with the remedy where there is one
  bool never_connected = false;
};

/// Concurrent POST requests (libcurl's multi interface, driven by the loop). Follows no redirect,
/// uses no proxy, reads at most 64 KB of an answer, gives up after 30 s. Looks at every address
/// before it connects (network_guard.h).
class HttpClient {
 public:
  using Done = std::function<void(HttpAnswer)>;

  /// `allow_private`: private addresses may be reached, and then, but only there, http as well as
  /// https. Connections are kept for reuse, so requests with and without this right need clients of
  /// their own.
  HttpClient(Loop& loop, bool allow_private);
  /// Ends what is in flight; its `done` is not called.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// `done` is called later, from the loop.
  void post(HttpPost post, Done done);

 private:
  struct Multi;
  std::unique_ptr<Multi> multi_;
};

}  // namespace retaind::transport
