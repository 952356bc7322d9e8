#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/loop/context.hpp>

namespace hocket {

/// A variable of which every task has its own value: what a task sets, neither its creator nor its siblings see; tasks that
/// it creates begin with it. For what would be passed through every call otherwise: a request's number, a user's language.
///
/// Make it at namespace scope; it must outlive every context in which it was set. Reading costs a search among the variables
/// set in the context. Counterpart: contextvars.ContextVar.
template <class T>
class context_var {
 public:
  /// What `set` did, so that it can be undone.
  class token {
   public:
    token(token&&) noexcept = default;
    token& operator=(token&&) noexcept = default;
    /// The value before, if there was one. Counterpart: Token.old_value.
    [[nodiscard]] std::optional<T> old_value() const {
      return before_ == nullptr ? std::nullopt : std::optional<T>(*static_cast<const T*>(before_.get()));
    }

   private:
    friend context_var;
    token(const context_var& of, const context& where, context::value before) noexcept
        : of_(&of), where_(&where), before_(std::move(before)) {}
    const context_var* of_;
    const context* where_;
    context::value before_;
    bool used_ = false;
  };

  explicit context_var(std::string name = {}) : name_(std::move(name)) {}
  context_var(std::string name, T otherwise) : name_(std::move(name)), default_(std::move(otherwise)) {}
  context_var(const context_var&) = delete;
  context_var& operator=(const context_var&) = delete;

  [[nodiscard]] std::string_view name() const noexcept { return name_; }

  /// The value in the current context, or the default. Throws `invalid_state_error` if there is neither.
  [[nodiscard]] T get() const {
    if (const T* found = find()) return *found;
    if (default_) return *default_;
    throw invalid_state_error("the context variable '" + name_ + "' has no value here and no default");
  }
  /// The value in the current context, or `otherwise`.
  [[nodiscard]] T get(T otherwise) const {
    const T* found = find();
    return found != nullptr ? *found : std::move(otherwise);
  }

  /// Sets it in the current context: for the running task, and for those that it creates from now on.
  token set(T value) {
    context& here = context::current();
    const context::value* before = here.find(this);
    token undo(*this, here, before != nullptr ? *before : nullptr);
    here.set(this, std::make_shared<const T>(std::move(value)));
    return undo;
  }

  /// Undoes a `set`. Throws `invalid_state_error` if the token was used, is another variable's, or came from another context.
  void reset(token& undo) {
    if (undo.used_) throw invalid_state_error("a token of the context variable '" + name_ + "' was used twice");
    if (undo.of_ != this) throw invalid_state_error("a token of another variable was given to '" + name_ + "'");
    if (undo.where_ != &context::current())
      throw invalid_state_error("a token of the context variable '" + name_ + "' was made in another context");
    context::current().set(this, std::move(undo.before_));
    undo.used_ = true;
  }

 private:
  [[nodiscard]] const T* find() const noexcept {
    const context::value* found = context::current().find(this);
    return found != nullptr ? static_cast<const T*>(found->get()) : nullptr;
  }

  std::string name_;
  std::optional<T> default_;
};

}  // namespace hocket
