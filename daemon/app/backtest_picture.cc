#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/backtest_report.h"
#include "app/xml_text.h"
#include "base/text.h"

namespace retaind::app {
namespace {

constexpr int picture_width = 960;
constexpr int left = 64;
constexpr int right = 16;
constexpr int top = 64;
constexpr int plot_height = 300;
constexpr std::size_t most_colours = 8;
constexpr std::int64_t most_columns = 124;

// Okabe and Ito's, which the colour-blind tell apart, and grey for the rest.
constexpr std::string_view colours[most_colours] = {"#0072b2", "#e69f00", "#009e73", "#d55e00",
                                                    "#56b4e9", "#cc79a7", "#b8a900", "#888888"};

/// What is stacked: the rules that send most, the others as one.
struct Layer {
  std::string name;
  std::vector<std::int64_t> counts;  ///< by column
};

struct Chart {
  std::vector<std::chrono::sys_days> columns;  ///< first day of each
  int days_a_column = 1;
  std::vector<Layer> layers;
  std::int64_t most = 0;  ///< of a column
};

Chart chart_of(const BacktestReport& report) {
  Chart chart;
  const std::chrono::sys_days first{report.zone.date_of(report.from)};
  const std::chrono::sys_days last{report.zone.date_of(report.to - Duration{1})};
  if ((last - first).count() + 1 > most_columns) chart.days_a_column = 7;
  const std::chrono::days wide{chart.days_a_column};
  for (auto day = first; day <= last; day += wide) chart.columns.push_back(day);
  std::vector<const std::pair<const std::string, RuleCounts>*> rules;
  for (const auto& rule : report.rules) {
    if (rule.second.all_sent > 0) rules.push_back(&rule);
  }
  std::stable_sort(rules.begin(), rules.end(), [](const auto* a, const auto* b) {
    return a->second.all_sent > b->second.all_sent;
  });
  std::vector<std::int64_t> totals(chart.columns.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const bool others = rules.size() > most_colours && i >= most_colours - 1;
    if (!others || i == most_colours - 1)
      chart.layers.push_back({others
                                  ? counted(static_cast<long long>(rules.size() - i), "other rule")
                                  : rules[i]->first,
                              std::vector<std::int64_t>(chart.columns.size())});
    for (const auto& [day, count] : rules[i]->second.sent) {
      const auto column = (std::chrono::sys_days{day} - first) / wide;
      if (column < 0 || static_cast<std::size_t>(column) >= totals.size()) continue;
      chart.layers.back().counts[static_cast<std::size_t>(column)] += count;
      totals[static_cast<std::size_t>(column)] += count;
    }
  }
  for (const std::int64_t total : totals) chart.most = std::max(chart.most, total);
  return chart;
}

/// 1, 2 or 5 times a power of ten, so that some five lines reach over the highest column.
std::int64_t line_distance(std::int64_t most) {
  const double raw = std::max<double>(static_cast<double>(most) / 5, 1);
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (step * power >= raw) return static_cast<std::int64_t>(step * power);
  }
  return static_cast<std::int64_t>(10 * power);
}

std::string grid(std::int64_t distance, std::int64_t reach) {
  std::string svg;
  for (std::int64_t value = 0; value <= reach; value += distance) {
    const double y =
        top + plot_height * (1 - static_cast<double>(value) / static_cast<double>(reach));
    svg += fmt::format(
        "<path class=\"line\" d=\"M{} {:.1f}H{}\"/><text x=\"{}\" y=\"{:.1f}\" "
        "text-anchor=\"end\">{}</text>\n",
        left, y, picture_width - right, left - 8, y + 4, grouped(value));
  }
  return svg;
}

std::string dates(const Chart& chart, double column) {
  std::string svg;
  const auto every = static_cast<std::size_t>(std::max(1.0, std::ceil(90 / column)));
  for (std::size_t i = 0; i < chart.columns.size(); i += every) {
    const double x = left + column * static_cast<double>(i);
    const bool at_edge = x + 75 > picture_width - right;
    svg += fmt::format(
        "<path class=\"line\" d=\"M{0:.1f} {1}v5\"/><text x=\"{2:.1f}\" y=\"{3}\"{4}>{5}</text>\n",
        x, top + plot_height, at_edge ? picture_width - right + 0.0 : x, top + plot_height + 20,
        at_edge ? " text-anchor=\"end\"" : "", to_string(LocalDate{chart.columns[i]}));
  }
  return svg;
}

std::string columns(const Chart& chart, double column, std::int64_t reach) {
  std::string svg;
  std::vector<std::int64_t> below(chart.columns.size());
  for (std::size_t layer = 0; layer < chart.layers.size(); ++layer) {
    svg += fmt::format("<g fill=\"{}\">\n", colours[layer]);
    for (std::size_t i = 0; i < below.size(); ++i) {
      const std::int64_t count = chart.layers[layer].counts[i];
      if (count == 0) continue;
      const double scale = static_cast<double>(plot_height) / static_cast<double>(reach);
      const double high = static_cast<double>(count) * scale;
      const double y = top + plot_height - static_cast<double>(below[i]) * scale - high;
      svg += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><title>{} {}: {}"
          "</title></rect>\n",
          left + column * static_cast<double>(i), y, std::max(column - (column > 4 ? 1 : 0), 0.5),
          high, to_string(LocalDate{chart.columns[i]}), xml_text(chart.layers[layer].name),
          grouped(count));
      below[i] += count;
    }
    svg += "</g>\n";
  }
  return svg;
}

/// Names beside their colours, in rows below the dates.
std::string legend(const Chart& chart, int& y) {
  std::string svg;
  double x = left;
  for (std::size_t i = 0; i < chart.layers.size(); ++i) {
    const double wide = 28 + 7.5 * static_cast<double>(chart.layers[i].name.size());
    if (x + wide > picture_width - right && x > left) {
      x = left;
      y += 22;
    }
    svg += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{}\"/><text x=\"{:.1f}\" "
        "y=\"{}\">{}</text>\n",
        x, y - 10, colours[i], x + 18, y, xml_text(chart.layers[i].name));
    x += wide;
  }
  return svg;
}

}  // namespace

std::string picture(const BacktestReport& report) {
  const Chart chart = chart_of(report);
  const std::int64_t distance = line_distance(chart.most);
  const std::int64_t reach =
      std::max<std::int64_t>((chart.most + distance - 1) / distance, 1) * distance;
  const double column = static_cast<double>(picture_width - left - right) /
                        static_cast<double>(std::max<std::size_t>(chart.columns.size(), 1));
  const std::string title = fmt::format("Messages {} had these rules been live, {} to {}",
                                        chart.days_a_column == 1 ? "a day" : "a week",
                                        to_string(report.zone.date_of(report.from)),
                                        to_string(report.zone.date_of(report.to - Duration{1})));
  std::int64_t all = 0;
  std::string spoken;
  for (const auto& [id, counts] : report.rules) {
    all += counts.all_sent;
    if (counts.all_sent > 0)
      spoken += fmt::format("{}{} {}", spoken.empty() ? "" : ", ", id, grouped(counts.all_sent));
  }
  int bottom = top + plot_height + 50;
  const std::string names = legend(chart, bottom);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" role=\"img\" aria-labelledby=\"title about\">\n"
      "<title id=\"title\">{2}</title>\n<desc id=\"about\">{3}{4}</desc>\n"
      "<style>svg{{color-scheme:light dark;background:#fff}}text{{font:12px "
      "system-ui,sans-serif;fill:#333}}.head{{font-size:18px}}.line{{stroke:#8888;fill:none}}"
      "@media (prefers-color-scheme:dark){{svg{{background:#16181c}}text{{fill:#ddd}}}}</style>\n",
      picture_width, bottom + 16, xml_text(title), grouped(all) + " in all",
      spoken.empty() ? "" : ": " + xml_text(spoken));
  svg += fmt::format("<text class=\"head\" x=\"{}\" y=\"28\">{}</text>\n", left, xml_text(title));
  svg += fmt::format("<text x=\"{}\" y=\"48\">{} in all, {}</text>\n", left, grouped(all),
                     xml_text(report.zone.name()));
  svg += grid(distance, reach) + dates(chart, column) + columns(chart, column, reach) + names;
  return svg + "</svg>\n";
}

}  // namespace retaind::app
