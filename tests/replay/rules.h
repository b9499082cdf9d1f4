#pragma once
#include <string>

#include "support/shop.h"

// Rules that several tests begin with. `more` are further lines.
namespace retaind::test {

inline std::string thanks(const std::string& more = "", const std::string& after = "7 days") {
  return "rule: thanks\npurpose: feedback\nstatus: live\nwhen:\n  event: order.completed\n  "
         "after: " +
         after + "\nthen:\n  - email: thanks\n" + more;
}

/// At the instant of the order.
inline std::string at_once(const std::string& more = "", const std::string& id = "at-once",
                           const std::string& purpose = "transactional") {
  return "rule: " + id + "\npurpose: " + purpose +
         "\nstatus: live\nwhen:\n  event: order.completed\nthen:\n  - email: welcome\n" + more;
}

inline std::string unresolved(const std::string& more = "") {
  return "rule: unresolved\npurpose: internal\nstatus: live\nwhen:\n  ticket: unresolved\n  for: "
         "48 "
         "hours\nthen:\n  - notify: support\n    template: ticket-reminder\n    step: reminder\n" +
         more;
}

inline std::string escalated(const std::string& more = "") {
  return unresolved(
      "  - after: 72 hours\n    notify: support-lead\n    template: ticket-escalation\n    step: "
      "escalation\n    repeat: {every: 24 hours, at-most: 3}\n" +
      more);
}

inline std::string win_back(const std::string& more = "",
                            const std::string& steps = "  - email: win-back\n") {
  return "rule: win-back\npurpose: marketing\nstatus: live\nwhen:\n  customer: inactive\n  for: 90 "
         "days\nthen:\n" +
         steps + more;
}

/// Three mails, two days apart.
inline std::string drip(const std::string& more = "") {
  return "rule: drip\npurpose: marketing\nstatus: live\nwhen:\n  event: customer.created\nthen:\n  "
         "- "
         "email: welcome\n  - wait: 2 days\n  - email: second\n  - wait: 2 days\n  - email: "
         "third\n" +
         more;
}

}  // namespace retaind::test
