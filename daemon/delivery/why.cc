#include "delivery/why.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace retaind::delivery {
namespace {

using language::Trigger;
using language::TriggerKind;

struct Name {
  std::string_view name, japanese, chinese;
};
// Shipped events, states, dates and days. Of a state: what goes on, in front of まま and 已达.
constexpr std::array<Name, 30> names{{
    {"customer.created", "お客様の登録", "客户注册"},
    {"order.placed", "注文", "下单"},
    {"order.paid", "入金", "付款"},
    {"order.shipped", "発送", "发货"},
    {"order.completed", "注文の完了", "订单完成"},
    {"order.cancelled", "注文のキャンセル", "订单取消"},
    {"order.refunded", "返金", "退款"},
    {"subscription.started", "契約の開始", "订阅开始"},
    {"subscription.cancelled", "解約", "取消订阅"},
    {"subscription.ended", "契約の終了", "订阅到期"},
    {"ticket.opened", "お問い合わせの受付", "工单创建"},
    {"ticket.solved", "お問い合わせの解決", "工单解决"},
    {"ticket.closed", "お問い合わせの完了", "工单关闭"},
    {"feedback.received", "アンケートの回答", "收到反馈"},
    {"ticket.unresolved", "お問い合わせが未解決の", "工单未解决"},
    {"ticket.unanswered", "お問い合わせが未返信の", "工单未回复"},
    {"customer.inactive", "お客様のご利用がない", "客户无活动"},
    {"customer.never-ordered", "お客様のご注文がない", "客户未下单"},
    {"subscription.renews_at", "契約の更新日", "订阅续费日"},
    {"customer.birthday", "お客様の誕生日", "客户生日"},
    {"monday", "毎週月曜日", "每周一"},
    {"tuesday", "毎週火曜日", "每周二"},
    {"wednesday", "毎週水曜日", "每周三"},
    {"thursday", "毎週木曜日", "每周四"},
    {"friday", "毎週金曜日", "每周五"},
    {"saturday", "毎週土曜日", "每周六"},
    {"sunday", "毎週日曜日", "每周日"},
    {"day", "毎日", "每天"},
    {"weekday", "毎週月曜日から金曜日まで", "每周一至周五"},
    {"month", "毎月1日", "每月 1 日"},
}};

const Name* find_name(std::string_view name) {
  const auto* const found = std::find_if(names.begin(), names.end(),
                                         [name](const Name& one) { return one.name == name; });
  return found == names.end() ? nullptr : found;
}

/// The units of a span in a language, each behind its number.
struct Units {
  std::string_view month, day, hour, minute, second;
  std::string_view business_day, business_hour, business_minute;
  std::string_view between;
};
constexpr Units japanese{"か月",   "日",       "時間",           "分", "秒",
                         "営業日", "営業時間", "分（営業時間）", ""};
constexpr Units chinese{
    " 个月", " 天", " 小时", " 分钟", " 秒", " 个工作日", " 个工作小时", " 分钟（工作时间）", " "};

std::string span_text(const Span& span, const Units& units) {
  using namespace std::chrono;
  std::string text;
  const auto add = [&](std::int64_t count, std::string_view unit) {
    if (count == 0) return;
    if (!text.empty()) text += units.between;
    text += fmt::format("{}{}", count, unit);
  };
  const auto total = duration_cast<seconds>(span.elapsed).count();
  add(span.months, units.month);
  add(span.days, span.business ? units.business_day : units.day);
  add(total / 3600, span.business ? units.business_hour : units.hour);
  add(total / 60 % 60, span.business ? units.business_minute : units.minute);
  add(total % 60, units.second);
  return text;
}

std::string in_english(const Trigger& trigger, std::string_view since) {
  switch (trigger.kind) {
    case TriggerKind::state:
      return fmt::format("{} for {}, since {}", trigger.name, to_string(trigger.offset), since);
    case TriggerKind::event:
      return trigger.offset.is_zero() ? fmt::format("{} at {}", trigger.name, since)
                                      : fmt::format("{} after {}, at {}", to_string(trigger.offset),
                                                    trigger.name, since);
    case TriggerKind::date: return fmt::format("{} of {}", trigger.name, since.substr(0, 10));
    case TriggerKind::schedule: return fmt::format("every {}", trigger.name);
  }
  return {};
}

std::string in_japanese(const Trigger& trigger, std::string_view since) {
  const Name* const known = find_name(trigger.name.substr(0, trigger.name.find(' ')));
  const std::string what = known != nullptr ? std::string(known->japanese)
                           : trigger.kind == TriggerKind::state
                               ? fmt::format("「{}」の", trigger.name)
                               : fmt::format("「{}」", trigger.name);
  const std::string span = span_text(trigger.offset, japanese);
  switch (trigger.kind) {
    case TriggerKind::state:
      return span.empty() ? fmt::format("{}状態（{}から）", what, since)
                          : fmt::format("{}まま{}が経過しました（{}から）", what, span, since);
    case TriggerKind::event:
      return span.empty() ? fmt::format("{}（{}）", what, since)
                          : fmt::format("{}から{}が経過しました（{}）", what, span, since);
    case TriggerKind::date: return fmt::format("{}：{}", what, since.substr(0, 10));
    case TriggerKind::schedule: return fmt::format("{}の定期送信", what);
  }
  return {};
}

std::string in_chinese(const Trigger& trigger, std::string_view since) {
  const Name* const known = find_name(trigger.name.substr(0, trigger.name.find(' ')));
  const std::string what = known != nullptr ? std::string(known->chinese)
                           : trigger.kind == TriggerKind::state
                               ? fmt::format("处于“{}”状态", trigger.name)
                               : fmt::format("“{}”", trigger.name);
  const std::string span = span_text(trigger.offset, chinese);
  switch (trigger.kind) {
    case TriggerKind::state:
      return span.empty() ? fmt::format("{}（自 {} 起）", what, since)
                          : fmt::format("{}已达 {}（自 {} 起）", what, span, since);
    case TriggerKind::event:
      return span.empty() ? fmt::format("{}（{}）", what, since)
                          : fmt::format("距{}已过 {}（{}）", what, span, since);
    case TriggerKind::date: return fmt::format("{}：{}", what, since.substr(0, 10));
    case TriggerKind::schedule: return fmt::format("{}定期发送", what);
  }
  return {};
}

}  // namespace

std::string why_text(const Trigger& trigger, std::string_view since, std::string_view locale) {
  const std::string language = lower_ascii(locale.substr(0, 2));
  if (language == "ja") return in_japanese(trigger, since);
  if (language == "zh") return in_chinese(trigger, since);
  return in_english(trigger, since);
}

}  // namespace retaind::delivery
