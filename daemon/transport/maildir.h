#pragma once
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "delivery/transport.h"
#include "transport/back_off.h"
#include "transport/loop.h"

namespace retaind::transport {

/// Mail as files: `new/<message-id>.eml`, the message's bytes and nothing else. Webhooks too, as
/// `new/<id>.json`, so that a site which is not live lets nothing out.
///
/// A file is written in `tmp/`, flushed and renamed, and only then `sent`. Its name comes from the
/// message's id: a repeat after a crash replaces the file (unless a reader has moved it to `cur/`).
/// Never `unknown`. A full disk or a missing right is the host's trouble: `deferred`, and nothing
/// is taken for 1 s, doubling to 5 min.
class Maildir final : public delivery::Transport {
 public:
  Maildir(Loop& loop, std::filesystem::path directory, std::function<void()> ready,
          const Clock& clock);
  ~Maildir() override;

  [[nodiscard]] int capacity() const override;
  void want(int waiting) override;
  void send(delivery::Outgoing message, Done done) override;
  [[nodiscard]] std::string trouble() const override;

  /// The name without directory under which a message is filed.
  static std::string file_name(const delivery::Outgoing& message);

 private:
  struct Waiting {
    delivery::Outgoing message;
    Done done;
  };
  void turn();
  void fail(const std::string& what);

  Loop& loop_;
  std::filesystem::path directory_;
  std::function<void()> ready_;
  const Clock& clock_;
  std::deque<Waiting> waiting_;
  BackOff back_off_;
  LoopTimer retry_;
  bool scheduled_ = false;
  std::shared_ptr<bool> alive_;  ///< false once destroyed, for what is still posted
};

}  // namespace retaind::transport
