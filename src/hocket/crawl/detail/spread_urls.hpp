#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include <hocket/crawl/seen_urls.hpp>
#include <hocket/crawl/target.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl::detail {

/// What the loops of one crawl share: which URLs were seen, what waits for the loop that has its host, how deep the crawl is, how many pages it may
/// still fetch, and whether it is over. Called by all of their threads; none waits for another here.
class spread_urls {
 public:
  struct options {
    std::size_t loops = 1;
    std::uint64_t seed = 0;  // nobody outside knows it
    bool by_level = false;   // no URL is to be fetched before all of lesser depth are finished, at any loop
    std::optional<std::uint64_t> max_pages{};  // of all loops
  };

  struct found {
    hocket::url url;
    unsigned depth = 0;
    std::optional<target> begun{};  // a page that was redirected to the URL, which is not new
  };

  explicit spread_urls(const options& how);

  /// The loop that has the host of that URL.
  [[nodiscard]] std::size_t owner_of(const url& where) const noexcept;

  // As `seen_urls` has them.
  [[nodiscard]] bool see(const url& found, unsigned depth);
  [[nodiscard]] bool claim(const url& where);
  void keep(const url& where);
  [[nodiscard]] std::optional<unsigned> release(const url& where);
  [[nodiscard]] bool contains(const url& where);
  [[nodiscard]] std::size_t seen();

  /// How to tell that loop that something has changed for it. Called on any thread, not again before that loop has called `take`.
  void wake_by(std::size_t loop, std::function<void()> wake);
  /// For the loop that has its host.
  void send(found what);
  /// What was sent to that loop.
  [[nodiscard]] std::vector<found> take(std::size_t loop);

  /// One more page is begun. False if there are as many as may be.
  [[nodiscard]] bool begin_page();
  /// One that was begun was no page in the end: another may have its place.
  void end_none();
  [[nodiscard]] std::uint64_t room();

  /// The depth whose URLs are fetched, if that goes by level; else the greatest.
  [[nodiscard]] unsigned level();

  /// That loop has nothing to do: as many URLs as that wait there for a deeper level, and some perhaps for room. When no loop has anything to do the next level has its
  /// turn, or it is over; each hears of it. False if there is something to do now.
  [[nodiscard]] bool rest(std::size_t loop, std::size_t deeper, bool wants_room);
  /// It has something to do after all.
  void stir(std::size_t loop);
  [[nodiscard]] bool is_over();

 private:
  struct hosts_of_loop {
    explicit hosts_of_loop(std::uint64_t seed) noexcept : seen(seed) {}

    std::mutex mutex;
    seen_urls seen;
  };
  struct desk {
    std::vector<found> arrived{};
    std::size_t deeper = 0;
    bool rests = false;
    bool was_woken = false;
    std::function<void()> wake{};
  };

  template <class Function>
  auto with_owner_of(const url& where, Function function);
  void call_up(desk& which);

  const std::uint64_t seed_;
  const bool by_level_;
  std::vector<std::unique_ptr<hosts_of_loop>> hosts_;

  std::mutex mutex_;  // of what follows
  std::vector<desk> desks_;
  std::size_t resting_ = 0;
  unsigned level_ = 0;
  std::uint64_t room_;
  bool is_over_ = false;
};

}  // namespace hocket::crawl::detail
