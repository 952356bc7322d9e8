// What is found waits in a list. Who finds it empty asks the writer's loop to take it in, which that does whole: so there is one call at a time on
// its way, however much is found.

#include <utility>

#include <hocket/core/spawn_on.hpp>
#include <hocket/crawl/detail/one_writer.hpp>

namespace hocket::crawl::detail {

static constexpr std::size_t most_waiting_bytes = 1024 * 1024;
static constexpr std::size_t most_notes = 1000;  // beyond, some may be told again

void one_writer::add(found_copy what, std::size_t bytes) {
  const std::lock_guard guard(mutex_);
  if (waiting_.empty()) home_.post_call([this] { take_in(); });
  waiting_.push_back(std::move(what));
  waiting_bytes_.fetch_add(bytes, std::memory_order_relaxed);
}

bool one_writer::is_full() const noexcept {
  return waiting_bytes_.load(std::memory_order_relaxed) >= most_waiting_bytes ||
         is_out_full_.load(std::memory_order_relaxed);
}

coro<void> one_writer::flush() {
  co_await spawn_on(home_, [this]() -> coro<void> { co_await flush_here(); });
}

coro<void> one_writer::flush_here() {
  take_in();
  if (broken_) std::rethrow_exception(broken_);
  co_await out_.flush();
  is_out_full_.store(out_.is_full(), std::memory_order_relaxed);
}

void one_writer::take_in() noexcept {
  std::vector<found_copy> found;
  {
    const std::lock_guard guard(mutex_);
    found.swap(waiting_);
    waiting_bytes_.store(0, std::memory_order_relaxed);
  }
  if (broken_) return;
  try {
    for (const found_copy& each : found) tell(each);
  } catch (...) {
    if (!broken_) broken_ = std::current_exception();  // whoever flushes hears of it
  }
  is_out_full_.store(broken_ || out_.is_full(), std::memory_order_relaxed);
}

void one_writer::tell(const found_copy& what) {
  if (const auto* const page = std::get_if<page_copy>(&what)) {
    const page_record record = page->record();
    out_.add_page(record, page->links());
    if (hooks_.on_page) hooks_.on_page(record);
  } else if (const auto* const item = std::get_if<item_copy>(&what)) {
    out_.add_item(item->page, item->json);
    if (hooks_.on_item) hooks_.on_item(*url::parse(item->page), item->json);
  } else if (const auto* const skip = std::get_if<skip_copy>(&what)) {
    hooks_.on_skip(skip->url, skip->reason);
  } else if (const auto* const attempt = std::get_if<attempt_copy>(&what)) {
    hooks_.on_attempt(attempt->record());
  } else {
    tell_note(std::get<note_copy>(what).text);
  }
}

void one_writer::tell_note(const std::string& text) {
  if (notes_.size() >= most_notes) notes_.clear();
  if (notes_.insert(text).second) hooks_.on_note(text);
}

crawl_hooks one_writer::hooks_for_one() {
  crawl_hooks hooks = hooks_;
  hooks.on_page = nullptr;  // with the page itself
  hooks.on_item = nullptr;
  hooks.on_stopping = nullptr;
  if (hooks.on_skip)
    hooks.on_skip = [this](std::string_view url, std::string_view reason) {
      add(skip_copy{std::string(url), std::string(reason)}, sizeof(found_copy) + url.size());
    };
  if (hooks.on_attempt)
    hooks.on_attempt = [this](const attempt_record& attempt) {
      add(attempt_copy(attempt), sizeof(found_copy) + attempt.url.size());
    };
  if (hooks.on_note) hooks.on_note = [this](const std::string& text) { add(note_copy{text}, sizeof(found_copy)); };
  return hooks;
}

void writers_end::add_page(const page_record& page, std::span<const page_link> links) {
  page_copy copy(page, links);
  const std::size_t bytes = copy.bytes();
  to_.add(std::move(copy), bytes);
}

void writers_end::add_item(std::string_view page, std::string_view json) {
  to_.add(item_copy{std::string(page), std::string(json)}, sizeof(found_copy) + page.size() + json.size());
}

}  // namespace hocket::crawl::detail
