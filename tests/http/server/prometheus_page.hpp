#pragma once

#include <algorithm>
#include <cstdlib>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace hocket::testing {

/// A page of metrics, read as strictly as its format allows: samples by their series, `name{labels}`.
/// Source: Prometheus, "Exposition formats", text-based format 0.0.4.
class prometheus_page {
 public:
  explicit prometheus_page(const std::string& text) {
    EXPECT_TRUE(text.ends_with('\n'));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) read(line);
    for (const auto& [buckets, last] : last_buckets_) EXPECT_EQ(last.second, samples.at(last.first)) << buckets;
  }

  /// Those of the metric, without labels or with whatever labels.
  [[nodiscard]] double sum_of(const std::string& series) const {
    double sum = 0;
    for (const auto& [name, value] : samples)
      if (name == series || name.starts_with(series + "{")) sum += value;
    return sum;
  }

  std::map<std::string, double> samples;
  std::map<std::string, std::string> kinds;

 private:
  static constexpr const char* label = R"re([a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*")re";

  void read(const std::string& line) {
    static const std::regex help(R"(# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) [^\n]+)");
    static const std::regex type(R"(# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram))");
    static const std::regex sample(std::string(R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{()") + label + "(?:," + label +
                                   R"()*)\})? ([-+0-9.e]+|\+Inf|NaN))");
    std::smatch found;
    if (std::regex_match(line, found, help)) {
      EXPECT_TRUE(helped_.insert(found[1]).second) << line;
    } else if (std::regex_match(line, found, type)) {
      EXPECT_TRUE(helped_.contains(found[1])) << line;
      EXPECT_TRUE(kinds.emplace(found[1], found[2]).second) << line;
      metric_ = found[1];
      EXPECT_EQ(kinds[metric_] == "counter", metric_.ends_with("_total")) << line;
    } else if (std::regex_match(line, found, sample)) {
      add(found[1], found[2], std::strtod(found[3].str().c_str(), nullptr), line);
    } else {
      EXPECT_TRUE(line.starts_with("# ") && !line.starts_with("# HELP") && !line.starts_with("# TYPE")) << line;
    }
  }

  // Of the metric that was begun last.
  void add(const std::string& name, const std::string& labels, double value, const std::string& line) {
    EXPECT_TRUE(samples.emplace(labels.empty() ? name : name + "{" + labels + "}", value).second) << line;
    if (kinds[metric_] != "histogram") {
      EXPECT_EQ(name, metric_) << line;
      return;
    }
    EXPECT_TRUE(name == metric_ + "_bucket" || name == metric_ + "_sum" || name == metric_ + "_count") << line;
    if (!name.ends_with("_bucket")) return;
    const std::size_t bound = labels.rfind("le=\"");
    ASSERT_NE(bound, std::string::npos) << line;
    const std::string others = labels.substr(0, bound == 0 ? 0 : bound - 1);
    auto& [count_series, last] = last_buckets_[metric_ + "{" + others + "}"];
    EXPECT_GE(value, last) << line;
    last = value;
    count_series = metric_ + "_count" + (others.empty() ? "" : "{" + others + "}");
  }

  std::set<std::string> helped_;
  std::string metric_;
  std::map<std::string, std::pair<std::string, double>> last_buckets_;  // the series of the count, and the last bucket
};

}  // namespace hocket::testing
