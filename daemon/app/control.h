#pragma once
#include <filesystem>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "base/value.h"

namespace boost::asio {
class io_context;
}

namespace retaind::app {

/// The daemon's end of the control socket: a unix stream, one line of JSON in ({"do": "reload"}),
/// one line out, closed. Whoever may write to the socket's directory may ask; it carries no
/// customer data.
class ControlServer {
 public:
  using Handler = std::function<Value(const Value& request)>;

  /// Refuses when another process already answers there; a socket that nobody answers is replaced.
  /// The file has mode 0600 and is removed again at the end.
  static Result<std::unique_ptr<ControlServer>> open(boost::asio::io_context& loop,
                                                     const std::filesystem::path& path,
                                                     Handler handler);
  struct Impl;
  explicit ControlServer(std::unique_ptr<Impl> impl);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  /// Makes the file again when somebody has removed or replaced it, and logs what came of it.
  void keep_in_place();
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  std::unique_ptr<Impl> impl_;
};

/// Refuses a path that is longer than an address of unix(7) may be.
Result<void> check_socket_path(const std::filesystem::path& path);

/// Asks the daemon of `path` and waits for its answer. `not_found` when nobody listens there;
/// `unavailable` when it does not answer in time.
Result<Value> ask_daemon(const std::filesystem::path& path, const Value& request,
                         Duration patience);

/// Tells the daemon, when one runs, that the store has changed. Nothing is lost when it does not
/// hear: it looks for itself once a minute.
void poke_daemon(const std::filesystem::path& path);

}  // namespace retaind::app
