#pragma once
#include <string>
#include <string_view>

namespace retaind::app {

/// The service side of sd_notify(3), in the few lines that it takes: one datagram a message to the
/// manager's unix socket. Without a socket every call does nothing; a manager that has gone away is
/// no error.
class Notify {
 public:
  /// `address` as in NOTIFY_SOCKET: a path, or "@name" in the abstract namespace; empty: nobody
  /// listens.
  explicit Notify(std::string address);
  Notify(const Notify&) = delete;
  Notify& operator=(const Notify&) = delete;
  ~Notify();

  void ready(std::string_view status);
  /// Carries the monotonic time, by which a manager pairs it with the READY that follows
  /// (Type=notify-reload).
  void reloading();
  void watchdog();
  void stopping(std::string_view status);
  /// One line for `systemctl status`.
  void status(std::string_view line);

 private:
  void send(const std::string& text);
  std::string address_;
  int descriptor_ = -1;
};

}  // namespace retaind::app
