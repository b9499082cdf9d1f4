#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "delivery/outbox.h"
#include "model/site.h"
#include "transport/loop.h"

namespace retaind::app {

/// The transports that a site's settings ask for: with `deliver: live` SMTP and webhooks, otherwise
/// the maildir for both.
class Senders {
 public:
  /// `ready` is called from the loop when one of them has room. Refuses live delivery without
  /// `smtp:`.
  static Result<std::unique_ptr<Senders>> open(transport::Loop& loop, const Site& site,
                                               const Clock& clock, std::function<void()> ready);
  Senders();
  Senders(const Senders&) = delete;
  Senders& operator=(const Senders&) = delete;
  ~Senders();

  [[nodiscard]] delivery::Outbox::Transports transports() const;
  /// Takes nothing more; what is on its way ends.
  void close();
  /// After close(), of connections whose peer does not answer: their messages get their outcomes
  /// now.
  void give_up();
  /// After close(): every connection to the mail server is gone.
  [[nodiscard]] bool closed() const;
  [[nodiscard]] std::string trouble() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace retaind::app
