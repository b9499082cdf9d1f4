#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/transport.h"
#include "transport/smtp_greeting.h"
#include "transport/smtp_reply.h"

namespace retaind::transport {

/// One SMTP connection's dialogue, without its socket: bytes in, bytes out, an outcome for every
/// message.
///
/// Where the server offers PIPELINING at least three messages may be held: of the first the end of
/// data is written, the second one's envelope travels in the same write (RFC 2920 3.1), and the
/// third is at hand, so that the second one's end need not wait for the ledger to find what goes
/// behind it. Otherwise one, command by command. It counts what was passed to the socket, so it
/// knows of each message whether its end of data may have arrived.
class SmtpSession {
 public:
  struct Finished {
    std::int64_t id = 0;
    delivery::Transport::Done done;
    delivery::Outcome outcome;
  };

  explicit SmtpSession(const SmtpPolicy& policy) : policy_(policy), greeting_(policy) {}
  SmtpSession(const SmtpSession&) = delete;
  SmtpSession& operator=(const SmtpSession&) = delete;

  // What happens to the connection.
  void start(std::string_view local_address, bool peer_is_loopback);
  void secured();
  void received(std::string_view bytes);
  /// The next `count` bytes of output() were passed to the socket, whether or not they arrive. To
  /// be called before a write whose success cannot be told apart byte by byte (TLS).
  void wrote(std::size_t count);
  /// The connection is over: every message still held gets its outcome. `why` is shown to people.
  void end(std::string_view why);

  // What the owner wants.
  /// How many messages add() takes now, negative when it holds more; 0 before the greeting is over
  /// and once the session winds down.
  [[nodiscard]] int free_slots() const;
  /// Whether add() is possible at all; one beyond the free slots waits for its turn.
  [[nodiscard]] bool takes() const { return ready() && !winding_down_; }
  /// Messages whose outcome is known here and has not been taken yet.
  [[nodiscard]] int unreported() const { return static_cast<int>(finished_.size()); }
  void add(delivery::Outgoing message, delivery::Transport::Done done);
  /// No further message; QUIT after the last one.
  void quit();
  // What the session wants.
  [[nodiscard]] bool wants_tls() const {
    return greeting_.state() == SmtpGreeting::State::wants_tls;
  }
  /// The start of what is to be written, without a copy; returns how many pieces were filled.
  std::size_t output(std::span<std::string_view> pieces) const;
  [[nodiscard]] bool has_output() const { return !out_.empty(); }
  /// What it waits for, and a number that changes whenever that wait begins anew.
  [[nodiscard]] SmtpWait waiting() const;
  [[nodiscard]] std::uint64_t wait_number() const { return wait_number_; }
  /// The messages that ended since the last call.
  std::vector<Finished> take_finished();
  [[nodiscard]] bool has_finished() const { return !finished_.empty(); }

  // How it stands.
  [[nodiscard]] bool ready() const { return ready_ && !ended_; }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool winding_down() const { return winding_down_; }
  [[nodiscard]] const std::string& end_reason() const { return end_reason_; }
  [[nodiscard]] int held() const { return static_cast<int>(transactions_.size()); }
  /// The greeting succeeded once, even if the session is over now.
  [[nodiscard]] bool was_ready() const { return ready_; }
  /// It has carried as many messages as a connection may.
  [[nodiscard]] bool used_up() const { return added_ >= policy_.settings.messages_per_connection; }
  /// Messages that ended with a reply of the server, and messages that the end of the connection
  /// ended.
  [[nodiscard]] int answered() const { return answered_; }
  [[nodiscard]] int interrupted() const { return interrupted_; }
  /// How many messages may be held.
  [[nodiscard]] int depth() const { return greeting_.extensions().pipelining ? depth_ : 1; }
  /// For a server that offers PIPELINING; what is held already stays.
  void set_depth(int depth) { depth_ = depth; }
  static constexpr int least_depth = 3;

 private:
  enum class Step : std::uint8_t { reset, mail, rcpt, data, end_of_data, lone_dot, quit };
  enum class Stage : std::uint8_t {
    waiting,
    envelope,
    closed
  };  ///< closed: end of data or lone dot is in the output

  struct Transaction {
    delivery::Outgoing message;
    delivery::Transport::Done done;
    Stage stage = Stage::waiting;
    std::size_t recipients_answered = 0;
    std::size_t recipients_taken = 0;
    bool open_at_server = false;  ///< MAIL was taken
    bool refused = false;         ///< nothing of it will be taken; `refusal` says why
    std::optional<delivery::Outcome>
        refusal;                           ///< of the sender, of DATA, or of one of the recipients
    std::optional<std::uint64_t> ends_at;  ///< place in the output where its end of data begins
  };
  struct Expected {
    Step step;
    std::uint64_t from;  ///< place in the output where that which is answered begins
  };

  void greet(const SmtpReply& reply);
  void take(const SmtpReply& reply);
  void take_mail(const SmtpReply& reply);
  void take_rcpt(const SmtpReply& reply);
  void take_data(const SmtpReply& reply);
  void take_end_of_data(const SmtpReply& reply);
  void protocol_error(const std::string& what);
  void note_refusal(Transaction& transaction, const SmtpReply& reply);
  void end_with(const SmtpReply& reply);
  bool is_premature(const SmtpReply& reply);

  void advance();
  void begin(Transaction& transaction);
  void ask(Step step, std::string_view command);
  void write_message(Transaction& transaction);
  void append(std::string_view text);
  void finish_front(delivery::Outcome outcome);
  [[nodiscard]] bool is_begun(const Transaction& transaction) const;
  [[nodiscard]] bool may_have_arrived(const Transaction& transaction) const;

  const SmtpPolicy& policy_;
  SmtpGreeting greeting_;
  SmtpReplyReader reader_;
  std::deque<Transaction> transactions_;  ///< oldest first; replies concern the oldest
  std::deque<Expected> expected_;         ///< what the coming replies answer
  std::deque<std::string> out_;
  std::size_t out_front_written_ = 0;
  bool out_back_is_message_ = false;
  std::uint64_t queued_ = 0;   ///< bytes ever put into out_
  std::uint64_t written_ = 0;  ///< bytes ever taken from it
  std::vector<Finished> finished_;
  std::uint64_t wait_number_ = 0;
  int depth_ = least_depth;
  int added_ = 0;
  int answered_ = 0;
  int interrupted_ = 0;
  bool ready_ = false;
  bool needs_reset_ = false;
  bool winding_down_ = false;
  bool quit_sent_ = false;
  bool ended_ = false;
  bool host_refused_ = false;
  std::string end_reason_;
};

}  // namespace retaind::transport
