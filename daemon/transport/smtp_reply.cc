#include "transport/smtp_reply.h"

#include <algorithm>
#include <array>

#include "transport/one_line.h"

namespace retaind::transport {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads up to three digits at `at`; -1 when there is none.
int short_number(std::string_view text, std::size_t& at) {
  const std::size_t from = at;
  int number = 0;
  while (at < text.size() && at - from < 3 && is_digit(text[at]))
    number = number * 10 + (text[at++] - '0');
  return at == from ? -1 : number;
}

struct ReplyRule {
  int code;     ///< 0: any
  int kind;     ///< of the enhanced status; 0: any
  int subject;  ///< -1: any
  SmtpVerdict verdict;
};

using delivery::OutcomeKind;
constexpr SmtpVerdict host_away{OutcomeKind::deferred, true};
constexpr SmtpVerdict our_mistake{OutcomeKind::rejected, true};

constexpr std::array rules{
    ReplyRule{421, 0, -1, host_away},    // shutting down or tired of us, at any time
    ReplyRule{454, 0, -1, host_away},    // RFC 3207 4: TLS not available; RFC 4954 4.7.0
    ReplyRule{503, 0, -1, host_away},    // out of order: "authenticate first", before RFC 4954
    ReplyRule{530, 0, -1, host_away},    // wants AUTH or STARTTLS first
    ReplyRule{534, 0, -1, host_away},    // RFC 4954: mechanism too weak
    ReplyRule{535, 0, -1, host_away},    // credentials refused
    ReplyRule{538, 0, -1, host_away},    // RFC 4954: encryption required
    ReplyRule{500, 0, -1, our_mistake},  // a command that the server does not know
    ReplyRule{502, 0, -1, our_mistake}, ReplyRule{504, 0, -1, our_mistake},
    ReplyRule{0, 5, 5, our_mistake},  // RFC 3463 3.6: protocol status
};

}  // namespace

EnhancedStatus parse_enhanced_status(std::string_view text) {
  std::size_t at = 0;
  EnhancedStatus status;
  status.kind = short_number(text, at);
  if (status.kind != 2 && status.kind != 4 && status.kind != 5) return {};
  if (at >= text.size() || text[at++] != '.') return {};
  status.subject = short_number(text, at);
  if (status.subject < 0 || at >= text.size() || text[at++] != '.') return {};
  status.detail = short_number(text, at);
  if (status.detail < 0 || (at < text.size() && text[at] != ' ' && text[at] != '\n')) return {};
  return status;
}

std::string describe(const SmtpReply& reply) {
  return one_line(std::to_string(reply.code) + ' ' + reply.text);
}

SmtpReplyReader::Status SmtpReplyReader::next(std::string_view& input) {
  if (lines_ == 0) reply_.text.clear();
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    const std::string_view piece = input.substr(0, end);
    if (line_.size() + piece.size() > max_line) {
      complaint_ = "a reply line of over " + std::to_string(max_line) + " bytes";
      return Status::garbage;
    }
    if (end == std::string_view::npos) {
      line_ += piece;
      input = {};
      return Status::more;
    }
    input.remove_prefix(end + 1);
    Status status = Status::more;
    if (line_.empty()) {
      status = take_line(piece);
    } else {
      line_ += piece;
      status = take_line(line_);
      line_.clear();
    }
    if (status != Status::more) return status;
  }
  return Status::more;
}

SmtpReplyReader::Status SmtpReplyReader::take_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const bool has_code = line.size() >= 3 && line[0] >= '2' && line[0] <= '5' && is_digit(line[1]) &&
                        is_digit(line[2]);
  if (!has_code || (line.size() > 3 && line[3] != ' ' && line[3] != '-')) {
    complaint_ = "not an SMTP reply: `" + one_line(line.substr(0, 120)) + "`";
    return Status::garbage;
  }
  reply_.code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  const bool last = line.size() == 3 || line[3] == ' ';
  line.remove_prefix(std::min<std::size_t>(4, line.size()));
  if (lines_ == 0) {
    reply_.status = parse_enhanced_status(line);
  } else {
    reply_.text += '\n';
  }
  reply_.text += line;
  if (last) {
    lines_ = 0;
    return Status::reply;
  }
  if (++lines_ >= max_lines) {
    complaint_ = "a reply of over " + std::to_string(max_lines) + " lines";
    return Status::garbage;
  }
  return Status::more;
}

void SmtpReplyReader::clear() {
  line_.clear();
  lines_ = 0;
}

SmtpVerdict classify(const SmtpReply& reply) {
  for (const ReplyRule& rule : rules) {
    if (rule.code != 0 && rule.code != reply.code) continue;
    if (rule.kind != 0 && rule.kind != reply.status.kind) continue;
    if (rule.subject >= 0 && rule.subject != reply.status.subject) continue;
    return rule.verdict;
  }
  switch (reply.code / 100) {
    case 2: return {OutcomeKind::sent, false};
    case 5: return {OutcomeKind::rejected, false};
    default: return {OutcomeKind::deferred, false};
  }
}

}  // namespace retaind::transport
