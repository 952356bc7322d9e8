#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <hocket/redis/call.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/request.hpp>

namespace hocket::redis::detail {

/// A `call` of a request that stays with its owner, who may have to send it elsewhere; errors are answers.
class [[nodiscard]] borrowed_call final : public call_base {
 public:
  borrowed_call(std::shared_ptr<client_core> by, const request& what) noexcept
      : call_base(std::move(by)), request_(&what) {}
  borrowed_call(borrowed_call&&) noexcept = default;

  reply await_resume() {
    settle();
    return std::move(answer_);
  }

 private:
  [[nodiscard]] std::size_t expected_replies() const noexcept override { return 1; }
  [[nodiscard]] std::size_t size() const noexcept override { return request_->size(); }
  [[nodiscard]] bool is_idempotent() const noexcept override { return request_->is_idempotent(); }
  void append_to(std::string& bytes) const override { request_->append_to(bytes); }
  void take(reply&& answer) override { answer_ = std::move(answer); }

  const request* request_;
  reply answer_;
};

/// The same of several, side by side.
class [[nodiscard]] borrowed_batch final : public call_base {
 public:
  borrowed_batch(std::shared_ptr<client_core> by, std::vector<const request*> what) noexcept
      : call_base(std::move(by)), requests_(std::move(what)) {}
  borrowed_batch(borrowed_batch&&) noexcept = default;

  std::vector<reply> await_resume() {
    settle();
    return std::move(answers_);
  }

 private:
  [[nodiscard]] std::size_t expected_replies() const noexcept override { return requests_.size(); }
  [[nodiscard]] std::size_t size() const noexcept override {
    std::size_t bytes = 0;
    for (const request* each : requests_) bytes += each->size();
    return bytes;
  }
  [[nodiscard]] bool is_idempotent() const noexcept override {
    return std::ranges::all_of(requests_, [](const request* each) { return each->is_idempotent(); });
  }
  void append_to(std::string& bytes) const override {
    for (const request* each : requests_) each->append_to(bytes);
  }
  void take(reply&& answer) override { answers_.push_back(std::move(answer)); }

  std::vector<const request*> requests_;
  std::vector<reply> answers_;
};

}  // namespace hocket::redis::detail
