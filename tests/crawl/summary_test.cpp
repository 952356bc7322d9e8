#include <chrono>

#include <nlohmann/json.hpp>

#include <hocket/crawl/summary.hpp>
#include <hocket/testing/test.hpp>

namespace {

HOCKET_TEST(summary, rates_are_of_the_run_that_took_the_time) {
  hocket::crawl::progress done;
  done.pages = 1000;
  done.earlier_pages = 900;
  done.elapsed = std::chrono::seconds(20);
  const auto summary = nlohmann::json::parse(hocket::crawl::summary_json(done));
  EXPECT_EQ(summary["pages"], 1000);
  EXPECT_EQ(summary["pages_per_second"], 5.0);
  co_return;
}

}  // namespace
