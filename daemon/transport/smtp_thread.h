#pragma once
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "transport/smtp.h"

namespace retaind::transport {

/// `Smtp` on a thread of its own, so that the sockets' system calls, a third of what a mail costs,
/// run beside the store's work. Everything here is called from the home loop's thread, and `ready`
/// and `done` come from it.
///
/// The two threads share no object: messages go over in batches, outcomes come back together with
/// how the connections stand. capacity() is what was told last without what was sent since, so it
/// bounds what is on its way as that of `Smtp` does.
class SmtpThread final : public delivery::Transport {
 public:
  /// Parameters as of Smtp; `home` and `clock` outlive it. Fails where no thread can be had.
  static Result<std::unique_ptr<SmtpThread>> start(Loop& home, SmtpSettings settings,
                                                   std::string_view credential,
                                                   std::function<void()> ready, const Clock& clock,
                                                   Duration idle = std::chrono::minutes{1});
  struct Home;
  struct Away;
  SmtpThread(std::shared_ptr<Home> home, std::shared_ptr<Away> away);
  ~SmtpThread() override;
  SmtpThread(const SmtpThread&) = delete;
  SmtpThread& operator=(const SmtpThread&) = delete;

  [[nodiscard]] int capacity() const override;
  void want(int waiting) override;
  void send(delivery::Outgoing message, Done done) override;
  [[nodiscard]] std::string trouble() const override;

  /// As Smtp's.
  void close();
  void give_up();
  [[nodiscard]] int in_flight() const;
  [[nodiscard]] bool closed() const;

 private:
  void hand_over();
  std::shared_ptr<Home> home_;
  std::shared_ptr<Away> away_;
};

}  // namespace retaind::transport
