#include "transport/smtp_session.h"

#include <algorithm>

#include "transport/one_line.h"
#include "transport/smtp_wire.h"

namespace retaind::transport {

using delivery::Outcome;
using delivery::OutcomeKind;

void SmtpSession::start(std::string_view local_address, bool peer_is_loopback) {
  greeting_.start(local_address, peer_is_loopback);
  ++wait_number_;
  if (greeting_.state() != SmtpGreeting::State::failed) return;
  end(greeting_.failure());
}

void SmtpSession::secured() {
  greeting_.secured();
  reader_.clear();
  append(greeting_.take_command());
  ++wait_number_;
}

void SmtpSession::received(std::string_view bytes) {
  while (!bytes.empty() && !ended_) {
    switch (reader_.next(bytes)) {
      case SmtpReplyReader::Status::more: return;
      case SmtpReplyReader::Status::garbage: return protocol_error(reader_.complaint());
      case SmtpReplyReader::Status::reply: break;
    }
    ++wait_number_;
    if (!ready_) {
      greet(reader_.reply());
    } else {
      take(reader_.reply());
    }
    // RFC 3207 4.2: what came in clear behind the reply to STARTTLS may be anybody's.
    if (wants_tls()) return reader_.clear();
  }
}

void SmtpSession::greet(const SmtpReply& reply) {
  if (has_output()) return protocol_error("it answers before it is asked: " + describe(reply));
  greeting_.take(reply);
  append(greeting_.take_command());
  if (greeting_.state() == SmtpGreeting::State::failed) {
    end(greeting_.failure());
  } else if (greeting_.state() == SmtpGreeting::State::ready) {
    ready_ = true;
  }
}

void SmtpSession::take(const SmtpReply& reply) {
  if (reply.code == 421) return end_with(reply);
  if (expected_.empty()) return protocol_error("it answers what was not asked: " + describe(reply));
  if (is_premature(reply)) return;
  const Step step = expected_.front().step;
  expected_.pop_front();
  switch (step) {
    case Step::reset:
      if (reply.code / 100 != 2) protocol_error("RSET is refused: " + describe(reply));
      break;
    case Step::mail: take_mail(reply); break;
    case Step::rcpt: take_rcpt(reply); break;
    case Step::data: take_data(reply); break;
    case Step::end_of_data: take_end_of_data(reply); break;
    case Step::lone_dot:
      ++answered_;
      finish_front(*transactions_.front().refusal);
      break;
    case Step::quit: return end("");
  }
  if (host_refused_) return end(describe(reply));
  advance();
}

bool SmtpSession::is_premature(const SmtpReply& reply) {
  if (written_ > expected_.front().from) return false;
  if (expected_.front().step == Step::end_of_data && reply.code >= 400) {
    // The server has heard enough, e.g. 552 for the size. What is left of the message can neither
    // be sent nor left out, so the connection ends with it.
    Transaction& transaction = transactions_.front();
    note_refusal(transaction, reply);
    transaction.refused = true;
    ++answered_;
    end("the server did not want the rest of a message: " + describe(reply));
    return true;
  }
  protocol_error("it answers before it is asked: " + describe(reply));
  return true;
}

void SmtpSession::take_mail(const SmtpReply& reply) {
  Transaction& transaction = transactions_.front();
  transaction.open_at_server = reply.code / 100 == 2;
  if (!transaction.open_at_server) {
    note_refusal(transaction, reply);
    transaction.refused = true;
  }
  if (depth() > 1) return;
  if (!transaction.refused)
    return ask(Step::rcpt, rcpt_command(transaction.message.envelope_to.front()));
  ++answered_;
  finish_front(*transaction.refusal);
}

void SmtpSession::take_rcpt(const SmtpReply& reply) {
  Transaction& transaction = transactions_.front();
  ++transaction.recipients_answered;
  if (reply.code / 100 == 2) {
    ++transaction.recipients_taken;
  } else if (!transaction.refused) {
    note_refusal(transaction, reply);
  }
  const bool all_answered =
      transaction.recipients_answered == transaction.message.envelope_to.size();
  if (all_answered && transaction.recipients_taken == 0) transaction.refused = true;
  if (depth() > 1) return;
  if (!all_answered) {
    return ask(Step::rcpt,
               rcpt_command(transaction.message.envelope_to[transaction.recipients_answered]));
  }
  if (!transaction.refused) return ask(Step::data, "DATA\r\n");
  needs_reset_ = true;
  ++answered_;
  finish_front(*transaction.refusal);
}

void SmtpSession::take_data(const SmtpReply& reply) {
  Transaction& transaction = transactions_.front();
  if (reply.code / 100 == 2) return protocol_error("it answers DATA with " + describe(reply));
  if (reply.code / 100 == 3) {
    if (!transaction.refused) return write_message(transaction);
    // RFC 2920 3.1: nobody is to get it, yet the server waits for it.
    transaction.stage = Stage::closed;
    return ask(Step::lone_dot, ".\r\n");
  }
  if (!transaction.refused) {
    transaction.refusal.reset();  // DATA's answer is about all of it, a recipient's was not
    note_refusal(transaction, reply);
  }
  needs_reset_ = transaction.open_at_server;
  ++answered_;
  finish_front(*transaction.refusal);
}

void SmtpSession::take_end_of_data(const SmtpReply& reply) {
  if (reply.code / 100 == 3)
    return protocol_error("it answers the end of data with " + describe(reply));
  Transaction& transaction = transactions_.front();
  const SmtpVerdict verdict = classify(reply);
  Outcome outcome{verdict.kind, reply.code, describe(reply), verdict.host_trouble, {}};
  const std::size_t refused = transaction.recipients_answered - transaction.recipients_taken;
  if (verdict.kind == OutcomeKind::sent && refused > 0) {
    outcome.code = transaction.refusal->code;
    outcome.reply = one_line(
        std::to_string(refused) + " of " + std::to_string(transaction.recipients_answered) +
        " recipients refused (" + transaction.refusal->reply + "); " + outcome.reply);
  }
  if (verdict.kind == OutcomeKind::deferred && verdict.host_trouble) host_refused_ = true;
  ++answered_;
  finish_front(std::move(outcome));
}

void SmtpSession::note_refusal(Transaction& transaction, const SmtpReply& reply) {
  const SmtpVerdict verdict = classify(reply);
  // A 3yz where none belongs is neither yes nor no.
  const OutcomeKind kind = verdict.kind == OutcomeKind::sent ? OutcomeKind::deferred : verdict.kind;
  if (kind == OutcomeKind::deferred && verdict.host_trouble) host_refused_ = true;
  // With several recipients the one that may still come right decides.
  const bool better = !transaction.refusal || (transaction.refusal->kind == OutcomeKind::rejected &&
                                               kind == OutcomeKind::deferred);
  if (better)
    transaction.refusal = Outcome{kind, reply.code, describe(reply), verdict.host_trouble, {}};
  if (host_refused_) transaction.refused = true;
}

void SmtpSession::protocol_error(const std::string& what) {
  end("the server breaks the protocol: " + what);
}

void SmtpSession::end_with(const SmtpReply& reply) {
  // A clear "no" for everything that is still open, even behind an end of data.
  for (Transaction& transaction : transactions_) {
    if (transaction.refused) continue;
    transaction.refused = true;
    transaction.refusal = Outcome{OutcomeKind::deferred, reply.code, describe(reply), true, {}};
  }
  end(describe(reply));
}

void SmtpSession::end(std::string_view why) {
  if (ended_) return;
  ended_ = true;
  end_reason_ = one_line(why);
  out_.clear();
  // Of several messages the server was at the first.
  bool was_at = !transactions_.empty() && is_begun(transactions_.front());
  while (!transactions_.empty()) {
    ++interrupted_;
    const Transaction& transaction = transactions_.front();
    if (transaction.refused) {
      finish_front(*transaction.refusal);
    } else if (may_have_arrived(transaction)) {
      finish_front({OutcomeKind::unknown,
                    0,
                    one_line("no answer to the end of the message: " + end_reason_),
                    false,
                    {}});
    } else {
      finish_front({OutcomeKind::deferred, 0, end_reason_, true, {}, was_at});
    }
    was_at = false;
  }
}

/// A byte of it may have gone out.
bool SmtpSession::is_begun(const Transaction& transaction) const {
  if (transaction.stage != Stage::envelope) return transaction.stage == Stage::closed;
  return transaction.open_at_server || (!expected_.empty() && written_ > expected_.front().from);
}

bool SmtpSession::may_have_arrived(const Transaction& transaction) const {
  return transaction.ends_at && written_ > *transaction.ends_at;
}

int SmtpSession::free_slots() const {
  if (!takes()) return 0;
  return std::min(depth() - held(), std::max(policy_.settings.messages_per_connection, 1) - added_);
}

void SmtpSession::add(delivery::Outgoing message, delivery::Transport::Done done) {
  std::string refusal = refuse_locally(message, greeting_.extensions());
  if (!refusal.empty()) {
    finished_.push_back(
        {message.id, std::move(done), {OutcomeKind::rejected, 0, std::move(refusal), false, {}}});
    return;
  }
  ++added_;
  if (used_up()) winding_down_ = true;
  if (expected_.empty()) ++wait_number_;
  Transaction& transaction = transactions_.emplace_back();
  transaction.message = std::move(message);
  transaction.done = std::move(done);
  advance();
}

void SmtpSession::quit() {
  winding_down_ = true;
  if (!ready_) return end("");
  advance();
}

/// Starts what may be started: the envelope of a message behind an end of data, or QUIT.
void SmtpSession::advance() {
  if (!ready_ || ended_) return;
  for (Transaction& transaction : transactions_) {
    if (transaction.stage == Stage::closed && depth() > 1) continue;
    if (transaction.stage == Stage::waiting) begin(transaction);
    break;
  }
  if (winding_down_ && transactions_.empty() && !quit_sent_) {
    quit_sent_ = true;
    ask(Step::quit, "QUIT\r\n");
  }
}

void SmtpSession::begin(Transaction& transaction) {
  transaction.stage = Stage::envelope;
  if (needs_reset_) ask(Step::reset, "RSET\r\n");
  needs_reset_ = false;
  ask(Step::mail, mail_command(transaction.message, greeting_.extensions()));
  if (depth() == 1) return;
  for (const std::string& to : transaction.message.envelope_to) ask(Step::rcpt, rcpt_command(to));
  ask(Step::data, "DATA\r\n");
}

void SmtpSession::write_message(Transaction& transaction) {
  std::string bytes = wire_form(std::move(transaction.message.bytes));
  // The CRLF that ends the last line is the first part of CRLF.CRLF.
  transaction.ends_at = queued_ + bytes.size() - std::min<std::size_t>(2, bytes.size());
  transaction.stage = Stage::closed;
  if (!bytes.empty()) {
    queued_ += bytes.size();
    out_.push_back(std::move(bytes));
    out_back_is_message_ = true;
  }
  expected_.push_back({Step::end_of_data, *transaction.ends_at});
  append(".\r\n");
}

void SmtpSession::ask(Step step, std::string_view command) {
  expected_.push_back({step, queued_});
  append(command);
}

void SmtpSession::append(std::string_view text) {
  if (text.empty()) return;
  if (out_.empty() || out_back_is_message_) out_.emplace_back();
  out_back_is_message_ = false;
  out_.back() += text;
  queued_ += text.size();
}

std::size_t SmtpSession::output(std::span<std::string_view> pieces) const {
  std::size_t filled = 0;
  for (const std::string& bytes : out_) {
    if (filled == pieces.size()) break;
    pieces[filled] = bytes;
    if (filled == 0) pieces[0].remove_prefix(out_front_written_);
    ++filled;
  }
  return filled;
}

void SmtpSession::wrote(std::size_t count) {
  written_ += count;
  out_front_written_ += count;
  while (!out_.empty() && out_front_written_ >= out_.front().size()) {
    out_front_written_ -= out_.front().size();
    out_.pop_front();
  }
  ++wait_number_;
}

SmtpWait SmtpSession::waiting() const {
  if (!ready_) return greeting_.waiting();
  if (has_output()) return SmtpWait::block;
  if (expected_.empty()) return SmtpWait::work;
  switch (expected_.front().step) {
    case Step::data: return SmtpWait::data;
    case Step::end_of_data:
    case Step::lone_dot: return SmtpWait::end_of_data;
    case Step::quit: return SmtpWait::quit;
    default: return SmtpWait::command;
  }
}

void SmtpSession::finish_front(Outcome outcome) {
  Transaction& transaction = transactions_.front();
  finished_.push_back({transaction.message.id, std::move(transaction.done), std::move(outcome)});
  transactions_.pop_front();
}

std::vector<SmtpSession::Finished> SmtpSession::take_finished() {
  std::vector<Finished> finished;
  finished.swap(finished_);
  return finished;
}

}  // namespace retaind::transport
